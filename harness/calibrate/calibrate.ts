import { cpus, loadavg, totalmem } from 'node:os';
import { median, relativeFit } from '../../lib/statistics/index.js';
import type { MeasuredEntry, MeasuredProfile } from '../../lib/io/index.js';
import type { LoadedBackend } from '../backend/tensorflow.js';
import { blockConfig, isDecoder, labelCount, tokenCount } from '../model/config.js';
import type { StepRecord } from '../server/index.js';
import { affordable } from './budget.js';
import { affineFit } from './fits.js';
import { deviceAt, measuredEntry } from './measured-entry.js';
import { modelBytes } from './memory-fits.js';
import { isCompressed } from './points.js';
import { middleReferences, ReferenceTimer, type References } from './references.js';
import { normalised, runOptions, type Calibration, type CalibrateOptions } from './steady-run.js';
import { timedRun, type TimedRun } from './timed-run.js';
import type { TimingWorkload } from './workload.js';

/**
 * Measures this machine with real trainings on the event clock: three cuts for each batch size and memory mode, every
 * operating point at each of them, and batches of two and four devices, up to three times as the time limit allows. Every
 * time is taken over the references around its round and stated at the speed of the first run. All costs are affine in the
 * number of blocks.
 */
export async function calibrate(
  backend: LoadedBackend,
  workload: TimingWorkload,
  options: CalibrateOptions,
): Promise<MeasuredProfile> {
  const { tf } = backend;
  const start = performance.now();
  const { config, settings } = workload;
  const timer = new ReferenceTimer(tf);
  try {
    const [batchSize, memoryMode] = [options.batchSizes[0]!, options.memoryModes[0]!];
    // The first run of the process is a cold one, of a codec too.
    const device = deviceAt(workload, Math.ceil(config.blocks / 2), batchSize, options.points.find(isCompressed));
    const cold = await timedRun(tf, workload, timer, runOptions([device], memoryMode, options));
    const context: Calibration = {
      tf,
      workload,
      timer,
      options,
      references: middleReferences(cold.rounds.map(({ references }) => references)),
      tally: { taken: 0, dropped: 0 },
      unsteady: [],
      header: [],
      adapters: [],
      aggregation: [],
    };
    const budget = affordable(cold, options);
    const entries: MeasuredEntry[] = [];
    for (const batchSize of options.batchSizes) {
      for (const memoryMode of options.memoryModes) {
        options.onProgress?.(`batches of ${batchSize}, activations: ${memoryMode}`);
        // Codec and messages do not depend on the memory mode: the points of the first are those of all.
        const known = entries.find((entry) => entry.batchSize === batchSize)?.points;
        entries.push(await measuredEntry(context, batchSize, memoryMode, budget, known));
      }
    }
    const [aggregationFixed, aggregationPerDevice] = relativeFit(context.aggregation) as [number, number];
    const { unsteady } = context;
    return {
      kind: 'sft-opt profile',
      version: 1,
      created: new Date().toISOString(),
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        memoryBytes: totalmem(),
        backend: backend.name,
        threads: process.env['TF_NUM_INTRAOP_THREADS'] ?? 'all',
        load: loadavg()[0]!,
        clock: options.clock,
        references: context.references,
      },
      model: {
        name: workload.name,
        blocks: config.blocks,
        width: config.width,
        heads: config.heads,
        mlpWidth: config.mlpWidth,
        tokens: tokenCount(config),
        classes: labelCount(config),
        keyValueHeads: blockConfig(config).keyValueHeads,
        gatedMlp: blockConfig(config).gatedMlp,
        ...(isDecoder(config) && { vocabulary: config.vocabulary }),
      },
      lora: {
        rank: settings.rank,
        targets: [...settings.targets],
        trainHead: settings.trainHead ?? false,
        dropout: settings.dropout,
      },
      headerBytes: median(context.header),
      adapterBytes: affineFit(context.adapters),
      serverModelBytes: await modelBytes(tf, workload, options.batchSizes[0]!),
      aggregationSeconds: { fixed: Math.max(0, aggregationFixed), perDevice: aggregationPerDevice },
      coldSeconds: coldSeconds(cold, context.references),
      calibrationSeconds: (performance.now() - start) / 1000,
      samples: { ...context.tally },
      ...(unsteady.length > 0 && { unsteady }),
      entries,
    };
  } finally {
    timer.dispose();
  }
}

const deviceSeconds = ({ seconds: own }: StepRecord) =>
  own.deviceForward + own.deviceEncode + own.deviceDecode + own.deviceBackward + own.deviceUpdate;
const serverSeconds = ({ measuredServerSeconds: own }: StepRecord) =>
  own.decode + own.compute + own.update + own.encode;

/** How much longer the first round of a process took than later ones. */
function coldSeconds({ first, rounds }: TimedRun, references: References) {
  const extra = (pick: (record: StepRecord) => number) => {
    const usual = median(rounds.flatMap((round) => normalised(round, round.steps, pick, references)));
    const all = normalised(first, first.steps, pick, references);
    return Math.max(
      0,
      all.reduce((sum, seconds) => sum + seconds - usual, 0),
    );
  };
  return { device: extra(deviceSeconds), server: extra(serverSeconds) };
}
