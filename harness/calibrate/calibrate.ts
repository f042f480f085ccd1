import { cpus, loadavg, totalmem } from 'node:os';
import { median, relativeFit } from '../../lib/statistics/index.js';
import type { MeasuredEntry, MeasuredProfile } from '../../lib/io/index.js';
import type { LoadedBackend } from '../backend/tensorflow.js';
import { blockConfig, isDecoder, labelCount, tokenCount } from '../model/config.js';
import { affordable } from './budget.js';
import { coldRun } from './cold.js';
import { affineFit } from './fits.js';
import { measuredEntry } from './measured-entry.js';
import { modelBytes } from './memory-fits.js';
import { middleReferences, ReferenceTimer } from './references.js';
import type { Calibration, CalibrateOptions } from './steady-run.js';
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
    const cold = await coldRun(tf, workload, timer, options.batchSizes[0]!, options.memoryModes[0]!, options);
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
      calibrationSeconds: (performance.now() - start) / 1000,
      samples: { ...context.tally },
      ...(unsteady.length > 0 && { unsteady }),
      entries,
    };
  } finally {
    timer.dispose();
  }
}
