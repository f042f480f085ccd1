import { describe, expect, test } from 'vitest';
import { AugmentedLagrangian } from '../../../lib/auglag/index.js';
import { Evaluator } from '../../../lib/nlp/index.js';
import { analyticProblem } from '../../support/analytic-problem.js';

const problem = analyticProblem({
  name: 'mixed rows',
  start: [0.4, -0.7, 1.1],
  objective: 'exp(x1*x2) + x3^4 - x1*x3',
  constraints: ['x1^2 + x2 - 0.5 = 0', '-1 <= x1*x2*x3 <= 0.1', 'x3^2 - x1 >= 2', 'x2 + x3 <= 5'],
});

function subproblem(denseLimit: number): AugmentedLagrangian {
  const made = new AugmentedLagrangian(new Evaluator(problem), denseLimit);
  made.objectiveWeight = 0.5;
  made.penalty = 7;
  made.multipliers.set([0.3, -0.2, -1.1, 0.4]);
  made.constraintWeights.set([1, 0.5, 2, 1]);
  return made;
}

/** Directly from the definition: w·f + Σ ½ρ·dist²(c̃ + λ/ρ, interval) − λ²/(2ρ). */
function direct(x: Float64Array): number {
  const { meta } = problem;
  const values = new Float64Array(meta.constraintCount);
  problem.constraints(x, values);
  const weights = [1, 0.5, 2, 1];
  const multipliers = [0.3, -0.2, -1.1, 0.4];
  return multipliers.reduce(
    (sum, multiplier, i) => {
      const shifted = weights[i]! * values[i]! + multiplier / 7;
      const low = weights[i]! * meta.constraintLower[i]!;
      const high = weights[i]! * meta.constraintUpper[i]!;
      const distance = shifted - Math.min(Math.max(shifted, low), high);
      return sum + 3.5 * distance * distance - (multiplier * multiplier) / 14;
    },
    0.5 * problem.objective(x),
  );
}

const points = [
  [0.4, -0.7, 1.1],
  [-1.2, 0.3, 0.2],
  [0.9, 0.8, 2.5],
  [0.1, 4, 3],
].map((entries) => Float64Array.from(entries));

describe('augmented Lagrangian as a problem', () => {
  test('has the value of its definition', () => {
    for (const x of points) expect(subproblem(160).objective(x)).toBeCloseTo(direct(x), 10);
  });

  test('has the gradient and the curvature that differences show', () => {
    for (const x of points) {
      for (const denseLimit of [160, 0]) {
        const made = subproblem(denseLimit);
        const gradient = new Float64Array(3);
        made.gradient(x, gradient);
        const model = made.createHessianModel();
        expect(model.load(x)).toBe(true);
        for (let j = 0; j < 3; j++) {
          const unit = new Float64Array(3);
          unit[j] = 1;
          const product = new Float64Array(3);
          model.multiply(unit, product);
          const plus = x.map((entry, k) => entry + 1e-5 * unit[k]!);
          const minus = x.map((entry, k) => entry - 1e-5 * unit[k]!);
          const slope = (direct(plus) - direct(minus)) / 2e-5;
          expect(Math.abs(gradient[j]! - slope)).toBeLessThan(1e-4 * Math.max(1, Math.abs(slope)));
          const above = new Float64Array(3);
          const below = new Float64Array(3);
          made.gradient(plus, above);
          made.gradient(minus, below);
          product.forEach((entry, k) => {
            const difference = (above[k]! - below[k]!) / 2e-5;
            expect(Math.abs(entry - difference)).toBeLessThan(1e-3 * Math.max(1, Math.abs(difference)));
          });
        }
      }
    }
  });

  test('models a step across a kink as the linearised penalty does', () => {
    const x = points[0]!;
    const made = subproblem(160);
    const gradient = new Float64Array(3);
    made.gradient(x, gradient);
    const model = made.createHessianModel();
    model.load(x);
    const residual = new Float64Array(3);
    const at = (step: Float64Array): number => model.evaluate!(step, gradient, residual);
    expect(at(new Float64Array(3))).toBe(0);
    for (const step of [Float64Array.of(0.3, -0.2, 0.5), Float64Array.of(-2, 1, -3), Float64Array.of(5, 4, 3)]) {
      at(step);
      const slopes = residual.slice();
      for (let j = 0; j < 3; j++) {
        const plus = step.map((entry, k) => entry + (k === j ? 1e-6 : 0));
        const minus = step.map((entry, k) => entry - (k === j ? 1e-6 : 0));
        expect(slopes[j]).toBeCloseTo((at(plus) - at(minus)) / 2e-6, 4);
      }
    }
  });

  test('evaluates objective and constraints once at a point', () => {
    const made = subproblem(160);
    const gradient = new Float64Array(3);
    const x = points[0]!;
    made.objective(x);
    made.objective(x);
    made.gradient(x, gradient);
    made.createHessianModel().load(x);
    expect(made.evaluator.counts.objective).toBe(1);
    expect(made.evaluator.counts.constraints).toBe(1);
  });
});
