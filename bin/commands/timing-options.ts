import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { LoadedBackend } from '../../harness/backend/tensorflow.js';
import type { TimingWorkload } from '../../harness/calibrate/index.js';
import type { CodecPoint } from '../../lib/validation/index.js';
import type { StageClock } from '../../harness/protocol/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { printError } from '../terminal.js';
import { explained } from '../training/errors.js';

/** Options of the commands that time trainings. */
export interface TimingArguments {
  readonly model: 'embedded' | 'embedded-decoder' | 'deit-tiny';
  readonly scenario?: string;
  readonly weights?: string;
  readonly imageSize?: number;
  readonly rank: number;
  readonly threads: number;
  readonly stageClock: StageClock;
  readonly seed: number;
}

/** Adds the options that say what is trained and how. */
export function addTimingOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--model <name>', 'what is trained')
        .choices(['embedded', 'embedded-decoder', 'deit-tiny'])
        .default('embedded'),
    )
    .addOption(
      new Option('--scenario <file>', 'model, data and adapters of a scenario file in place of a model').conflicts([
        'model',
        'weights',
        'imageSize',
        'rank',
      ]),
    )
    .option('--weights <file>', 'weights of deit-tiny (safetensors); drawn when absent')
    .option('--image-size <pixels>', 'side of the images of deit-tiny (default: 128)', parseCount)
    .option('--rank <number>', 'rank of the adapters on query and value', parseCount, 8)
    .option('--threads <number>', 'threads of the backend', parseCount, 1)
    .addOption(
      new Option(
        '--stage-clock <kind>',
        'time stages as time passes, or as this process has a processor (shared cores)',
      )
        .choices(['wall', 'cpu'])
        .default('wall'),
    )
    .option('--seed <number>', 'seed of data and order', parseCount, 1);
}

/** Loads the backend with the wanted threads, and the model. Garbage can be collected between runs. */
export async function timingSetup(
  options: TimingArguments,
): Promise<{ readonly backend: LoadedBackend; readonly workload: TimingWorkload }> {
  // Read when the backend is loaded.
  process.env['TF_NUM_INTRAOP_THREADS'] = String(options.threads);
  process.env['TF_NUM_INTEROP_THREADS'] = '1';
  setFlagsFromString('--expose-gc');
  Object.assign(globalThis, { gc: runInNewContext('gc') as () => void });
  const { loadBackend } = await import('../../harness/backend/tensorflow.js');
  const { setStageClock } = await import('../../harness/protocol/index.js');
  setStageClock(options.stageClock);
  const { timingWorkload } = await import('../../harness/calibrate/index.js');
  const backend = await loadBackend();
  await printError(`backend: ${backend.description}`);
  const { scenario } = options;
  if (scenario !== undefined) {
    const workload = await explained(scenario, () => scenarioWorkload(scenario, options.seed, backend));
    return { backend, workload };
  }
  try {
    const workload = await timingWorkload({
      model: options.model,
      rank: options.rank,
      seed: options.seed,
      ...(options.weights !== undefined && { weightsFile: options.weights }),
      ...(options.imageSize !== undefined && { imageSize: options.imageSize }),
    });
    return { backend, workload };
  } catch (error) {
    throw new CommandError(exitCodes.badInput, error instanceof Error ? error.message : String(error));
  }
}

/** What a scenario trains; its examples are held in memory, as reading them is no stage of a step. */
async function scenarioWorkload(path: string, seed: number, backend: LoadedBackend): Promise<TimingWorkload> {
  const { loadWorkload, readScenarioFile } = await import('../../harness/scenario/index.js');
  const { cachedDataset } = await import('../../harness/device/index.js');
  const file = await readScenarioFile(path);
  const loaded = await loadWorkload({ file, folder: dirname(path), seed }, backend);
  const { config, weights, adapterSettings: settings, adapters, dataset } = loaded;
  return { name: file.name ?? path, config, weights, settings, adapters, dataset: cachedDataset(dataset) };
}

/** SHA-256 of a text, hexadecimal. */
export function textHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1 on.');
  return value;
}

/** `8,16` */
export function parseCounts(text: string): number[] {
  return text.split(',').map((part) => parseCount(part.trim()));
}

/** `0.1:4,1:8`: kept fraction and bits of each point. */
export function parsePoints(text: string): CodecPoint[] {
  return text.split(',').map((part) => {
    const [keptFraction, bits] = part.split(':').map(Number);
    const isKnown =
      bits !== undefined && ([16, 32].includes(bits) || (Number.isInteger(bits) && bits >= 1 && bits <= 8));
    if (!(keptFraction! > 0 && keptFraction! <= 1) || !isKnown) {
      throw new InvalidArgumentError('must be kept fraction and bits of each point, such as 0.1:4,1:8.');
    }
    return { keptFraction: keptFraction!, bits };
  });
}

/** Three figures. */
export function shown(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

export function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}
