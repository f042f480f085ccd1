import { calibrationCuts, type CodecPoint } from '../../lib/validation/index.js';
import type { MemoryMode } from '../model/parts.js';
import type { DevicePlan } from '../run.js';
import { coldProcesses } from './cold.js';
import { measuredMemory, type MeasuredBytes } from './memory-fits.js';
import { deviceAt } from './points.js';
import type { ColdSample } from './probes.js';
import { steadyRun, type Calibration } from './steady-run.js';
import type { TimedRun } from './timed-run.js';

/** A run whose devices all have one cut. */
export interface CutRun {
  readonly cut: number;
  readonly devices: number;
  readonly run: TimedRun;
}

/** All that is measured at one batch size and memory mode: bytes first, pass after pass its runs, then cold processes. */
export class EntryRuns {
  /** A device for each point. */
  readonly separate: CutRun[] = [];
  /** Two and four devices in one batch. */
  readonly batched: CutRun[] = [];
  readonly cold: ColdSample[] = [];

  private constructor(
    private readonly context: Calibration,
    readonly batchSize: number,
    readonly memoryMode: MemoryMode,
    readonly cuts: readonly number[],
    readonly bytes: MeasuredBytes,
    /** That are run: the first is that of plain values. */
    readonly points: readonly CodecPoint[],
    /** Of the devices of batches. */
    private readonly mixed: readonly CodecPoint[],
  ) {}

  static async begun(
    context: Calibration,
    batchSize: number,
    memoryMode: MemoryMode,
    points: readonly CodecPoint[],
    mixed: readonly CodecPoint[],
  ): Promise<EntryRuns> {
    const { tf, workload, options } = context;
    const cuts = calibrationCuts(workload.config.blocks);
    const bytes = await measuredMemory(tf, workload, options.probes, batchSize, memoryMode, cuts);
    return new EntryRuns(context, batchSize, memoryMode, cuts, bytes, points, mixed);
  }

  /** All cuts once; every second time the other way: what changes in the long run falls on all cuts alike. */
  async pass(isBackwards: boolean): Promise<void> {
    const { cuts } = this;
    for (const cut of isBackwards ? [...cuts].reverse() : cuts) {
      // A device for each point: they take turns, and warm up together.
      const devices = this.points.map((point) => deviceAt(this.context.workload, cut, this.batchSize, point));
      this.separate.push(await this.run(cut, 'allocated', devices));
    }
    for (const cut of [cuts[0]!, cuts.at(-1)!]) {
      for (const count of [2, 4]) {
        const devices = Array.from({ length: count }, (_, k) =>
          deviceAt(this.context.workload, cut, this.batchSize, this.mixed[(k + 1) % this.mixed.length]),
        );
        this.batched.push(await this.run(cut, 'batched', devices, ['server']));
      }
    }
  }

  /** First rounds in processes of their own. */
  async probeCold(): Promise<void> {
    const { probes } = this.context.options;
    for (let k = 0; probes && k < coldProcesses; k++) {
      this.cold.push(await probes.cold(this.batchSize, this.memoryMode));
    }
  }

  private async run(
    cut: number,
    sharing: 'allocated' | 'batched',
    devices: readonly DevicePlan[],
    judged?: readonly string[],
  ): Promise<CutRun> {
    const { batchSize, memoryMode } = this;
    const sketch = { batchSize, memoryMode, cut, sharing, devices, ...(judged && { judged }) };
    return { cut, devices: devices.length, run: await steadyRun(this.context, sketch) };
  }
}
