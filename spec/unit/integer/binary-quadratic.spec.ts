import { describe, expect, it } from 'vitest';
import { binaryQuadraticOf, solveBinaryQuadratic } from '../../../lib/integer/quadratic/binary.js';
import { choleskyFactor, semidefiniteDiagonal } from '../../../lib/integer/quadratic/semidefinite-diagonal.js';
import { structureOf } from '../../../lib/integer/structure.js';
import { randomStream } from '../../../lib/random/index.js';
import { Budget } from '../../../lib/solver/index.js';
import { binaryQuadratic, declaredProgram, enumerated, objectiveOf } from '../../support/integer-programs.js';

describe('solveBinaryQuadratic', () => {
  it('proves what enumeration finds, in a few nodes', () => {
    const stream = randomStream(2, 'binary-quadratics');
    let nodes = 0;
    for (let k = 0; k < 40; k++) {
      const data = binaryQuadratic(stream, 3 + (k % 10), k % 2 === 0 ? 1 : 0.4);
      const problem = declaredProgram(data);
      const form = structureOf(problem, () => stream.uniform());
      const quadratic = form && binaryQuadraticOf(problem, form);
      if (!quadratic) {
        expect(data.products!.flat().every((value) => value === 0)).toBe(true);
        continue;
      }
      const options = { relativeGap: 1e-9, maxNodes: 100_000 };
      const { best, bound, nodeCount, ended } = solveBinaryQuadratic(quadratic, options, new Budget(), () =>
        stream.uniform(),
      );
      expect(ended).toBeUndefined();
      expect(best.objective).toBeCloseTo(enumerated(data), 9);
      expect(objectiveOf(data, best.solution)).toBeCloseTo(best.objective, 9);
      expect(bound).toBeLessThanOrEqual(best.objective + 1e-12);
      nodes += nodeCount;
    }
    expect(nodes).toBeLessThan(400);
  });

  it('has a valid bound at a limit of nodes', () => {
    const stream = randomStream(4, 'binary-quadratics');
    let cut = 0;
    for (let k = 0; k < 10; k++) {
      const data = binaryQuadratic(stream, 12);
      const problem = declaredProgram(data);
      const quadratic = binaryQuadraticOf(
        problem,
        structureOf(problem, () => stream.uniform())!,
      )!;
      const options = { relativeGap: 0, maxNodes: 1 };
      const result = solveBinaryQuadratic(quadratic, options, new Budget(), () => stream.uniform());
      const best = enumerated(data);
      expect(result.bound).toBeLessThanOrEqual(best + 1e-9);
      expect(result.best.objective).toBeGreaterThanOrEqual(best - 1e-9);
      if (result.ended === 'node-limit') cut++;
    }
    expect(cut).toBeGreaterThan(3);
  });
});

describe('semidefiniteDiagonal', () => {
  it('bounds the quadratic form over signs from below, with a definite slack', () => {
    const stream = randomStream(6, 'signs');
    for (let k = 0; k < 10; k++) {
      const m = 4 + (k % 5);
      const matrix = new Float64Array(m * m);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < i; j++) matrix[i * m + j] = matrix[j * m + i] = stream.normal();
      }
      const y = semidefiniteDiagonal(matrix, m)!;
      expect(
        choleskyFactor(
          matrix.map((value, at) => value + (at % (m + 1) === 0 ? y[at / (m + 1)]! : 0)),
          m,
        ),
      ).toBeDefined();
      const bound = -y.reduce((sum, value) => sum + value, 0);
      let least = Infinity;
      for (let mask = 0; mask < 1 << m; mask++) {
        const z = Array.from({ length: m }, (_, i) => ((mask >> i) & 1 ? 1 : -1));
        let value = 0;
        for (let i = 0; i < m; i++) for (let j = 0; j < m; j++) value += matrix[i * m + j]! * z[i]! * z[j]!;
        least = Math.min(least, value);
      }
      expect(bound).toBeLessThanOrEqual(least + 1e-9);
      expect(bound).toBeGreaterThan(least - 0.35 * Math.abs(least));
    }
  });
});
