import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkDerivatives,
  findRoot,
  fitCurve,
  InputError,
  leastSquares,
  minimize,
  minimizeScalar,
  solveLp,
  solveMilp,
  solveQuadratic,
  summary,
} from '../../../lib/index.js';

describe('minimize(f, x0, …)', () => {
  const rosenbrock = (x: readonly [number, number]): number => 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2;

  it('takes bounds for all, for each, and by name, and gives values by name', () => {
    const each = minimize(rosenbrock, [-1.2, 0.4], { bounds: [[-2, 0.5], null] });
    const named = minimize(rosenbrock, [-1.2, 0.4], { names: ['a', 'b'], bounds: { a: [null, 0.5] } });
    for (const { objective } of [each, named]) expect(objective).toBeCloseTo(0.25, 7);
    expect(named.values!['b']).toBeCloseTo(0.25, 6);
  });

  it('keeps constraints given as functions or coefficients, by name or in a list', () => {
    // The nearest point to (2, 1) on the disc of radius 1 above the line a + b = 1.
    const result = minimize((x) => (x[0] - 2) ** 2 + (x[1] - 1) ** 2, [0, 0], {
      constraints: {
        disc: { value: (x) => x[0] ** 2 + x[1] ** 2, gradient: (x) => [2 * x[0], 2 * x[1]], atMost: 1 },
        line: { linear: [1, 1], atLeast: 1 },
      },
      gradient: (x) => [2 * (x[0] - 2), 2 * (x[1] - 1)],
    });
    expect(result.success).toBe(true);
    expect(result.point[0]).toBeCloseTo(2 / Math.sqrt(5), 6);
    expect(result.multipliersByName!['disc']).toBeCloseTo(Math.sqrt(5) - 1, 5);
    expect(result.multipliersByName!['line']).toBeCloseTo(0, 6);
    const listed = minimize((x) => x[0] ** 2 + x[1] ** 2, [3, 0], { constraints: [{ linear: [1, 2], equals: 5 }] });
    expect(listed.point.map((value) => Math.round(1e6 * value) / 1e6)).toEqual([1, 2]);
  });

  it('takes second derivatives and integers', () => {
    const quadratic = minimize((x) => (x[0] - 1.4) ** 2 + (x[1] + 0.3) ** 2, [0, 0], {
      hessian: () => [[2, 0], [0, 2]], // prettier-ignore
      gradient: (x) => [2 * (x[0] - 1.4), 2 * (x[1] + 0.3)],
    });
    expect(quadratic.point[0]).toBeCloseTo(1.4, 8);
    const integer = minimize((x) => (x[0] - 1.4) ** 2 + (x[1] + 0.3) ** 2, [0, 0], {
      bounds: [-5, 5],
      integers: [0],
      convex: true,
    });
    expect(integer.point[0]).toBe(1);
    expect(integer.point[1]).toBeCloseTo(-0.3, 5);
  });

  it('hands out copies: a function that changes x changes nothing', () => {
    const changing = (x: number[]): number => {
      const value = (x[0]! - 3) ** 2;
      x[0] = 99;
      return value;
    };
    const result = minimize(changing as unknown as (x: readonly [number]) => number, [0]);
    expect(result.point[0]).toBeCloseTo(3, 6);
  });

  it('names everything that is wrong at once', () => {
    const wrong = (): unknown =>
      minimize((x) => x[0], [NaN, 0], {
        bounds: [[0, 1], [3, 2], [0, 1]], // prettier-ignore
        names: ['a'],
        integers: [7],
        constraints: { c: { linear: [1], atMost: 1 }, d: { value: (x) => x[0] } },
      });
    expect(wrong).toThrow(InputError);
    try {
      wrong();
    } catch (error) {
      const places = (error as InputError).problems.map(({ place }) => place);
      expect(places).toEqual(
        expect.arrayContaining([
          'start[0]',
          'bounds',
          'bounds[1]',
          'names',
          'integers[0]',
          'constraints.c.linear',
          'constraints.d',
        ]),
      );
    }
  });

  it('takes the structured form as before, with success and JSON', () => {
    const result = minimize({
      meta: {
        variableCount: 1,
        constraintCount: 0,
        lower: Float64Array.of(-Infinity),
        upper: Float64Array.of(Infinity),
        constraintLower: new Float64Array(0),
        constraintUpper: new Float64Array(0),
        start: Float64Array.of(4),
      },
      objective: (x) => (x[0]! - 1) ** 2,
    });
    expect(result.success).toBe(true);
    expect((JSON.parse(JSON.stringify(result)) as { x: number[] }).x[0]).toBeCloseTo(1, 6);
  });
});

describe('leastSquares', () => {
  const t = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4];
  const y = [3.02, 1.85, 1.16, 0.86, 0.71, 0.58, 0.56, 0.49];
  const curve = (at: number, [a, k, c]: readonly [number, number, number]): number => a * Math.exp(-k * at) + c;
  const close = (found: ArrayLike<number>, expected: readonly number[], digits = 6): void =>
    expected.forEach((value, k) => expect(found[k]).toBeCloseTo(value, digits));

  it('has the errors of SciPy with known deviations', () => {
    const weights = t.map((_, i) => 1 / (0.1 + (0.2 * i) / 7) ** 2);
    const fit = fitCurve(curve, t, y, [2, 1, 0], { weights, absoluteWeights: true });
    close(fit.point, [2.53849827, 1.2713114, 0.48449274]);
    close(fit.standardErrors, [0.18334274, 0.23465472, 0.16613835], 5);
  });

  it.each([
    ['huber', [2.52909343, 1.25243424, 0.48931111], 0.10685167],
    ['soft-l1', [2.52943386, 1.23584993, 0.48689339], 0.10530582],
    ['cauchy', [2.53663155, 1.26747849, 0.48628725], 0.0106938],
  ] as const)('has the robust estimates of SciPy: %s', (loss, expected, cost) => {
    const spoiled = y.map((value, i) => (i === 3 ? 3 : value));
    const fit = fitCurve(curve, t, spoiled, [2, 1, 0], { loss, lossScale: 0.05 });
    close(fit.point, expected, 4);
    expect(fit.objective).toBeCloseTo(cost, 7);
  });

  it('stays within bounds, whose parameters have no error', () => {
    const fit = fitCurve(curve, t, y, [2, 1, 0], { bounds: [null, [0, 1], null], names: ['a', 'k', 'c'].slice() });
    expect(fit.values!['k']).toBe(1);
    expect(fit.standardErrors[1]).toBe(0);
    expect(fit.degreesOfFreedom).toBe(6);
  });

  it('agrees with the closed form of straight lines', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 4, maxLength: 12 }), (data) => {
        const n = data.length;
        const fit = fitCurve((at: number, [a, b]) => a + b * at, data.map((_, i) => i), data, [0, 0]); // prettier-ignore
        const mean = (n - 1) / 2;
        const spread = data.reduce((sum, _, i) => sum + (i - mean) ** 2, 0);
        const slope = data.reduce((sum, value, i) => sum + (i - mean) * value, 0) / spread;
        const intercept = data.reduce((sum, value) => sum + value, 0) / n - slope * mean;
        const squares = data.reduce((sum, value, i) => sum + (value - intercept - slope * i) ** 2, 0);
        expect(fit.point[1]).toBeCloseTo(slope, 6);
        expect(fit.point[0]).toBeCloseTo(intercept, 6);
        expect(fit.standardErrors[1]).toBeCloseTo(Math.sqrt(squares / (n - 2) / spread), 5);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('says that data do not determine a parameter', () => {
    const fit = leastSquares((x) => [x[0] + x[1] - 1, x[0] + x[1] - 1.1, x[0] + x[1] - 0.9], [0, 0]);
    expect(fit.standardErrors[0]).toBe(Infinity);
    expect(leastSquares((x) => [x[0] - 1, x[0] - 2], [0, 0]).standardErrors[1]).toBe(Infinity);
  });
});

describe('linear programs', () => {
  it('are the same by lists, triplets and names', () => {
    const listed = solveLp({ maximize: [3, 2], rows: [[1, 1], [1, 3], [1, 0]], atMost: [4, 6, 3] }); // prettier-ignore
    const sparse = solveLp({
      maximize: [3, 2],
      triplets: [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 3], [2, 0, 1]], // prettier-ignore
      atMost: [4, 6, 3],
    });
    const named = solveLp({
      maximize: { chairs: 3, tables: 2 },
      rows: {
        wood: { of: { chairs: 1, tables: 1 }, atMost: 4 },
        paint: { of: { chairs: 1, tables: 3 }, atMost: 6 },
        seats: { of: { chairs: 1 }, atMost: 3 },
      },
    });
    for (const { objective, x } of [listed, sparse, named]) expect([objective, ...x]).toEqual([11, 3, 1]);
    expect(named.values.tables).toBe(1);
    expect(named.pricesByName).toEqual({ wood: 2, paint: 0, seats: 1 });
    expect(JSON.stringify(named)).toContain('"x":[3,1]');
    expect(summary(named)).toMatch(/objective +11\n.*\n +chairs +3/u);
  });

  it('have prices that say what a unit more of a side is worth', () => {
    const value = (side: number): number => solveLp({ minimize: [2, 3], rows: [[1, 2]], atLeast: [side] }).objective;
    const { prices } = solveLp({ minimize: [2, 3], rows: [[1, 2]], atLeast: [4] });
    expect(prices[0]).toBeCloseTo(value(5) - value(4), 9);
  });

  it('say infeasible and unbounded', () => {
    expect(solveLp({ minimize: [1], rows: [[1], [1]], atLeast: [2, null], atMost: [null, 1] }).termination).toBe(
      'infeasible',
    );
    const unbounded = solveLp({ maximize: [1, 1], rows: [[1, -1]], atMost: [1] });
    expect(unbounded.termination).toBe('unbounded');
    expect(unbounded.success).toBe(false);
  });

  it('with integers agree with enumeration', () => {
    let cases = 0;
    fc.assert(
      fc.property(
        fc.array(fc.record({ gain: fc.integer({ min: 1, max: 20 }), weight: fc.integer({ min: 1, max: 15 }) }), {
          minLength: 3,
          maxLength: 8,
        }),
        (items) => {
          const room = Math.floor(items.reduce((sum, { weight }) => sum + weight, 0) / 2);
          let best = 0;
          for (let mask = 0; mask < 1 << items.length; mask++) {
            const chosen = items.filter((_, k) => (mask >> k) & 1);
            const weight = chosen.reduce((sum, item) => sum + item.weight, 0);
            if (weight <= room) best = Math.max(best, chosen.reduce((sum, item) => sum + item.gain, 0)); // prettier-ignore
          }
          const result = solveMilp({
            maximize: items.map(({ gain }) => gain),
            rows: [items.map(({ weight }) => weight)],
            atMost: [room],
            bounds: [0, 1],
          });
          expect(result.termination).toBe('optimal');
          expect(result.objective).toBeCloseTo(best, 6);
          expect(result.search.bound).toBeGreaterThanOrEqual(best - 1e-6);
          cases++;
        },
      ),
      { numRuns: 25, seed: 11 },
    );
    expect(cases).toBe(25);
  });

  it('with some integers, by name', () => {
    const { values } = solveMilp({
      maximize: { a: 1.1, b: 1 },
      rows: { sum: { of: { a: 2, b: 2 }, atMost: 5 }, first: { of: { a: 1 }, atMost: 1.5 } },
      integers: ['a'],
    });
    expect(values.a).toBe(1);
    expect(values.b).toBeCloseTo(1.5, 6);
  });

  it('name everything that is wrong at once', () => {
    expect(() => solveLp({ rows: [[1, 2]] })).toThrow(/minimize, maximize: found none of them/u);
    try {
      solveLp({ minimize: [1, NaN], rows: [[1], [1, 2]], atMost: [1] });
      expect.unreachable();
    } catch (error) {
      expect((error as InputError).problems.map(({ place }) => place)).toEqual(
        expect.arrayContaining(['minimize[1]', 'rows[0]', 'atMost', 'row 1']),
      );
    }
  });

  it('with a quadratic cost', () => {
    const result = solveQuadratic({ hessian: [[2, 0], [0, 2]], minimize: [-2, -5], rows: [[1, 1]], atMost: [1] }); // prettier-ignore
    expect([...result.x].map((value) => Math.round(1e9 * value) / 1e9)).toEqual([-0.25, 1.25]);
    expect(() => solveQuadratic({ hessian: [[2, 1], [0, 2]] })).toThrow(/symmetric/u); // prettier-ignore
  });
});

describe('searches along a line', () => {
  it('find roots to rounding where signs differ', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        (root, k) => {
          const { x, success } = findRoot((at) => Math.expm1(k * (at - root)), [-6, 7]);
          expect(success).toBe(true);
          expect(Math.abs(x - root)).toBeLessThanOrEqual(1e-12);
        },
      ),
      { seed: 3 },
    );
    expect(() => findRoot((x) => x * x + 1, [-1, 1])).toThrow(/opposite signs/u);
  });

  it('find minima as exactly as values allow', () => {
    fc.assert(
      fc.property(fc.double({ min: -4, max: 4, noNaN: true }), (centre) => {
        const { x, success, evaluations } = minimizeScalar((at) => Math.cosh(at - centre), [-6, 7]);
        expect(success).toBe(true);
        expect(Math.abs(x - centre)).toBeLessThanOrEqual(1e-6);
        expect(evaluations).toBeLessThan(80);
      }),
      { seed: 5 },
    );
    expect(minimizeScalar((x) => x, [2, 3]).x).toBeCloseTo(2, 6);
    expect(minimizeScalar((x) => Math.abs(x - 2.5), [2, 3], { maxEvaluations: 3 }).success).toBe(false);
  });
});

describe('checkDerivatives(f, x, …)', () => {
  it('names the derivative that is wrong', () => {
    const right = checkDerivatives((x) => x[0] ** 3 * x[1], [2, 1], {
      gradient: (x) => [3 * x[0] ** 2 * x[1], x[0] ** 3],
    });
    expect(right.agrees).toBe(true);
    const wrong = checkDerivatives((x) => x[0] ** 2, [3], {
      gradient: (x) => [2 * x[0]],
      constraints: [{ value: (x) => x[0] ** 3, gradient: (x) => [x[0] ** 2], atMost: 1 }],
    });
    expect(wrong.disagreements[0]).toMatchObject({ what: 'jacobian', row: 0, column: 0, given: 9 });
  });
});
