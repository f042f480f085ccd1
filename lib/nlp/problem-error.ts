import type { MixedIntegerNonlinearProgram, NlpMeta, NonlinearProgram } from '../problem/index.js';

/** One thing that is wrong with a problem. */
export interface ProblemIssue {
  /** Where, for instance `meta.lower[3]`. */
  readonly path: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** All that is wrong with a problem as it was given. */
export class ProblemError extends RangeError {
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'nlp-problem';
  constructor(readonly issues: readonly ProblemIssue[]) {
    super(issues.map(({ path, message }) => `${path}: ${message}`).join('\n'));
    this.name = 'ProblemError';
  }
}

/** No more than this many entries of one array are named. */
const mostNamed = 5;

/**
 * Checks what a problem says of itself before anything is evaluated: lengths, NaN where a number is needed, sides that
 * no number can meet, patterns and indices out of range, functions that are missing. Throws `ProblemError` with everything at once.
 *
 * @param problem - The program, with or without integer variables.
 * @throws ProblemError with everything that is wrong.
 * @example
 * ```ts
 * import { checkProblem } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * checkProblem(problem);
 * ```
 */
export function checkProblem(problem: NonlinearProgram | MixedIntegerNonlinearProgram): void {
  const issues: ProblemIssue[] = [];
  const meta = problem.meta as Partial<NlpMeta> | undefined;
  if (!meta) throw new ProblemError([{ path: 'meta', message: 'missing' }]);
  const check = new MetaCheck(meta, issues);
  const n = check.count('variableCount');
  const m = check.count('constraintCount');
  if (n !== undefined) {
    check.sides('lower', 'upper', n);
    check.numbers('start', n, true);
    check.numbers('startBoundMultipliers', n);
    check.numbers('typical', n);
    check.names('variableNames', n);
    meta.typical?.forEach((size, j) => {
      if (!(size > 0)) issues.push({ path: `meta.typical[${j}]`, message: `${size}, where a positive size is needed` });
    });
  }
  if (m !== undefined) {
    check.sides('constraintLower', 'constraintUpper', m);
    check.numbers('startMultipliers', m);
    check.names('constraintNames', m);
    check.length('linearConstraints', m);
  }
  if (n !== undefined && m !== undefined) {
    check.pattern('jacobianPattern', m, n, false);
    check.pattern('hessianPattern', n, n, true);
  }
  checkFunctions(problem, m ?? 0, issues);
  if ('integerVariables' in problem && n !== undefined) checkIntegers(problem.integerVariables, n, issues);
  if (issues.length > 0) throw new ProblemError(issues);
}

function checkFunctions(problem: NonlinearProgram, constraintCount: number, issues: ProblemIssue[]): void {
  const kinds = ['objective', 'constraints', 'gradient', 'jacobian', 'hessian', 'hessianProduct'] as const;
  for (const name of kinds) {
    const given: unknown = (problem as unknown as Record<string, unknown>)[name];
    const needed = name === 'objective' || (name === 'constraints' && constraintCount > 0);
    if (given === undefined && needed) {
      const why = name === 'constraints' ? `, although meta.constraintCount is ${constraintCount}` : '';
      issues.push({ path: name, message: `missing${why}` });
    } else if (given !== undefined && typeof given !== 'function') {
      issues.push({ path: name, message: `${typeof given}, where a function is needed` });
    }
  }
}

function checkIntegers(given: ArrayLike<number> | undefined, variableCount: number, issues: ProblemIssue[]): void {
  if (given === undefined || typeof given.length !== 'number') {
    issues.push({ path: 'integerVariables', message: 'an array of indices is needed' });
    return;
  }
  const seen = new Set<number>();
  for (let k = 0; k < given.length; k++) {
    const index = given[k]!;
    if (!Number.isInteger(index) || index < 0 || index >= variableCount) {
      const allowed = variableCount === 0 ? 'there are no variables' : `indices run from 0 to ${variableCount - 1}`;
      issues.push({ path: `integerVariables[${k}]`, message: `${index}, but ${allowed}` });
    } else if (seen.has(index)) issues.push({ path: `integerVariables[${k}]`, message: `${index} is named twice` });
    seen.add(index);
  }
}

class MetaCheck {
  constructor(
    private readonly meta: Partial<NlpMeta>,
    private readonly issues: ProblemIssue[],
  ) {}

  private say(path: string, message: string): void {
    this.issues.push({ path: `meta.${path}`, message });
  }

  count(name: 'variableCount' | 'constraintCount'): number | undefined {
    const value = this.meta[name];
    if (Number.isInteger(value) && value! >= 0) return value;
    this.say(name, `${String(value)}, where a whole number of at least 0 is needed`);
    return undefined;
  }

  /** True if the array is there with the right length; an absent optional one is passed over. */
  length(name: keyof NlpMeta, length: number, needed = false): boolean {
    const value = this.meta[name] as ArrayLike<unknown> | undefined;
    if (!value) {
      if (needed) this.say(name, `missing; an array of length ${length} is needed`);
      return false;
    }
    if (typeof value !== 'object' || typeof value.length !== 'number') {
      this.say(name, `${typeof value}, where an array of length ${length} is needed`);
      return false;
    }
    if (value.length === length) return true;
    this.say(name, `length ${value.length}, where ${length} is needed`);
    return false;
  }

  numbers(name: keyof NlpMeta, length: number, needed = false): void {
    if (!this.length(name, length, needed)) return;
    const values = this.meta[name] as ArrayLike<number>;
    let named = 0;
    for (let k = 0; k < length && named < mostNamed; k++) {
      if (Number.isFinite(values[k])) continue;
      this.say(`${name}[${k}]`, `${values[k]}, where a finite number is needed`);
      named++;
    }
  }

  sides(lowerName: 'lower' | 'constraintLower', upperName: 'upper' | 'constraintUpper', length: number): void {
    for (const name of [lowerName, upperName]) {
      if (!this.length(name, length, true)) continue;
      const values = this.meta[name]!;
      const never = name === lowerName ? Infinity : -Infinity;
      let named = 0;
      for (let k = 0; k < length && named < mostNamed; k++) {
        const value = values[k]!;
        if (typeof value === 'number' && !Number.isNaN(value) && value !== never) continue;
        const absent = name === lowerName ? '-Infinity' : 'Infinity';
        this.say(`${name}[${k}]`, `${value}, where a number or ${absent} (for none) is needed`);
        named++;
      }
    }
  }

  names(name: 'variableNames' | 'constraintNames', length: number): void {
    this.length(name, length);
  }

  pattern(name: 'jacobianPattern' | 'hessianPattern', rows: number, columns: number, triangle: boolean): void {
    const pattern = this.meta[name];
    if (pattern === undefined) return;
    if (pattern.rows.length !== pattern.columns.length) {
      this.say(name, `${pattern.rows.length} rows, but ${pattern.columns.length} columns`);
      return;
    }
    for (let k = 0; k < pattern.rows.length; k++) {
      const row = pattern.rows[k]!;
      const column = pattern.columns[k]!;
      const inside = row >= 0 && row < rows && column >= 0 && column < columns;
      if (inside && (!triangle || row >= column)) continue;
      const what = inside
        ? 'lies above the diagonal; the lower triangle is needed'
        : `lies outside ${rows} × ${columns}`;
      this.say(`${name}[${k}]`, `(${row}, ${column}) ${what}`);
      return;
    }
  }
}
