import type {
  FactorableForm,
  FactorableOperation,
  FactorableProgram,
  LinearForm,
  NonlinearProgram,
} from '../problem/index.js';
import { Expressions } from './spatial/expressions.js';
import { denseJacobian } from './tangents.js';

/** Points at which a form is compared with the problem's own functions. */
const checkedPoints = 4;
const agreement = 1e-7;
/** More terms than this are not worth a dense relaxation. */
const mostTerms = 20_000;

/**
 * What a problem is made of, where it says so: its own form, or the quadratic objective and affine rows that its facts
 * declare, read off its derivatives. Undefined where nothing is declared, and where the form does not give the values of
 * the problem's functions at points of its box.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param random - Uniform random numbers, for the points at which the form is compared.
 * @example
 * ```ts
 * import { structureOf } from 'sft-opt/integer';
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * console.log(structureOf(compileNl(model), () => 0.5) !== undefined); // true
 * ```
 */
export function structureOf(problem: NonlinearProgram, random: () => number): FactorableForm | undefined {
  const own = 'factorable' in problem ? (problem as FactorableProgram).factorable() : undefined;
  const form = own ?? declaredForm(problem);
  return form && agrees(problem, form, random) ? form : undefined;
}

function declaredForm(problem: NonlinearProgram): FactorableForm | undefined {
  const { meta } = problem;
  const { objectiveShape, linearConstraints, constraintCount: m, variableCount: n } = meta;
  if (objectiveShape !== 'linear' && objectiveShape !== 'quadratic') return undefined;
  if (!problem.gradient || (m > 0 && (!problem.jacobian || !linearConstraints?.every((flag) => flag === 1)))) {
    return undefined;
  }
  const x = meta.start.map((value, j) => Math.min(Math.max(value, meta.lower[j]!), meta.upper[j]!));
  try {
    const quadratic = objectiveShape === 'quadratic' ? quadraticEntries(problem, x) : [];
    if (!quadratic || quadratic.length > mostTerms || m * n > 100 * mostTerms) return undefined;
    const constraints = m > 0 ? affineForms(problem, x) : [];
    return { ...quadraticForm(problem, x, quadratic), variableCount: n, constraints };
  } catch {
    return undefined;
  }
}

interface Entry {
  readonly row: number;
  readonly column: number;
  readonly value: number;
}

/** Lower triangle of the objective's Hessian; by differences of the gradient where it is not offered. */
function quadraticEntries(problem: NonlinearProgram, x: Float64Array): Entry[] | undefined {
  const { variableCount: n, constraintCount: m, hessianPattern } = problem.meta;
  const entries: Entry[] = [];
  if (problem.hessian) {
    const values = new Float64Array(hessianPattern ? hessianPattern.rows.length : (n * (n + 1)) / 2);
    problem.hessian(x.slice(), 1, new Float64Array(m), values);
    if (hessianPattern) {
      values.forEach((value, k) => {
        if (value !== 0) entries.push({ row: hessianPattern.rows[k]!, column: hessianPattern.columns[k]!, value });
      });
    } else {
      for (let row = 0, k = 0; row < n; row++) {
        for (let column = 0; column <= row; column++, k++) {
          if (values[k] !== 0) entries.push({ row, column, value: values[k]! });
        }
      }
    }
    return entries;
  }
  if (n > 200) return undefined;
  const at = new Float64Array(n);
  const moved = new Float64Array(n);
  problem.gradient!(x.slice(), at);
  for (let column = 0; column < n; column++) {
    const y = x.slice();
    y[column]! += x[column]! < problem.meta.upper[column]! ? 1 : -1;
    problem.gradient!(y, moved);
    for (let row = column; row < n; row++) {
      const value = (moved[row]! - at[row]!) / (y[column]! - x[column]!);
      if (Math.abs(value) > 1e-11 * (Math.abs(moved[row]!) + Math.abs(at[row]!))) entries.push({ row, column, value });
    }
  }
  return entries;
}

/** f(x₀) + ∇f(x₀)ᵀ(x − x₀) + ½(x − x₀)ᵀH(x − x₀) multiplied out. */
function quadraticForm(
  problem: NonlinearProgram,
  x: Float64Array,
  entries: readonly Entry[],
): { operations: FactorableOperation[]; objective: LinearForm } {
  const n = problem.meta.variableCount;
  const linear = new Float64Array(n);
  problem.gradient!(x.slice(), linear);
  let constant = problem.objective(x.slice());
  const product = new Float64Array(n);
  for (const { row, column, value } of entries) {
    product[row]! += value * x[column]!;
    if (row !== column) product[column]! += value * x[row]!;
  }
  for (let j = 0; j < n; j++) {
    constant -= x[j]! * (linear[j]! - 0.5 * product[j]!);
    linear[j]! -= product[j]!;
  }
  const operations: FactorableOperation[] = [];
  const slots = [...linear.keys()].filter((j) => linear[j] !== 0);
  const coefficients = slots.map((j) => linear[j]!);
  for (const { row, column, value } of entries) {
    const isSquare = row === column;
    operations.push(
      isSquare
        ? { kind: 'square', operands: [row], coefficients: [1], parameter: 0 }
        : { kind: 'multiply', operands: [column, row], coefficients: [1, 1], parameter: 0 },
    );
    slots.push(n + operations.length - 1);
    coefficients.push(isSquare ? value / 2 : value);
  }
  return { operations, objective: { constant, slots, coefficients } };
}

function affineForms(problem: NonlinearProgram, x: Float64Array): LinearForm[] {
  const values = new Float64Array(problem.meta.constraintCount);
  problem.constraints!(x.slice(), values);
  return denseJacobian(problem, x.slice()).map((row, i) => {
    const slots = [...row.keys()].filter((j) => row[j] !== 0);
    const constant = slots.reduce((rest, j) => rest - row[j]! * x[j]!, values[i]!);
    // The difference of equal numbers is rounding.
    const size = slots.reduce((sum, j) => sum + Math.abs(row[j]! * x[j]!), Math.abs(values[i]!));
    return {
      constant: Math.abs(constant) <= 1e-13 * size ? 0 : constant,
      slots,
      coefficients: slots.map((j) => row[j]!),
    };
  });
}

/** Whether form and problem have the same values at random points of the box. */
function agrees(problem: NonlinearProgram, form: FactorableForm, random: () => number): boolean {
  const { meta } = problem;
  const expressions = new Expressions(form);
  const values = new Float64Array(expressions.slotCount);
  const own = new Float64Array(meta.constraintCount);
  for (let k = 0; k < checkedPoints; k++) {
    const x = meta.start.map((start, j) => {
      const near = Math.min(Math.max(start, meta.lower[j]!), meta.upper[j]!);
      const [low, high] = [Math.max(meta.lower[j]!, near - 10), Math.min(meta.upper[j]!, near + 10)];
      return low + random() * (high - low);
    });
    values.set(x);
    expressions.evaluate(values);
    try {
      own.fill(0);
      const objective = problem.objective(x.slice());
      problem.constraints?.(x.slice(), own);
      const pairs = expressions.functions.map((part, i) => [
        i === 0 ? objective : own[i - 1]!,
        expressions.valueOf(part, values),
        part.slots.reduce((sum, slot, t) => sum + Math.abs(part.coefficients[t]! * values[slot]!), 1),
      ]);
      const isEqual = pairs.every(
        ([a, b, size]) => !(Number.isFinite(a!) && Number.isFinite(b!)) || Math.abs(a! - b!) <= agreement * size!,
      );
      if (!isEqual) return false;
    } catch {
      return false;
    }
  }
  return true;
}
