import { describe, expect, it } from 'vitest';
import {
  absoluteViolation,
  clearAbsentSides,
  countEvaluations,
  kktResiduals,
  relativeViolation,
  zeroCounts,
  type NlpMeta,
  type NonlinearProgram,
} from '../../../lib/problem/index.js';

/** minimise x² + y² subject to 1 ≤ x + y, x ≤ 0.25: solution (0.25, 0.75), y = −1.5, z = (1, 0). */
const meta: NlpMeta = {
  variableCount: 2,
  constraintCount: 1,
  lower: Float64Array.of(-Infinity, -Infinity),
  upper: Float64Array.of(0.25, Infinity),
  constraintLower: Float64Array.of(1),
  constraintUpper: Float64Array.of(Infinity),
  start: Float64Array.of(0, 0),
};

const solution = {
  x: Float64Array.of(0.25, 0.75),
  multipliers: Float64Array.of(-1.5),
  boundMultipliers: Float64Array.of(1, 0),
  gradient: Float64Array.of(0.5, 1.5),
  constraintValues: Float64Array.of(1),
  jacobianTransposeMultipliers: Float64Array.of(-1.5, -1.5),
};

describe('KKT residuals', () => {
  it('vanish at a solution with the documented signs', () => {
    expect(kktResiduals(meta, solution)).toEqual({
      stationarity: 0,
      primalInfeasibility: 0,
      absoluteInfeasibility: 0,
      complementarity: 0,
      dualScale: 1,
    });
  });

  it('see a multiplier on an absent side as not complementary', () => {
    const wrong = { ...solution, multipliers: Float64Array.of(1.5) };
    expect(kktResiduals(meta, wrong).complementarity).toBe(1.5);
    const wrongBound = { ...solution, boundMultipliers: Float64Array.of(-1, 0) };
    expect(kktResiduals(meta, wrongBound).complementarity).toBe(1);
  });

  it('have no part for absent sides once these are cleared', () => {
    const multipliers = Float64Array.of(2, -2, 2, -2, 0, 3);
    clearAbsentSides(multipliers, [-Infinity, -Infinity, 0, 0, -Infinity, 1], [Infinity, 5, Infinity, 5, Infinity, 1]);
    expect([...multipliers]).toEqual([0, 0, 0, -2, 0, 3]);
  });

  it('pair a multiplier with the slack to its own side', () => {
    const slack = { ...solution, constraintValues: Float64Array.of(3) };
    expect(kktResiduals(meta, slack).complementarity).toBeCloseTo(3, 14);
  });

  it('measure violations relative to the side and as they stand', () => {
    const outside = { ...solution, x: Float64Array.of(0.5, 0.75), constraintValues: Float64Array.of(0.9) };
    const residuals = kktResiduals(meta, outside);
    expect(residuals.absoluteInfeasibility).toBe(0.25);
    expect(residuals.primalInfeasibility).toBe(0.25);
    expect(relativeViolation(90, 100, 200)).toBeCloseTo(0.1, 14);
    expect(absoluteViolation(90, 100, 200)).toBe(10);
    expect(relativeViolation(201, 100, 200)).toBeCloseTo(0.005, 14);
  });

  it('scale dual quantities by huge multipliers only', () => {
    const huge = { ...solution, multipliers: Float64Array.of(-3e6) };
    expect(kktResiduals(meta, huge).dualScale).toBeCloseTo(1e4, 0);
  });

  it('are infinite where something is not a number', () => {
    const broken = { ...solution, gradient: Float64Array.of(NaN, 1.5) };
    expect(kktResiduals(meta, broken).stationarity).toBe(Infinity);
    expect(kktResiduals(meta, { ...solution, constraintValues: Float64Array.of(NaN) }).primalInfeasibility).toBe(
      Infinity,
    );
  });
});

describe('counting evaluations', () => {
  it('counts each capability and adds none', () => {
    const problem: NonlinearProgram = {
      meta,
      objective: (x) => x[0]! ** 2 + x[1]! ** 2,
      constraints: (x, values) => (values[0] = x[0]! + x[1]!),
      hessianProduct: (_x, weight, _y, direction, values) =>
        direction.forEach((entry, k) => (values[k] = 2 * weight * entry)),
    };
    const counts = zeroCounts();
    const counted = countEvaluations(problem, counts);
    const values = new Float64Array(2);
    expect(counted.objective(Float64Array.of(3, 4))).toBe(25);
    counted.constraints!(Float64Array.of(3, 4), values);
    counted.hessianProduct!(meta.start, 1, values, Float64Array.of(1, 2), values);
    counted.objective(meta.start);
    expect([...values]).toEqual([2, 4]);
    expect(counts).toEqual({ objective: 2, constraints: 1, gradient: 0, jacobian: 0, hessian: 0, hessianProduct: 1 });
    expect('gradient' in counted).toBe(false);
    expect('jacobian' in counted).toBe(false);
  });

  it('keeps the integer variables', () => {
    const problem = { meta, objective: () => 0, integerVariables: Int32Array.of(1) };
    expect(countEvaluations(problem, zeroCounts()).integerVariables).toEqual(Int32Array.of(1));
  });
});
