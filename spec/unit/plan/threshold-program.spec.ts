import { describe, expect, it } from 'vitest';
import { assembleSparse } from '../../../lib/linalg/index.js';
import { ThresholdProgram } from '../../../lib/plan/bandwidth/threshold-program.js';
import { solveQp } from '../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../lib/random/index.js';

describe('quadratic programs of few thresholds', () => {
  it('agrees with the general solver, and its multipliers prove its answer', () => {
    const reached = { curved: 0, linear: 0, bounded: 0, least: 0, infeasible: 0 };
    for (let seed = 0; seed < 300; seed++) {
      const { program, weights, least } = drawn(seed);
      const solved = program.solve();
      const expected = general(program, weights, least);
      if (expected.termination === 'infeasible') {
        expect(solved, `seed ${seed}`).toBe(false);
        reached.infeasible++;
        continue;
      }
      expect(expected.termination, `seed ${seed}`).toBe('optimal');
      expect(solved, `seed ${seed}`).toBe(true);
      const curvature = program.curvature.reduce((sum, entry, i) => sum + 0.5 * entry * program.step[i]! ** 2, 0);
      const size = 1 + Math.abs(expected.objective);
      expect(Math.abs(program.predicted + curvature - expected.objective), `seed ${seed}`).toBeLessThan(1e-7 * size);
      expect(overuse(program), `seed ${seed}`).toBeLessThan(1e-9);
      expect(program.predicted + curvature - dualBound(program, weights, least)).toBeLessThan(1e-8 * size);
      reached[program.curvature.some((entry) => entry > 0) ? 'curved' : 'linear']++;
      if (program.step.some((d, i) => d === program.lower[i] || program.upper[i]! - d < 1e-9)) reached.bounded++;
      if (least.some((floor) => floor > -Infinity)) reached.least++;
    }
    expect(Math.min(...Object.values(reached)), JSON.stringify(reached)).toBeGreaterThan(15);
  });

  it('takes the upper bounds where nothing else meets the limit', () => {
    const { program } = drawn(1);
    program.required = program.use.reduce((sum, use, i) => sum + use * program.upper[i]!, 0);
    expect(program.solve()).toBe(true);
    expect([...program.step]).toEqual([...program.upper]);
  });

  it('starts with room where something else holds a threshold at the origin of its rows', () => {
    const weights = [1, 1];
    const least = Float64Array.of(0, -Infinity);
    const program = new ThresholdProgram(2, weights, least, 1);
    program.offset.set([-1, 0.7, -0.25, 0.5]);
    program.slope.set([0.1, 0.7, 0.05, 0.6]);
    program.use.set([-0.6, -0.3]);
    program.lower.fill(-0.9);
    program.upper.fill(3);
    for (const required of [0, -0.4]) {
      program.required = required;
      expect(program.solve()).toBe(true);
      expect(program.predicted).toBeCloseTo(general(program, weights, least).objective, 9);
    }
  });

  it('gives the same answer again and counts no change of the active rows', () => {
    const { program } = drawn(3);
    program.solve();
    const first = program.step.slice();
    program.solve();
    expect([...program.step]).toEqual([...first]);
    expect(program.activeChanges).toBe(0);
  });
});

/** Rows over several orders of magnitude; every seventh has a limit that no step meets. */
function drawn(seed: number) {
  const random = randomStream(seed, 'threshold-program');
  const count = 1 + random.integer(12);
  const kinds = 2 + random.integer(2);
  const weights = Array.from({ length: kinds }, () => Math.exp(3 * random.uniform()));
  const least = Float64Array.from({ length: kinds }, () => (random.uniform() < 0.3 ? random.normal() : -Infinity));
  const program = new ThresholdProgram(count, weights, least, 0);
  const curved = random.uniform() < 0.5;
  let used = 0;
  for (let i = 0; i < count; i++) {
    const unit = Math.exp(2 * random.normal());
    for (let r = 0; r < kinds; r++) {
      program.offset[i * kinds + r] = unit * random.normal();
      program.slope[i * kinds + r] = random.uniform() < 0.1 ? 0 : unit * random.uniform();
    }
    program.use[i] = -random.uniform() / count;
    program.curvature[i] = curved ? unit * random.uniform() : 0;
    program.lower[i] = -random.uniform();
    program.upper[i] = random.uniform() < 0.2 ? 999 : 2 * random.uniform();
    used += program.use[i]! * program.upper[i]!;
  }
  program.required = seed % 7 === 0 ? 1.1 * used : used * random.uniform();
  return { program, weights, least };
}

/** The same program by `solveQp`: variables d, then t. */
function general(program: ThresholdProgram, weights: readonly number[], least: Float64Array) {
  const { count } = program;
  const kinds = weights.length;
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  const put = (row: number, column: number, value: number) => {
    rows.push(row);
    columns.push(column);
    values.push(value);
  };
  for (let k = 0; k < count * kinds; k++) {
    put(k, Math.floor(k / kinds), program.slope[k]!);
    put(k, count + (k % kinds), -1);
  }
  program.use.forEach((use, i) => put(count * kinds, i, use));
  const zeros = new Float64Array(kinds);
  return solveQp({
    hessian: { kind: 'diagonal', values: Float64Array.of(...program.curvature, ...zeros) },
    linear: Float64Array.of(...new Float64Array(count), ...weights),
    constraintMatrix: assembleSparse(count * kinds + 1, count + kinds, rows, columns, values).matrix,
    constraintLower: new Float64Array(count * kinds + 1).fill(-Infinity),
    constraintUpper: Float64Array.of(...program.offset.map((offset) => -offset), program.required),
    lower: Float64Array.of(...program.lower, ...least),
    upper: Float64Array.of(...program.upper, ...zeros.fill(Infinity)),
  });
}

/** Σ g·d − b above rounding. */
function overuse({ use, step, required }: ThresholdProgram): number {
  const used = use.reduce((sum, entry, i) => sum + entry * step[i]!, 0);
  return (used - required) / Math.max(Math.abs(used), Math.abs(required), 1e-300);
}

/** min over d in its bounds of the Lagrangian, with the rows' multipliers made to sum to the weights: below every answer. */
function dualBound(program: ThresholdProgram, weights: readonly number[], least: Float64Array): number {
  const { count, multipliers, offset, slope, use, curvature, lower, upper, limitMultiplier } = program;
  const kinds = weights.length;
  const rows = multipliers.slice(0, count * kinds);
  let bound = -limitMultiplier * program.required;
  weights.forEach((weight, r) => {
    const ofLeast = least[r] === -Infinity ? 0 : multipliers[count * (kinds + 2) + r]!;
    let sum = ofLeast;
    for (let k = r; k < rows.length; k += kinds) sum += rows[k]!;
    for (let k = r; k < rows.length; k += kinds) rows[k]! *= weight / sum;
    if (ofLeast > 0) bound += (ofLeast * weight * least[r]!) / sum;
  });
  for (let i = 0; i < count; i++) {
    let force = limitMultiplier * use[i]!;
    for (let k = i * kinds; k < (i + 1) * kinds; k++) {
      force += rows[k]! * slope[k]!;
      bound += rows[k]! * offset[k]!;
    }
    const free = curvature[i]! > 0 ? -force / curvature[i]! : force > 0 ? -Infinity : Infinity;
    const d = Math.min(upper[i]!, Math.max(lower[i]!, free));
    bound += force * d + 0.5 * curvature[i]! * d * d;
  }
  return bound;
}
