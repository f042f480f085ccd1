import { describe, expect, test } from 'vitest';
import { DenseKkt, denseLowerTriangle, densePattern, Evaluation, Iterate, modelStructure, StepDriver, type Ending, type SteppingMethod } from '../../../lib/kkt/index.js'; // prettier-ignore
import { Budget } from '../../../lib/solver/index.js';

/** Walks along x ← x + 1 down f = −slope·x, and knows a solution from `knownAfter` steps on. */
function walker({ slope = 0, knownAfter = Infinity, begins = true }) {
  const structure = modelStructure(1, 0, denseLowerTriangle(1), densePattern(0, 1));
  let evaluations = 0;
  const evaluation = new Evaluation(
    {
      meta: {
        variableCount: 1,
        constraintCount: 0,
        lower: Float64Array.of(-Infinity),
        upper: Float64Array.of(Infinity),
        constraintLower: new Float64Array(0),
        constraintUpper: new Float64Array(0),
        start: Float64Array.of(0),
      },
      objective: ([x]) => (evaluations++, -slope * x!),
      gradient: (_x, values) => void values.fill(-slope),
    },
    1e-6,
  );
  const iterate = new Iterate(evaluation, structure);
  const solved: Ending = { termination: 'locally-optimal', message: '' };
  const method: SteppingMethod = {
    iterate,
    direction: Float64Array.of(1),
    begin: () => begins && evaluation.functions(iterate.current),
    iteration: () => {
      iterate.setTrial(Float64Array.of(1 + iterate.current.x[0]!), 1);
      evaluation.functions(iterate.trial);
      iterate.differentiateTrial();
      iterate.moveToTrial();
      return driver.stepTaken({ stationarity: 1 });
    },
    solutionAtHand: () => (driver.iterations >= knownAfter ? solved : undefined),
  };
  const driver = new StepDriver(method, { feasibilityTolerance: 1e-6, unboundedThreshold: 1e9 }, () => evaluations);
  const run = (limits: { maxIterations?: number; maxEvaluations?: number }, onIteration?: () => boolean) =>
    driver.run({
      start: Float64Array.of(0),
      budget: new Budget({ maxIterations: 1000, maxEvaluations: 1000, timeLimitSeconds: Infinity, ...limits }),
      onIteration,
    });
  return { driver, run, count: () => evaluations, matrix: new DenseKkt(structure) };
}

describe('the driver', () => {
  test('takes exactly as many steps and evaluations as the budget has', () => {
    for (const limit of [1, 2, 7]) {
      const one = walker({});
      expect(one.run({ maxIterations: limit }).termination).toBe('iteration-limit');
      expect(one.driver.iterations).toBe(limit);
      const other = walker({});
      expect(other.run({ maxEvaluations: limit + 1 }).termination).toBe('evaluation-limit');
      expect(other.count()).toBe(limit + 1);
    }
  });

  test('prefers a solution at hand to a limit, and begins anew with every run', () => {
    const { run, driver } = walker({ knownAfter: 3 });
    expect(run({ maxIterations: 2 }).termination).toBe('iteration-limit');
    expect(run({ maxIterations: 3 }).termination).toBe('locally-optimal');
    expect(driver.iterations).toBe(3);
  });

  test('stops for the caller, and where nothing is defined', () => {
    const { run, driver } = walker({});
    let told = 0;
    expect(run({}, () => ++told < 4).termination).toBe('interrupted');
    expect([told, driver.iterations]).toEqual([4, 4]);
    expect(walker({ begins: false }).run({}).termination).toBe('not-finite');
  });

  test('sees that an objective falls along a ray', () => {
    expect(walker({ slope: 1 }).run({}).termination).toBe('unbounded');
  });
});
