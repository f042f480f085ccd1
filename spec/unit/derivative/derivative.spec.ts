import { describe, expect, it } from 'vitest';
import {
  checkDerivatives,
  colourColumns,
  completeFirstDerivatives,
  completeHessian,
} from '../../../lib/derivative/index.js';
import { countEvaluations, zeroCounts, type NonlinearProgram } from '../../../lib/problem/index.js';
import { knownNlp } from '../../support/known-nlp.js';
import { makeProblem, rows, sum, values } from '../../support/modeller.js';

const chain = (n: number) =>
  makeProblem({
    name: 'chain',
    objective: sum(1, n - 1, (i) => `(x${i + 1}-x${i}^2)^2+exp(0.1*x${i})`),
    constraints: rows(1, n - 1, (i) => `x${i}*x${i + 1}+sin(x${i})<=3`),
    start: values(n, (i) => Math.sin(i)),
  });

type FunctionName = Exclude<keyof NonlinearProgram, 'meta'>;

/** The problem with some of its functions only. */
function only(problem: NonlinearProgram, ...names: readonly FunctionName[]): NonlinearProgram {
  const kept = new Set<string>(['meta', ...names]);
  return Object.fromEntries(Object.entries(problem).filter(([name]) => kept.has(name))) as unknown as NonlinearProgram;
}

describe('finite differences', () => {
  it('make the gradient and Jacobian that the problem lacks', () => {
    const exact = chain(7);
    const { meta } = exact;
    const lacking = only(exact, 'objective', 'constraints');
    for (const scheme of ['forward', 'central'] as const) {
      const completed = completeFirstDerivatives(lacking, scheme);
      const tolerance = scheme === 'central' ? 8 : 5;
      const wanted = new Float64Array(7);
      const found = new Float64Array(7);
      exact.gradient(meta.start, wanted);
      completed.gradient!(meta.start, found);
      found.forEach((value, j) => expect(value).toBeCloseTo(wanted[j]!, tolerance));
      const wantedJacobian = new Float64Array(meta.jacobianPattern!.rows.length);
      const foundJacobian = new Float64Array(wantedJacobian.length);
      exact.jacobian(meta.start, wantedJacobian);
      completed.jacobian!(meta.start, foundJacobian);
      foundJacobian.forEach((value, k) => expect(value).toBeCloseTo(wantedJacobian[k]!, tolerance));
    }
  });

  it('take one pair of evaluations a colour and count them all', () => {
    const exact = chain(40);
    const counts = zeroCounts();
    const { meta } = exact;
    const completed = completeFirstDerivatives(countEvaluations(only(exact, 'objective', 'constraints'), counts));
    completed.jacobian!(meta.start, new Float64Array(meta.jacobianPattern!.rows.length));
    // A bidiagonal matrix has two colours.
    expect(counts).toEqual({ ...zeroCounts(), constraints: 4 });
    completed.gradient!(meta.start, new Float64Array(40));
    expect(counts.objective).toBe(80);
  });

  it('make a Hessian that agrees with the exact one', () => {
    const exact = chain(9);
    const { meta } = exact;
    const completed = completeHessian(only(exact, 'objective', 'constraints', 'gradient', 'jacobian'));
    const multipliers = Float64Array.from({ length: 8 }, (_, i) => i - 3.5);
    const wanted = new Float64Array(meta.hessianPattern!.rows.length);
    const found = new Float64Array(wanted.length);
    exact.hessian!(meta.start, 2, multipliers, wanted);
    completed.hessian!(meta.start, 2, multipliers, found);
    found.forEach((value, k) => expect(value).toBeCloseTo(wanted[k]!, 4));
  });

  it('leave a complete problem alone', () => {
    const exact = chain(3);
    expect(completeFirstDerivatives(exact)).toBe(exact);
    expect(completeHessian(exact)).toBe(exact);
  });
});

describe('colourColumns', () => {
  it('never puts two columns of one row into one colour', () => {
    const pattern = chain(30).meta.jacobianPattern!;
    const { colours } = colourColumns(30, 29, pattern);
    for (let k = 0; k < pattern.rows.length; k++) {
      for (let l = 0; l < k; l++) {
        if (pattern.rows[k] !== pattern.rows[l] || pattern.columns[k] === pattern.columns[l]) continue;
        expect(colours[pattern.columns[k]!]).not.toBe(colours[pattern.columns[l]!]);
      }
    }
  });
});

describe('checkDerivatives', () => {
  it('agrees with right derivatives', () => {
    for (let seed = 0; seed < 20; seed++) {
      const report = checkDerivatives(knownNlp(seed, 'nonconvex').problem);
      expect(report.disagreements).toEqual([]);
      expect(report.checked).toContain('hessian');
    }
    expect(checkDerivatives(chain(6)).checked).toEqual(['gradient', 'jacobian', 'hessian', 'hessianProduct']);
  });

  it('names the entry of a wrong gradient, Jacobian and Hessian', () => {
    const right = chain(4);
    const wrong: NonlinearProgram = {
      ...right,
      gradient(x, target) {
        right.gradient(x, target);
        target[2] = target[2]! + 0.5;
      },
    };
    const report = checkDerivatives(wrong);
    expect(report.agrees).toBe(false);
    expect(report.disagreements.filter(({ what }) => what === 'gradient')).toMatchObject([{ column: 2 }]);
    const wrongRow: NonlinearProgram = {
      ...right,
      jacobian(x, target) {
        right.jacobian(x, target);
        target[3] = 2 * target[3]! + 1;
      },
    };
    const { rows: patternRows, columns } = right.meta.jacobianPattern!;
    expect(checkDerivatives(wrongRow).disagreements.find(({ what }) => what === 'jacobian')).toMatchObject({
      row: patternRows[3],
      column: columns[3],
    });
    const wrongHessian: NonlinearProgram = { ...right, hessian: (_x, _w, _y, target) => target.fill(0) };
    expect(checkDerivatives(wrongHessian).disagreements.some(({ what }) => what === 'hessian')).toBe(true);
  });
});
