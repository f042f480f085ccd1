import { cpus, loadavg, totalmem } from 'node:os';
import type { MeasuredProfile } from '../../lib/io/index.js';
import type { LoadedBackend } from '../backend/tensorflow.js';
import { blockConfig, isDecoder, labelCount, tokenCount } from '../model/config.js';
import { affordable, type Budget } from './budget.js';
import { coldRun } from './cold.js';
import { EntryRuns } from './entry-runs.js';
import { measuredTimes } from './measured-entry.js';
import { modelBytes } from './memory-fits.js';
import { plainPoint } from './points.js';
import { ReferenceTimer } from './references.js';
import type { Calibration, CalibrateOptions } from './steady-run.js';
import type { TimingWorkload } from './workload.js';

/**
 * Measures this machine with real trainings on the event clock: three cuts for each batch size and memory mode, every
 * operating point at each of them, and batches of two and four devices, up to three times as the time limit allows. Every
 * time is taken over the references around its round and stated at the middle speed of all rounds. All costs are affine in
 * the number of blocks.
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
    const context: Calibration = { tf, workload, timer, options, unsteady: [] };
    const runs = await allRuns(context, affordable(cold, options));
    const { references, ...times } = measuredTimes(workload, runs);
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
        references,
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
      serverModelBytes: await modelBytes(tf, workload, options.batchSizes[0]!),
      calibrationSeconds: (performance.now() - start) / 1000,
      ...(unsteady.length > 0 && { unsteady }),
      ...times,
    };
  } finally {
    timer.dispose();
  }
}

/** Bytes, then pass after pass over all batch sizes and memory modes, then cold processes. */
async function allRuns(context: Calibration, { points, passes }: Budget): Promise<EntryRuns[]> {
  const { batchSizes, memoryModes, onProgress } = context.options;
  const all: EntryRuns[] = [];
  for (const batchSize of batchSizes) {
    for (const [k, mode] of memoryModes.entries()) {
      // Codec and messages do not depend on the memory mode.
      all.push(await EntryRuns.begun(context, batchSize, mode, k === 0 ? points : [plainPoint], points));
    }
  }
  for (let pass = 0; pass < passes; pass++) {
    const isBackwards = pass % 2 === 1;
    for (const one of isBackwards ? [...all].reverse() : all) {
      onProgress?.(`batches of ${one.batchSize}, activations: ${one.memoryMode}; pass ${pass + 1} of ${passes}`);
      await one.pass(isBackwards);
    }
  }
  for (const one of all) await one.probeCold();
  return all;
}
