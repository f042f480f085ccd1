import { describe, expect, it } from 'vitest';
import { checkDerivatives } from '../../../lib/derivative/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { gradientScaling, removeFixedVariables } from '../../../lib/transform/index.js';
import { makeProblem } from '../../support/modeller.js';

describe('gradientScaling', () => {
  it('brings long gradients to 100 and leaves short ones', () => {
    const scaling = gradientScaling(
      3,
      Float64Array.of(-400, 3),
      Int32Array.of(0, 0, 1, 2),
      Float64Array.of(1, 1e4, 50, 1e14),
    );
    expect(scaling.objective).toBe(0.25);
    expect([...scaling.constraints]).toEqual([0.01, 1, 1e-8]);
  });
});

describe('removeFixedVariables', () => {
  const full = makeProblem({
    name: 'fixed',
    objective: '(x1-2)^2+x2*x3+(x4-1)^2+x1*x3',
    constraints: ['x1+x2*x4>=2', 'x3+x1^2<=8'],
    start: [1, 7, 1, 1],
    lower: [-10, 1.5, -3, -Infinity],
    upper: [10, 1.5, 3, Infinity],
  });

  it('keeps values and derivatives', () => {
    const reduced = removeFixedVariables(full);
    expect([...reduced.kept]).toEqual([0, 2, 3]);
    const x = Float64Array.of(0.3, -1, 2);
    expect(reduced.problem.objective(x)).toBe(full.objective(Float64Array.of(0.3, 1.5, -1, 2)));
    expect(checkDerivatives(reduced.problem, x).disagreements).toEqual([]);
  });

  it('recovers point and multipliers of the full problem', () => {
    const reduced = removeFixedVariables(full);
    const direct = solveSqp(full);
    const found = solveSqp(reduced.problem);
    const recovered = reduced.recover(found);
    recovered.x.forEach((value, j) => expect(value).toBeCloseTo(direct.x[j]!, 6));
    recovered.multipliers.forEach((value, i) => expect(value).toBeCloseTo(direct.multipliers[i]!, 5));
    recovered.boundMultipliers.forEach((value, j) => expect(value).toBeCloseTo(direct.boundMultipliers[j]!, 5));
    expect(Math.abs(recovered.boundMultipliers[1]!)).toBeGreaterThan(0.1);
  });

  it('returns a problem without fixed variables as it is', () => {
    const free = makeProblem({ name: 'free', objective: 'x1^2', start: [1] });
    expect(removeFixedVariables(free).problem).toBe(free);
  });
});
