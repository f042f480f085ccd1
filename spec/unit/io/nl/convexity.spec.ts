import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compileNl, readNl } from '../../../../lib/io/nl/index.js';
import { minimize } from '../../../../lib/minimize/index.js';
import type { NonlinearProgram } from '../../../../lib/problem/index.js';
import { randomStream } from '../../../../lib/random/index.js';
import { smallConstrained } from '../../../problems/hard/small-constrained.js';
import { scalable } from '../../../problems/hard/scalable.js';
import { convexMinlps, nonconvexMinlps } from '../../../problems/minlp/classical.js';
import { makeModel, type ProblemText } from '../../../support/modeller.js';

const compiled = (text: ProblemText) => compileNl(makeModel(text));
const cuteFolder = new URL('../../../../../shared/data/cute/', import.meta.url);

/** Where the chord between two points of the box lies below a function that is said to be convex. */
function broken({ meta, ...problem }: NonlinearProgram, pairs: number): string | undefined {
  const random = randomStream(5, 'chords');
  const inBox = () =>
    Float64Array.from(meta.lower, (low, j) => {
      const from = Math.max(low, Math.min(-3, meta.upper[j]! - 6));
      const to = Math.min(meta.upper[j]!, Math.max(3, from + 6));
      return from + random.uniform() * (to - from);
    });
  const valuesAt = (x: Float64Array) => {
    const rows = new Float64Array(meta.constraintCount);
    problem.constraints?.(x, rows);
    return [problem.objective(x), ...rows];
  };
  for (let k = 0; k < pairs; k++) {
    const [a, b] = [inBox(), inBox()];
    const [atA, atB, atMiddle] = [a, b, a.map((value, j) => (value + b[j]!) / 2)].map(valuesAt);
    for (let i = 0; i < atA!.length; i++) {
      const ends = [atA![i]!, atB![i]!];
      const sag = atMiddle![i]! - (ends[0]! + ends[1]!) / 2;
      const rounding = 1e-9 * Math.max(1, Math.abs(atMiddle![i]!), ...ends.map(Math.abs));
      if (![...ends, atMiddle![i]!].every(Number.isFinite)) continue;
      const convexSide = i === 0 || meta.constraintUpper[i - 1]! < Infinity;
      const concaveSide = i > 0 && meta.constraintLower[i - 1]! > -Infinity;
      if ((convexSide && sag > rounding) || (concaveSide && sag < -rounding)) return `function ${i} by ${sag}`;
    }
  }
  return undefined;
}

describe('proven convexity of models', () => {
  it.each<[string, Partial<ProblemText>, boolean]>([
    ['sum of exponentials of affine functions', { objective: 'exp(x1-2*x2)+exp(x2)' }, true],
    ['square of an affine function', { objective: '(x1-3*x2+1)^2' }, true],
    ['positive semidefinite form with mixed terms', { objective: 'x1^2-2*x1*x2+x2^2' }, true],
    ['form that falls slowly along one axis', { objective: 'x1^2-0.00000000001*x2^2' }, false],
    ['form of scales far apart', { objective: 'x1^2-0.000002*x1*x2+0.000000000001*x2^2' }, true],
    ['indefinite form', { objective: 'x1^2-3*x1*x2+x2^2' }, false],
    ['product', { objective: 'x1*x2' }, false],
    ['cube on the positive side', { objective: 'x1^3', lower: 0 }, true],
    ['cube over all', { objective: 'x1^3' }, false],
    ['reciprocal on the positive side', { objective: '1/x1+x2^2/x1', lower: 0.1 }, true],
    ['reciprocal over all', { objective: '1/x1' }, false],
    ['entropy', { objective: 'x1*log(x1)+x2*log(x2)', lower: 0 }, true],
    ['logarithm below', { objective: '0-log(x1)-log(1+x2)' }, true],
    ['logarithm', { objective: 'log(x1)' }, false],
    ['exponential of a convex function', { objective: 'exp(x1^2+abs(x2))' }, true],
    ['exponential of a concave function', { objective: 'exp(0-x1^2)' }, false],
    ['convex row below', { objective: 'x1', constraints: ['x1^2+x2^2<=4'] }, true],
    ['convex row above', { objective: 'x1', constraints: ['x1^2+x2^2>=4'] }, false],
    ['concave row above', { objective: 'x1', constraints: ['sqrt(x1)+log(x2)>=1'], lower: 0.1 }, true],
    ['curved equation', { objective: 'x1', constraints: ['x1^2+x2=4'] }, false],
    ['power between 0 and 1 above', { objective: 'x1', constraints: ['x1^0.25>=1'], lower: 0 }, true],
    ['sine', { objective: 'sin(x1)' }, false],
  ])('%s', (name, text, expected) => {
    const problem = compiled({ name, objective: '0', start: [1, 1], ...text });
    expect(problem.meta.convex === true).toBe(expected);
    if (expected) expect(broken(problem, 300)).toBeUndefined();
  });

  test('never of a function whose chords it lies above, over random expressions', () => {
    const leaf = fc.constantFrom('x1', 'x2', '1', '2.5', '(x1+2*x2)', '(x2-x1)');
    const expression = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        leaf,
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}+${b})`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}-${b})`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}*${b})`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}/${b})`),
        fc
          .tuple(fc.constantFrom('exp', 'log', 'sqrt', 'abs', 'tanh', 'sinh', 'cosh', 'atan'), tie('node'))
          .map(([f, a]) => `${f}(${a})`),
        fc
          .tuple(tie('node'), fc.constantFrom('2', '3', '4', '1.5', '0.5', '(0-1)', '(0-2)'))
          .map(([a, p]) => `(${a})^${p}`),
      ),
    })).node;
    let claimed = 0;
    fc.assert(
      fc.property(
        expression,
        fc.constantFrom([-2, 2], [0, 3], [0.5, 3], [-3, -0.5]),
        fc.boolean(),
        (objective, [lower, upper], negated) => {
          const problem = compiled({
            name: 'random',
            objective: negated ? `0-${objective}` : objective,
            start: [1, 1],
            lower: lower,
            upper: upper,
          });
          if (problem.meta.convex !== true || problem.meta.objectiveShape === 'linear') return;
          claimed++;
          expect(broken(problem, 60)).toBeUndefined();
        },
      ),
      { numRuns: 6000 },
    );
    expect(claimed).toBeGreaterThan(500);
  });

  test('of the classical convex MINLPs and of none of the others', () => {
    expect(convexMinlps.filter((entry) => compiled(entry).meta.convex !== true).map(({ name }) => name)).toEqual([]);
    expect(nonconvexMinlps.filter((entry) => compiled(entry).meta.convex === true).map(({ name }) => name)).toEqual([]);
  });

  test('of no problem of the collections that bends the other way', () => {
    const problems = [...smallConstrained, ...scalable(30)].map((entry) => compiled(entry));
    if (existsSync(cuteFolder)) {
      for (const file of readdirSync(cuteFolder).filter((name) => name.endsWith('.nl'))) {
        problems.push(compileNl(readNl(readFileSync(new URL(file, cuteFolder)))));
      }
    }
    const convex = problems.filter(({ meta }) => meta.convex === true);
    expect(convex.length).toBeGreaterThan(25);
    for (const problem of convex) expect(broken(problem, 100), problem.meta.name).toBeUndefined();
  });

  test('turns answers into proofs', () => {
    const problem = compiled({
      name: 'integer',
      objective: '(x1-1.4)^2+exp(x2)',
      constraints: ['x1+x2>=2', 'x1^2+x2^2<=9'],
      start: [0, 0],
      lower: -3,
      upper: 3,
      integers: [1, 2],
    });
    const result = minimize(problem);
    expect(result.termination).toBe('optimal');
    expect([...result.x]).toEqual([2, 0]);
  });
});
