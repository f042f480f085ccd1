import { describe, expect, it } from 'vitest';
import { compileNl, readNl } from '../../../../lib/io/nl/index.js';
import { derivativeErrors } from '../../../support/derivative-check.js';
import { nlText } from '../../../support/nl-text.js';

/** A problem in x, y, z whose objective is this expression. */
function objectiveOf(expression: readonly string[], variableCount = 3) {
  const bounds = Array.from({ length: variableCount }, () => [-Infinity, Infinity] as const);
  return compileNl(readNl(nlText({ variableCount, bounds, constraints: [], objective: { expression } })));
}

const x = 0.7;
const y = 0.4;
const z = 1.3;
const point = Float64Array.of(x, y, z);
const logistic = 1 / (1 + Math.exp(-x));

const smooth: [string, string[], number][] = [
  ['add', ['o0', 'v0', 'v1'], x + y],
  ['subtract', ['o1', 'v0', 'v1'], x - y],
  ['multiply', ['o2', 'v0', 'v1'], x * y],
  ['divide', ['o3', 'v0', 'v1'], x / y],
  ['divide a constant', ['o3', 'n3', 'v1'], 3 / y],
  ['divide by a constant', ['o3', 'o44', 'v1', 'n3'], Math.exp(y) / 3],
  ['power', ['o5', 'v0', 'v1'], x ** y],
  ['power of itself', ['o5', 'v0', 'v0'], x ** x],
  ['fixed power', ['o5', 'v0', 'n2.5'], x ** 2.5],
  ['cube', ['o5', 'v0', 'n3'], x ** 3],
  ['fourth power', ['o5', 'v0', 'n4'], x ** 4],
  ['seventh power', ['o5', 'v0', 'n7'], x ** 7],
  ['inverse', ['o5', 'v0', 'n-1'], 1 / x],
  ['inverse square', ['o5', 'v0', 'n-2'], 1 / x ** 2],
  ['root as power', ['o5', 'v0', 'n.5'], Math.sqrt(x)],
  ['zeroth power', ['o5', 'v0', 'n0'], 1],
  ['power of a constant', ['o5', 'n2', 'v0'], 2 ** x],
  ['internal x^c', ['o76', 'v0', 'n2.5'], x ** 2.5],
  ['internal x^2', ['o77', 'v0'], x * x],
  ['internal c^x', ['o78', 'n3', 'v0'], 3 ** x],
  ['negate', ['o16', 'v0'], -x],
  ['tanh', ['o37', 'v0'], Math.tanh(x)],
  ['tan', ['o38', 'v0'], Math.tan(x)],
  ['sqrt', ['o39', 'v0'], Math.sqrt(x)],
  ['sinh', ['o40', 'v0'], Math.sinh(x)],
  ['sin', ['o41', 'v0'], Math.sin(x)],
  ['log10', ['o42', 'v0'], Math.log10(x)],
  ['log', ['o43', 'v0'], Math.log(x)],
  ['exp', ['o44', 'v0'], Math.exp(x)],
  ['cosh', ['o45', 'v0'], Math.cosh(x)],
  ['cos', ['o46', 'v0'], Math.cos(x)],
  ['atanh', ['o47', 'v0'], Math.atanh(x)],
  ['atan2', ['o48', 'v0', 'v1'], Math.atan2(x, y)],
  ['atan2 of itself', ['o48', 'v0', 'v0'], Math.PI / 4],
  ['atan', ['o49', 'v0'], Math.atan(x)],
  ['asinh', ['o50', 'v0'], Math.asinh(x)],
  ['asin', ['o51', 'v0'], Math.asin(x)],
  ['acosh', ['o52', 'v2'], Math.acosh(z)],
  ['acos', ['o53', 'v0'], Math.acos(x)],
  ['sum', ['o54', '3', 'v0', 'v1', 'o44', 'v2'], x + y + Math.exp(z)],
  ['logistic', ['o79', 'v0'], logistic],
  ['signed power', ['o80', 'v0', 'n1.7'], x ** 1.7],
  ['signed power of a negative', ['o80', 'o16', 'v0', 'v2'], -(x ** z)],
  ['constants only', ['o2', 'n3', 'o0', 'n1', 'n2'], 9],
  ['short and long constants', ['o0', 's4', 'l70000'], 70004],
];

const kinked: [string, string[], number][] = [
  ['modulo', ['o4', 'v2', 'v0'], z % x],
  ['less, positive', ['o6', 'v0', 'v1'], x - y],
  ['less, zero', ['o6', 'v1', 'v0'], 0],
  ['min', ['o11', '3', 'v0', 'v1', 'v2'], y],
  ['max', ['o12', '3', 'v0', 'v2', 'v1'], z],
  ['min of one', ['o11', '1', 'o44', 'v0'], Math.exp(x)],
  ['floor', ['o13', 'v2'], 1],
  ['ceil', ['o14', 'v2'], 2],
  ['abs', ['o15', 'o1', 'v1', 'v0'], x - y],
  ['integer division', ['o55', 'o2', 'n9', 'v0', 'v2'], Math.trunc((9 * x) / z)],
  ['precision', ['o56', 'v2', 'n1'], 1],
  ['round', ['o57', 'o16', 'v2', 'n0'], -1],
  ['truncate', ['o58', 'v0', 'n0'], 0],
  ['if, then', ['o35', 'o22', 'v1', 'v0', 'o43', 'v0', 'v2'], Math.log(x)],
  ['if, else, the other branch undefined', ['o35', 'o29', 'v1', 'v0', 'o43', 'n-1', 'o44', 'v2'], Math.exp(z)],
  ['if with an undefined branch in x', ['o35', 'o23', 'v1', 'v0', 'v0', 'o43', 'o16', 'v2'], x],
  ['and', ['o35', 'o21', 'o22', 'v1', 'v0', 'o28', 'v2', 'v0', 'v0', 'v1'], x],
  ['or', ['o35', 'o20', 'o22', 'v0', 'v1', 'o29', 'v0', 'v2', 'v0', 'v1'], y],
  ['not', ['o35', 'o34', 'o24', 'v0', 'v1', 'v0', 'v1'], x],
  ['not equal', ['o35', 'o30', 'v0', 'v1', 'v0', 'v1'], x],
  ['for all', ['o35', 'o70', '3', 'o22', 'v1', 'v0', 'o22', 'v0', 'v2', 'o22', 'v2', 'v0', 'v0', 'v1'], y],
  ['exists', ['o35', 'o71', '3', 'o22', 'v0', 'v1', 'o22', 'v0', 'v2', 'o22', 'v2', 'v0', 'v0', 'v1'], x],
  ['implication', ['o35', 'o72', 'o22', 'v0', 'v1', 'n0', 'o22', 'v1', 'v2', 'v0', 'v1'], x],
  ['equivalence', ['o35', 'o73', 'o22', 'v0', 'v1', 'o22', 'v2', 'v1', 'v0', 'v1'], x],
  ['piecewise-linear', ['o64', '3', 'n-1', 'n0.5', 'n2', 'n1', 'n4', 'v2'], -0.5 + 1 + 4 * 0.3],
];

describe('operators', () => {
  it.each(smooth)('%s: value and derivatives', (_name, expression, value) => {
    const problem = objectiveOf(expression);
    expect(Math.abs(problem.objective(point) - value)).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(value)) * 4);
    for (const error of Object.values(derivativeErrors(problem, point))) expect(error).toBeLessThanOrEqual(1);
    expect(problem.nl.notes).toEqual([]);
  });

  it.each(kinked)('%s: value, derivatives away from the kink, and a note', (_name, expression, value) => {
    const problem = objectiveOf(expression.map((token) => (/^\d+$/.test(token) ? token : token)));
    expect(problem.objective(point)).toBeCloseTo(value, 14);
    for (const error of Object.values(derivativeErrors(problem, point))) expect(error).toBeLessThanOrEqual(1);
    expect(problem.nl.notes.length).toBeGreaterThan(0);
    expect(problem.nl.notes[0]).toMatch(/line \d+/);
  });

  it('takes the documented side at kinks', () => {
    const slopeAt = (expression: string[], at: number): number => {
      const gradient = new Float64Array(3);
      objectiveOf(expression).gradient(Float64Array.of(at, 0, 0), gradient);
      return gradient[0]!;
    };
    expect(slopeAt(['o15', 'v0'], 0)).toBe(1);
    expect(slopeAt(['o6', 'v0', 'n0'], 0)).toBe(1);
    expect(slopeAt(['o12', '2', 'v0', 'o2', 'n3', 'v0'], 0)).toBe(1);
    expect(slopeAt(['o11', '2', 'v0', 'o2', 'n3', 'v0'], 0)).toBe(1);
    expect(slopeAt(['o64', '2', 'n-1', 'n2', 'n5', 'v0'], 2)).toBe(5);
  });

  it('gives NaN where a function or a condition is not defined', () => {
    expect(objectiveOf(['o43', 'o16', 'v0']).objective(point)).toBeNaN();
    expect(objectiveOf(['o35', 'o22', 'o43', 'o16', 'v0', 'n0', 'v0', 'v1']).objective(point)).toBeNaN();
  });

  it('has derivatives at 0 of powers that have them', () => {
    const origin = Float64Array.of(0, 2, 0);
    const gradient = new Float64Array(3);
    const cases = [
      [['o5', 'v0', 'v1'], 0],
      [['o5', 'v0', 'n2'], 0],
      [['o5', 'v0', 'n1'], 1],
      [['o80', 'v0', 'n2'], 0],
    ] as const;
    for (const [expression, slope] of cases) {
      const problem = objectiveOf(expression);
      problem.gradient(origin, gradient);
      expect(gradient[0]).toBe(slope);
      const hessian = new Float64Array(problem.meta.hessianPattern!.rows.length);
      problem.hessian!(origin, 1, new Float64Array(0), hessian);
      expect(hessian.every(Number.isFinite)).toBe(true);
    }
  });
});

describe('shared and nested expressions', () => {
  it('reads and evaluates a chain of 100,000 additions and one of 100,000 nested sines', () => {
    const depth = 100_000;
    const chain = [...Array.from({ length: depth }, () => 'o0'), 'o41', 'v0'];
    for (let k = 0; k < depth; k++) chain.push(k % 2 === 0 ? 'v1' : 'o44', ...(k % 2 === 0 ? [] : ['v2']));
    const sum = objectiveOf(chain);
    const expected = Math.sin(x) + (depth / 2) * (y + Math.exp(z));
    expect(Math.abs(sum.objective(point) / expected - 1)).toBeLessThan(1e-12);
    const nested = objectiveOf([...Array.from({ length: depth }, () => 'o41'), 'v0']);
    let value = x;
    for (let k = 0; k < depth; k++) value = Math.sin(value);
    expect(nested.objective(point)).toBe(value);
    const hessian = new Float64Array(1);
    nested.hessian!(point, 1, new Float64Array(0), hessian);
    expect(hessian[0]).toBeLessThan(0);
  });

  it('finds the sparsity of a chained problem exactly', () => {
    const n = 50;
    const terms = Array.from({ length: n - 1 }, (_, j) => ['o5', 'o1', `v${j + 1}`, 'o5', `v${j}`, 'n2', 'n2']).flat();
    const problem = objectiveOf(['o54', String(n - 1), ...terms], n);
    expect(problem.meta.hessianPattern!.rows.length).toBe(n + (n - 1));
    const at = Float64Array.from({ length: n }, (_, j) => Math.sin(j));
    for (const error of Object.values(derivativeErrors(problem, at))) expect(error).toBeLessThanOrEqual(1);
  });

  it('takes cancelling terms out and merges equal ones', () => {
    const problem = objectiveOf(['o0', 'o1', 'v0', 'v0', 'o0', 'o44', 'v1', 'o44', 'v1']);
    const gradient = new Float64Array(3);
    problem.gradient(point, gradient);
    expect([...gradient]).toEqual([0, 2 * Math.exp(y), 0]);
    expect(problem.meta.hessianPattern!.rows.length).toBe(1);
  });

  it('knows linear and quadratic objectives', () => {
    const shape = (expression: string[]): unknown => objectiveOf(expression).meta.objectiveShape;
    expect(shape(['o0', 'v0', 'o2', 'n3', 'v1'])).toBe('linear');
    expect(shape(['o2', 'o0', 'v0', 'n1', 'o1', 'v1', 'v0'])).toBe('quadratic');
    expect(shape(['o5', 'o0', 'v0', 'v1', 'n2'])).toBe('quadratic');
    expect(shape(['o5', 'v0', 'n3'])).toBe('nonlinear');
    expect(shape(['o2', 'v0', 'o2', 'v1', 'v2'])).toBe('nonlinear');
    expect(shape(['o1', 'o2', 'v0', 'v1', 'o2', 'v1', 'v0'])).toBe('linear');
    expect(shape(['o3', 'o5', 'v0', 'n2', 'n4'])).toBe('quadratic');
  });

  it('leaves the Hessian out, and says so, when it would be too large', () => {
    const bounds = [
      [-Infinity, Infinity],
      [-Infinity, Infinity],
    ] as const;
    const expression = ['o44', 'o2', 'v0', 'v1'];
    const text = nlText({ variableCount: 2, bounds, constraints: [], objective: { expression } });
    const problem = compileNl(readNl(text), { maxHessianUpdates: 1 });
    expect(typeof problem.hessian).toBe('undefined');
    expect(problem.nl.notes).toEqual(['The Hessian takes more than 1 updates; only its products are offered.']);
    const product = new Float64Array(2);
    problem.hessianProduct(Float64Array.of(0, 0), 1, new Float64Array(0), Float64Array.of(1, 0), product);
    expect([...product]).toEqual([0, 1]);
  });
});
