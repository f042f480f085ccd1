import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Option, type Command } from 'commander';
import type { MeasuredEntry, MeasuredProfile } from '../../lib/io/index.js';
import type { ColdSample } from '../../harness/calibrate/index.js';
import type { MemoryMode } from '../../harness/model/parts.js';
import { escapeLine } from '../escape.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { print } from '../terminal.js';
import { writeBytes } from './codec-files.js';
import { parseTime } from './time-option.js';
import {
  addTimingOptions,
  parseCount,
  parseCounts,
  parsePoints,
  percent,
  shown,
  textHash,
  timingSetup,
  type TimingArguments,
} from './timing-options.js';
import type { CodecPoint } from '../../lib/validation/index.js';

interface CalibrateArguments extends TimingArguments {
  readonly out: string;
  readonly batchSize: number[];
  readonly steps: number;
  readonly timeLimit: number;
  readonly acceptUnsteady?: true;
  readonly probe?: string;
  readonly points?: CodecPoint[];
  readonly activations: 'keep' | 'recompute' | 'both';
}

/** `sft-opt calibrate`: what this machine takes for each part of a split training. */
export function registerCalibrateCommand(program: Command): void {
  addTimingOptions(
    program
      .command('calibrate')
      .description('measure this machine and write a profile that problem files can name')
      .option('--out <file>', 'where the profile goes (JSON)', 'profile.json')
      .option('--batch-size <list>', 'batch sizes, such as 8,16', parseCounts, [16])
      .option('--steps <number>', 'measured steps of each run, at least 8', parseCount, 8)
      .option(
        '--time-limit <time>',
        'the last operating points are left out where all would take longer; with room runs are made up to three times',
        parseTime,
        300,
      )
      .option('--accept-unsteady', 'write a profile of times that were not steady, and name the stages in it')
      .option('--points <list>', 'operating points as keptFraction:bits, such as 0.1:4,1:8', parsePoints)
      .addOption(new Option('--probe <what:batch:mode>', 'measure this process alone').hideHelp())
      .addOption(
        new Option('--activations <mode>', 'memory modes that are measured')
          .choices(['keep', 'recompute', 'both'])
          .default('both'),
      ),
  ).action(runCalibrate);
}

async function runCalibrate(given: CalibrateArguments): Promise<void> {
  const { backend, workload } = await timingSetup(given);
  const { calibrate, coldRun, coldSample, defaultPoints, devicePeakBytes, peakResidentBytes, ReferenceTimer } =
    await import('../../harness/calibrate/index.js');
  const points = given.points ?? defaultPoints;
  if (given.probe !== undefined) {
    const { tf } = backend;
    const [what, batchSize, mode] = given.probe.split(':') as [string, string, MemoryMode];
    if (what === 'cold') {
      const run = await coldRun(tf, workload, new ReferenceTimer(tf), Number(batchSize), mode, { ...given, points });
      await print(JSON.stringify(coldSample(run)));
      return;
    }
    await devicePeakBytes(tf, workload, Number(what), Number(batchSize), mode, probedSteps);
    await print(String(peakResidentBytes()));
    return;
  }
  const both: readonly MemoryMode[] = ['keep', 'recompute'];
  const profile = await calibrate(backend, workload, {
    batchSizes: given.batchSize,
    memoryModes: given.activations === 'both' ? both : [given.activations],
    points,
    steps: given.steps,
    timeLimitSeconds: given.timeLimit,
    seed: given.seed,
    clock: given.stageClock,
    probes: {
      memory: async (cut, batchSize, memoryMode) => Number(await probed(cut, batchSize, memoryMode)),
      cold: async (batchSize, memoryMode) => JSON.parse(await probed('cold', batchSize, memoryMode)) as ColdSample,
    },
    onProgress: (text) => process.stderr.write(`${escapeLine(text)}\n`),
  });
  if (profile.unsteady && !given.acceptUnsteady) {
    await print(renderProfile(profile));
    const text =
      `not written: ${profile.unsteady.length} times were not steady (is the machine busy?):\n` +
      `${profile.unsteady.map((name) => `  ${name}`).join('\n')}\n--accept-unsteady writes the profile all the same`;
    throw new CommandError(exitCodes.limit, text);
  }
  const text = `${JSON.stringify(profile, undefined, 2)}\n`;
  await writeBytes(given.out, new TextEncoder().encode(text));
  await print(renderProfile(profile));
  await print(`written to ${given.out}, SHA-256 ${textHash(text)}`);
}

/** Steps after which allocators hold what they will. */
const probedSteps = 20;

/** What a process like this one says of itself. */
async function probed(what: number | 'cold', batchSize: number, memoryMode: MemoryMode): Promise<string> {
  const { execArgv, argv, execPath } = process;
  const args = [...execArgv, ...argv.slice(1), '--probe', `${what}:${batchSize}:${memoryMode}`];
  const { stdout } = await promisify(execFile)(execPath, args);
  return stdout;
}

function renderProfile(profile: MeasuredProfile): string {
  const { machine, samples, calibrationSeconds } = profile;
  const milliseconds = ({ fixed, perBlock }: { fixed: number; perBlock: number }) =>
    `${shown(1000 * fixed)} + ${shown(1000 * perBlock)}·blocks ms`;
  const megabytes = ({ fixed, perBlock }: { fixed: number; perBlock: number }) =>
    `${shown(fixed / 1e6)} + ${shown(perBlock / 1e6)}·blocks MB`;
  const lines = [
    `${profile.model.name} on ${machine.cpu}, ${machine.backend} backend, ${machine.threads} threads, load ${shown(machine.load)}, ${machine.clock ?? 'wall'} clock; ` +
      `${shown(calibrationSeconds)} s, ${samples.taken} samples, ${samples.dropped} outliers dropped`,
  ];
  for (const entry of profile.entries) {
    lines.push(
      `batches of ${entry.batchSize}, activations: ${entry.activations} (cuts ${entry.cuts.join(', ')}; spread ${percent(Math.max(...Object.values(entry.spread)))})`,
      `  device forward   ${milliseconds(entry.forwardSeconds)}`,
      `  device backward  ${milliseconds(entry.backwardSeconds)}`,
      `  server           ${milliseconds(entry.serverSeconds)}`,
      `  device memory    ${megabytes(entry.deviceBytes)}`,
      ...(entry.processBytes ? [`  device process   ${megabytes(entry.processBytes)}`] : []),
      `  server memory    ${megabytes(entry.serverActivationBytes)} a device, ${megabytes(entry.serverStateBytes)} kept for it`,
      ...coldLines(entry),
    );
  }
  lines.push('operating points: ratio up / down; encode + decode, ns a value');
  for (const { keptFraction, bits, up, down } of profile.entries[0]!.points) {
    const nanoseconds = (seconds: number) => shown(1e9 * seconds);
    lines.push(
      `  ${percent(keptFraction).padStart(7)} at ${String(bits).padStart(2)} bits: ${shown(up.ratio)} / ${shown(down.ratio)}; ` +
        `${nanoseconds(up.encodeSecondsPerValue)} + ${nanoseconds(down.decodeSecondsPerValue)} on a device, ` +
        `${nanoseconds(down.encodeSecondsPerValue)} + ${nanoseconds(up.decodeSecondsPerValue)} on the server`,
    );
  }
  return lines.join('\n');
}

function coldLines({ coldSeconds }: MeasuredEntry): string[] {
  if (!coldSeconds) return [];
  const [device, server] = [coldSeconds.device, coldSeconds.server].map((seconds) => shown(1000 * seconds));
  return [`  the first round of a process: ${device} ms more on a device, ${server} ms on the server`];
}
