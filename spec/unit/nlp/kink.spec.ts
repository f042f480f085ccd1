import { describe, expect, test } from 'vitest';
import { minimize } from '../../../lib/minimize/index.js';
import { Evaluator, kinkNear } from '../../../lib/nlp/index.js';
import type { NonlinearProgram } from '../../../lib/problem/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { isSolved } from '../../../lib/solver/index.js';

type Objective = (x: Float64Array) => number;

function within(objective: Objective, start: readonly number[], low = -Infinity, high = Infinity): NonlinearProgram {
  const n = start.length;
  return {
    meta: {
      variableCount: n,
      constraintCount: 0,
      lower: new Float64Array(n).fill(low),
      upper: new Float64Array(n).fill(high),
      constraintLower: new Float64Array(0),
      constraintUpper: new Float64Array(0),
      start: Float64Array.from(start),
    },
    objective,
  };
}

const kinkAt = (objective: Objective, x: readonly number[], low?: number, high?: number) =>
  kinkNear(new Evaluator(within(objective, x, low, high)), Float64Array.from(x), () => false);

describe('kinks', () => {
  test('are seen at the minimum and beside it, and told from one another', () => {
    const steep: Objective = ([x, y]) => Math.max(x! - 1, 3 - 3 * x!) + 2 * Math.max(y!, -3 * y!);
    expect(kinkAt(steep, [1, 0])?.isStationary).toBe(true);
    expect(kinkAt(steep, [1, 0.3])?.isStationary).toBe(false);
    expect(kinkAt(steep, [3, 2])).toBeUndefined();
    // Bounds hold what gradients do not combine.
    const slope: Objective = ([x, y]) => Math.abs(y! - 0.5) + x!;
    expect(kinkAt(slope, [0, 0.5])?.isStationary).toBe(false);
    expect(kinkAt(slope, [0, 0.5], 0, 1)?.isStationary).toBe(true);
  });

  test('are not seen in smooth functions, however curved', () => {
    const stream = randomStream(4, 'smooth');
    const smooth: Objective[] = [
      ([x, y]) => 100 * (y! - x! ** 2) ** 2 + (1 - x!) ** 2,
      ([x, y]) => Math.exp(3 * x!) + y! ** 4,
      ([x, y]) => Math.hypot(1e-1, x! - y!) + 0.5 * x! ** 2,
      ([x, y]) => Math.sin(5 * x!) * Math.cos(3 * y!),
      ([x, y]) => x! + 2 * y!,
    ];
    for (const objective of smooth) {
      for (let k = 0; k < 40; k++) {
        expect(kinkAt(objective, [stream.normal(), stream.normal()])).toBeUndefined();
      }
      expect(kinkAt(objective, [1, 1])).toBeUndefined();
      expect(kinkAt(objective, [0, 0])).toBeUndefined();
    }
  });

  test('are found and named by few evaluations', () => {
    const targets: [Objective, number[], number][] = [
      [([x, y]) => Math.max(x! * x! + y! * y!, (x! - 2) ** 2 + y!, -x! + 3 * y!), [3, 5], 0.8993801],
      [([x, y]) => Math.max(x! - 1, 3 - 3 * x!) + 2 * Math.max(y! + x!, -3 * y! - 3 * x!), [3, 5], 0],
      [([x, y, z]) => Math.abs(x!) + 3 * Math.max(y! - 1, 1 - 2 * y!) + Math.abs(z! - x!) + 0.1 * z!, [2, 3, -1], -1],
    ];
    for (const [objective, start, least] of targets) {
      const result = minimize(within(objective, start));
      expect(result.objective).toBeLessThan(least + 1e-4);
      expect(result.counts.objective).toBeLessThan(6000);
      if (!isSolved(result.termination)) {
        expect(result.termination).toBe('stalled');
        expect(result.message).toContain('kink');
        expect(result.primalStatus).toBe('feasible');
      }
    }
  });
});
