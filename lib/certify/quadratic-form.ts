import { assembleSparse } from '../linalg/index.js';
import type {
  FactorableForm,
  FactorableProgram,
  LinearForm,
  MixedIntegerNonlinearProgram,
  NonlinearProgram,
  QuadraticProgram,
} from '../problem/index.js';
import { Dyadic } from '../verify/programs/index.js';
import { asDouble, NotCertifiable } from './state-program.js';

/** A polynomial of degree two at most; products of variables i ≥ j by i·n + j. */
interface Polynomial {
  readonly constant: Dyadic;
  readonly linear: ReadonlyMap<number, Dyadic>;
  readonly quadratic: ReadonlyMap<number, Dyadic>;
}

/**
 * The linear or quadratic program that a problem made of known operations is, multiplied out exactly. Throws NotCertifiable, naming
 * what is in the way: another operation, a constraint that is not linear, a number that no double is, ordered sets.
 */
export function quadraticProgramOf(problem: NonlinearProgram | MixedIntegerNonlinearProgram): {
  program: QuadraticProgram;
  integers: readonly number[];
} {
  if ('specialOrderedSets' in problem && problem.specialOrderedSets.length > 0) {
    throw new NotCertifiable('special ordered sets have no certificates');
  }
  const form = 'factorable' in problem ? (problem as FactorableProgram).factorable() : undefined;
  if (!form) throw new NotCertifiable('the problem is not made of operations that certificates can state');
  const { meta } = problem;
  const [n, m] = [meta.variableCount, meta.constraintCount];
  const expand = expansion(form);
  const objective = expand(form.objective, 'the objective');
  const name = (i: number): string => `constraint ${meta.constraintNames?.[i] ?? i}`;
  const rows = form.constraints.map((part, i) => {
    const row = expand(part, name(i));
    if (row.quadratic.size > 0)
      throw new NotCertifiable(`${name(i)} is not linear: only the objective may be quadratic`);
    return row;
  });
  const entries: [number, number, number][] = [];
  rows.forEach(({ linear }, i) =>
    linear.forEach((value, j) =>
      entries.push([i, j, asDouble(value, `the coefficient of variable ${j} in ${name(i)}`)]),
    ),
  );
  const curved: [number, number, number][] = [];
  objective.quadratic.forEach((value, key) => {
    const [i, j] = [Math.floor(key / n), key % n];
    const entry = asDouble(i === j ? value.plus(value) : value, `entry (${i}, ${j}) of the Hessian`);
    curved.push([i, j, entry]);
    if (i !== j) curved.push([j, i, entry]);
  });
  const matrix = (rowCount: number, list: readonly (readonly [number, number, number])[]) =>
    assembleSparse(
      rowCount,
      n,
      list.map(([i]) => i),
      list.map(([, j]) => j),
      list.map(([, , value]) => value),
    ).matrix;
  const linear = Float64Array.from({ length: n }, (_, j) =>
    asDouble(objective.linear.get(j) ?? Dyadic.zero, `the cost of variable ${j}`),
  );
  const sides = (list: Float64Array): Float64Array =>
    list.map((side, i) =>
      Number.isFinite(side) ? asDouble(Dyadic.of(side).minus(rows[i]!.constant), `a side of ${name(i)}`) : side,
    );
  return {
    program: {
      ...(curved.length > 0 && { hessian: matrix(n, curved) }),
      linear,
      constant: asDouble(objective.constant, 'the constant of the objective'),
      ...(m > 0 && { constraintMatrix: matrix(m, entries) }),
      constraintLower: sides(meta.constraintLower),
      constraintUpper: sides(meta.constraintUpper),
      lower: meta.lower,
      upper: meta.upper,
    },
    integers: 'integerVariables' in problem ? Array.from(problem.integerVariables) : [],
  };
}

function expansion(form: FactorableForm): (part: LinearForm, place: string) => Polynomial {
  const n = form.variableCount;
  const known = new Map<number, Polynomial>();
  const constant = (value: Dyadic): Polynomial => ({ constant: value, linear: new Map(), quadratic: new Map() });
  const combined = (terms: readonly (readonly [Dyadic, Polynomial])[], offset: Dyadic): Polynomial => {
    let total = offset;
    const linear = new Map<number, Dyadic>();
    const quadratic = new Map<number, Dyadic>();
    const add = (map: Map<number, Dyadic>, key: number, value: Dyadic): void => {
      const sum = (map.get(key) ?? Dyadic.zero).plus(value);
      if (sum.n === 0n) map.delete(key);
      else map.set(key, sum);
    };
    for (const [factor, term] of terms) {
      total = total.plus(factor.times(term.constant));
      term.linear.forEach((value, key) => add(linear, key, factor.times(value)));
      term.quadratic.forEach((value, key) => add(quadratic, key, factor.times(value)));
    }
    return { constant: total, linear, quadratic };
  };
  const product = (a: Polynomial, b: Polynomial, place: string): Polynomial => {
    if ((a.quadratic.size > 0 && b.linear.size + b.quadratic.size > 0) || (b.quadratic.size > 0 && a.linear.size > 0)) {
      throw new NotCertifiable(`${place} has a term of degree above two`);
    }
    const squares: (readonly [Dyadic, Polynomial])[] = [];
    a.linear.forEach((first, i) =>
      b.linear.forEach((second, j) => {
        const key = Math.max(i, j) * n + Math.min(i, j);
        squares.push([first.times(second), { ...constant(Dyadic.zero), quadratic: new Map([[key, Dyadic.one]]) }]);
      }),
    );
    return combined([[a.constant, { ...b, constant: Dyadic.zero }], [b.constant, a], ...squares], Dyadic.zero);
  };
  const slot = (index: number, place: string): Polynomial => {
    if (index < n) return { ...constant(Dyadic.zero), linear: new Map([[index, Dyadic.one]]) };
    const found = known.get(index);
    if (found) return found;
    throw new NotCertifiable(`${place} has an operation that is not linear or quadratic`);
  };
  // Operations in their order; those that are not polynomials matter only where they are used.
  const reasons = new Map<number, string>();
  form.operations.forEach(({ kind, operands, coefficients, parameter }, k) => {
    const at = n + k;
    try {
      const of = operands.map((index) => slot(index, 'it'));
      if (kind === 'constant') known.set(at, constant(Dyadic.of(parameter)));
      else if (kind === 'affine') {
        known.set(
          at,
          combined(
            of.map((term, t) => [Dyadic.of(coefficients[t]!), term] as const),
            Dyadic.of(parameter),
          ),
        );
      } else if (kind === 'multiply') known.set(at, product(of[0]!, of[1]!, 'it'));
      else if (kind === 'square' || (kind === 'power' && parameter === 2)) known.set(at, product(of[0]!, of[0]!, 'it'));
      else if (kind === 'power' && parameter === 1) known.set(at, of[0]!);
      else if (kind === 'divide' && of[1]!.linear.size + of[1]!.quadratic.size === 0) {
        known.set(at, combined([[inverse(of[1]!.constant), of[0]!]], Dyadic.zero));
      } else reasons.set(at, `holds ${kind}, which is neither linear nor quadratic`);
    } catch (error) {
      if (!(error instanceof NotCertifiable)) throw error;
      const nested = operands.map((index) => reasons.get(index)).find((reason) => reason !== undefined);
      reasons.set(at, nested ?? error.message.replace(/^it /u, ''));
    }
  });
  return (part, place) => {
    const terms = part.slots.map((index, t) => {
      const reason = reasons.get(index);
      if (reason !== undefined) throw new NotCertifiable(`${place} ${reason}`);
      return [Dyadic.of(part.coefficients[t]!), slot(index, place)] as const;
    });
    return combined(terms, Dyadic.of(part.constant));
  };
}

/** 1/c, where that is a double: of powers of two. */
function inverse(value: Dyadic): Dyadic {
  const double = 1 / asDouble(value, 'a divisor');
  if (Number.isFinite(double) && Dyadic.of(double).times(value).minus(Dyadic.one).n === 0n) return Dyadic.of(double);
  throw new NotCertifiable(`it divides by ${1 / double}, whose reciprocal is no double`);
}
