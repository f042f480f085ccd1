import type { PlanningProblem } from '../../models/index.js';
import type { LoadColumns } from '../bandwidth/index.js';

interface ComparedColumns extends LoadColumns {
  readonly memory: Float64Array;
  readonly loss: Float64Array;
}

/**
 * Of one device's entries from … to − 1 those that no other equals or betters in every respect (of equals the first stays),
 * in their order. Respects are what delay, memory, energy and accuracy depend on: with a chain of its own (`allocated`, `equal`) its
 * seconds and bits over a round, with a common batch those of every stage. `extra` are uses that further limits add.
 */
export function undominated(
  problem: PlanningProblem,
  columns: ComparedColumns,
  from: number,
  to: number,
  extra: readonly Float64Array[] = [],
): Int32Array {
  const respects = [...respectsOf(problem, columns, from, to), ...extra.map((use) => use.subarray(from, to))];
  const count = to - from;
  const width = respects.length;
  // Row by row, so that a comparison reads one stretch of memory; each respect in units of its largest value.
  const rows = new Float64Array(count * width);
  const sums = new Float64Array(count);
  respects.forEach((respect, r) => {
    const unit = respect.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE);
    for (let k = 0; k < count; k++) {
      rows[k * width + r] = respect[k]!;
      sums[k]! += respect[k]! / unit;
    }
  });
  // What dominates has no larger sum, and among equals comes first: one pass against those kept so far suffices.
  const order = Int32Array.from({ length: count }, (_, k) => k).sort((a, b) => sums[a]! - sums[b]! || a - b);
  const front = new Int32Array(count);
  let size = 0;
  for (const k of order) {
    let at = 0;
    while (at < size && !betters(rows, width, front[at]!, k)) at++;
    if (at === size) {
      front[size++] = k;
    } else if (at > 0) {
      // What dominates one often dominates the next.
      const moved = front[at]!;
      front.copyWithin(1, 0, at);
      front[0] = moved;
    }
  }
  return front
    .slice(0, size)
    .sort()
    .map((k) => k + from);
}

/** In this order: what delay and energy depend on but for the last, memory and loss, and the last. */
function respectsOf(problem: PlanningProblem, columns: ComparedColumns, from: number, to: number): Float64Array[] {
  const loads = loadRespects(problem, columns, from, to);
  const inverseLimit = loads.pop()!;
  return [...loads, columns.memory.subarray(from, to), columns.loss.subarray(from, to), inverseLimit];
}

/** What a round's delay and energy depend on of entries from … to − 1, the smaller the better in every respect. */
export function loadRespects(
  { sharing, stepsPerRound, devices }: PlanningProblem,
  columns: LoadColumns,
  from: number,
  to: number,
): Float64Array[] {
  const { preSeconds, postSeconds, uplinkBits, downlinkBits, adapterBits, exchangeSeconds, serverSeconds } = columns;
  const part = (values: Float64Array) => values.subarray(from, to);
  // 0 where energy is not limited.
  const inverseLimit = part(columns.uplinkEfficiencyLimit).map((limit) => 1 / limit);
  if (sharing === 'batched') {
    const stages = [preSeconds, postSeconds, uplinkBits, downlinkBits, adapterBits, exchangeSeconds, serverSeconds];
    return [...stages.map(part), inverseLimit];
  }
  const slices = sharing === 'equal' ? devices.length : 0;
  const sum = (of: (j: number) => number) => Float64Array.from({ length: to - from }, (_, k) => of(from + k));
  const chain = sum(
    (j) => stepsPerRound * (preSeconds[j]! + postSeconds[j]! + slices * serverSeconds[j]!) + exchangeSeconds[j]!,
  );
  const up = sum((j) => stepsPerRound * uplinkBits[j]! + adapterBits[j]!);
  const down = sum((j) => stepsPerRound * downlinkBits[j]! + adapterBits[j]!);
  return [chain, up, down, ...(sharing === 'equal' ? [] : [part(serverSeconds)]), inverseLimit];
}

function betters(rows: Float64Array, width: number, better: number, worse: number): boolean {
  for (let r = 0; r < width; r++) if (rows[better * width + r]! > rows[worse * width + r]!) return false;
  return true;
}
