import { exceeds, fallsShort, type Plan } from '../../models/index.js';
import { allocateLoads, emptyLoads, planOf, type FixedDecision, type StepLoads } from '../bandwidth/index.js';
import type { ChoiceColumns } from '../bound/columns.js';

/** One choice for every device (entries of `ChoiceColumns`) and its round delay with the best shares. */
export interface Combination {
  readonly choices: Int32Array;
  readonly totalSeconds: number;
}

/** Evaluates combinations of choices exactly: limits of memory and accuracy as plans are judged, then the best shares. */
export class CombinationEvaluator {
  evaluations = 0;
  /** Some delay came from a search for whole blocks that was cut short: it may not be the least of its combination. */
  isEstimate = false;

  constructor(readonly columns: ChoiceColumns) {}

  /** Round delay with the best shares, seconds; Infinity if some limit cannot be met. */
  delay(choices: ArrayLike<number>): number {
    if (!this.meetsLimits(choices)) return Infinity;
    this.evaluations++;
    const found = allocateLoads(this.columns.problem, this.loads(choices));
    if (found.status === 'infeasible') return Infinity;
    this.isEstimate ||= !found.exact;
    return found.totalSeconds;
  }

  /** Server memory and mean accuracy; at least one device takes part. */
  meetsLimits(choices: ArrayLike<number>): boolean {
    const { columns } = this;
    const { problem } = columns;
    let memory = 0;
    let weight = 0;
    let weighted = 0;
    for (let n = 0; n < columns.deviceCount; n++) {
      const index = columns.index[choices[n]!]!;
      if (index < 0) continue;
      const table = columns.tables[n]!;
      const own = problem.devices[n]!.weight;
      memory += table.serverMemoryBytes[index]!;
      weight += own;
      weighted += own * table.accuracy[index]!;
    }
    if (weight === 0 || exceeds(memory, problem.serverMemoryBytes)) return false;
    const { scope, minimum } = problem.accuracy;
    return scope === 'each' || minimum === -Infinity || !fallsShort(weighted / weight, minimum);
  }

  plan(choices: ArrayLike<number>): Plan | undefined {
    const { columns } = this;
    const loads = this.loads(choices);
    const found = allocateLoads(columns.problem, loads);
    if (found.status !== 'optimal') return undefined;
    return planOf(columns.problem, this.decisions(choices), loads, found);
  }

  decisions(choices: ArrayLike<number>): FixedDecision[] {
    const { columns } = this;
    return columns.tables.map((table, n) => {
      const index = columns.index[choices[n]!]!;
      if (index < 0) return { participates: false, blocks: 0, upPoint: 0, downPoint: 0 };
      return {
        participates: true,
        blocks: table.blocks[index]!,
        upPoint: table.upPoint[index]!,
        downPoint: table.downPoint[index]!,
      };
    });
  }

  private loads(choices: ArrayLike<number>): StepLoads {
    const { columns } = this;
    let count = 0;
    for (let n = 0; n < columns.deviceCount; n++) if (columns.index[choices[n]!]! >= 0) count++;
    const loads = emptyLoads(count);
    let k = 0;
    for (let n = 0; n < columns.deviceCount; n++) {
      const index = columns.index[choices[n]!]!;
      if (index < 0) continue;
      const table = columns.tables[n]!;
      loads.device[k] = n;
      loads.preSeconds[k] = table.preSeconds[index]!;
      loads.postSeconds[k] = table.postSeconds[index]!;
      loads.uplinkBits[k] = table.uplinkBits[index]!;
      loads.downlinkBits[k] = table.downlinkBits[index]!;
      loads.adapterBits[k] = table.adapterBits[index]!;
      loads.serverSeconds[k] = table.serverSeconds[index]!;
      k++;
    }
    return loads;
  }
}
