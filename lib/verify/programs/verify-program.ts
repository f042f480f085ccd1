import type { Reader } from '../reader.js';
import { verifyProgramBound } from './bound.js';
import { Dyadic } from './dyadic.js';
import { dot, inner, product } from './products.js';
import { readProgram, readVector, type ProgramStatement, type RationalVector } from './statement.js';

/** What a certificate of a program proves. */
export interface ProgramVerdict {
  /** A point has an objective of at most this. */
  readonly value: number | undefined;
  /** Part by which that point may pass a side, relative to max(1, |side|). */
  readonly tolerance: number | undefined;
  /** No point has an objective below this; Infinity: there is no point. */
  readonly bound: number | undefined;
  /** True: the objective falls without end. */
  readonly isUnbounded: boolean;
  /** Leaves of the tree that were checked. */
  readonly leaves: number;
  /** What is proven, in words. */
  readonly sentences: readonly string[];
}

const largestTolerance = 1e-3;

/**
 * Checks the claims about a linear or convex quadratic program, integers or not, by exact arithmetic. Throws CertificateError.
 *
 * @param problem - The program, as read.
 * @param claims - The claims, as read.
 * @throws CertificateError with the place of the claim that does not hold.
 * @example
 * ```ts
 * import { certifyProgram } from 'sft-opt/certify';
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { verifyCertificate } from 'sft-opt/verify';
 *
 * const problem = {
 *   hessian: { kind: 'diagonal' as const, values: Float64Array.of(2, 2) },
 *   linear: Float64Array.of(-2, -4),
 *   constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   constraintLower: Float64Array.of(-Infinity),
 *   constraintUpper: Float64Array.of(2),
 *   lower: Float64Array.of(0, 0),
 *   upper: Float64Array.of(Infinity, Infinity),
 * };
 * const { certificate } = certifyProgram(problem);
 * // `verifyCertificate` reads the text, and asks this function about its claims.
 * console.log((await verifyCertificate(JSON.stringify(certificate))).program?.isUnbounded); // false
 * ```
 */
export function verifyProgram(problem: Reader, claims: Reader): ProgramVerdict {
  const program = readProgram(problem);
  const { point, bound, ray } = claims.members('point bound ray');
  if (point.isNull && bound.isNull) claims.fail('nothing is claimed');
  if (!ray.isNull && (point.isNull || !bound.isNull)) ray.fail('it starts at a point, and no bound stands beside it');
  const found = point.optional((given) => verifyPoint(given, program));
  if (found && !ray.isNull) return verifyUnbounded(ray, program, found.tolerance);
  const shown = bound.optional((given) => verifyProgramBound(given, program));
  const least = shown && (shown.value ?? Infinity);
  const sentences: string[] = [];
  if (found) sentences.push(`There is a point ${kept(found.tolerance)} with an objective of at most ${found.value}.`);
  if (shown?.value !== undefined) sentences.push(`No point ${kept(0)} has an objective below ${shown.value}.`);
  else if (shown) sentences.push(`There is no point ${kept(0)}.`);
  return {
    value: found?.value,
    tolerance: found?.tolerance,
    bound: least,
    isUnbounded: false,
    leaves: shown?.leaves ?? 0,
    sentences,
  };
}

function kept(tolerance: number): string {
  const rows = 'that keeps all bounds, rows and integers';
  return tolerance === 0 ? `${rows} exactly` : `${rows}, sides within ${tolerance}·max(1, |side|),`;
}

function verifyPoint(at: Reader, program: ProgramStatement): { value: number; tolerance: number } {
  const { value: claimed, ...point } = at.members('value tolerance over x');
  const value = claimed.number();
  const { x, tolerance } = readPoint(point, program);
  // Twice the objective times D².
  const curved = inner(product(program.hessian, x.entries), x.entries);
  const doubled = program.constant.minus(Dyadic.of(value)).times(x.over).plus(inner(program.linear, x.entries));
  const excess = curved.plus(doubled.times(x.over).times(new Dyadic(2n, 0)));
  claimed.require('value reached', excess.sign <= 0, 'the objective of the point is larger');
  return { value, tolerance };
}

/** A point that keeps bounds, rows and integers, sides but for the tolerance. */
function readPoint(
  at: Record<'tolerance' | 'over' | 'x', Reader>,
  program: ProgramStatement,
): { x: RationalVector; tolerance: number } {
  const tolerance = at.tolerance.number(0, largestTolerance);
  const x = readVector(at.x, at.over, program.linear.length, program.size);
  if (x.over.sign === 0) at.over.fail('a positive integer is expected');
  const part = Dyadic.of(tolerance);
  const slack = (side: Dyadic): Dyadic =>
    part.times(side.absolute().isAtMost(Dyadic.one) ? Dyadic.one : side.absolute());
  const holds = (value: Dyadic, lower: Dyadic | undefined, upper: Dyadic | undefined): boolean =>
    (!lower || lower.minus(slack(lower)).times(x.over).isAtMost(value)) &&
    (!upper || value.isAtMost(upper.plus(slack(upper)).times(x.over)));
  x.entries.forEach((value, j) => {
    const isWhole = program.isInteger[j] === 0 || value.isMultipleOf(x.over);
    at.x.require('integers whole', isWhole, `variable ${j} is not whole`);
    const isWithin = holds(value, program.lower[j], program.upper[j]);
    at.x.require('bounds kept', isWithin, `variable ${j} is outside its bounds`);
  });
  program.rows.forEach((row, i) => {
    const isWithin = holds(dot(row, x.entries), program.rowLower[i], program.rowUpper[i]);
    at.x.require('rows kept', isWithin, `row ${i} is outside its sides`);
  });
  return { x, tolerance };
}

function verifyUnbounded(at: Reader, program: ProgramStatement, tolerance: number): ProgramVerdict {
  const { entries: ray } = readVector(at, undefined, program.linear.length, program.size, 2);
  const stays = (change: Dyadic, lower: Dyadic | undefined, upper: Dyadic | undefined): boolean =>
    (change.sign >= 0 || !lower) && (change.sign <= 0 || !upper);
  ray.forEach((change, j) => {
    const isWithin = stays(change, program.lower[j], program.upper[j]);
    at.require('ray within bounds', isWithin, `leaves the bounds of variable ${j}`);
  });
  program.rows.forEach((row, i) => {
    const isWithin = stays(dot(row, ray), program.rowLower[i], program.rowUpper[i]);
    at.require('ray within rows', isWithin, `leaves the sides of row ${i}`);
  });
  const isFlat = product(program.hessian, ray).every(({ sign }) => sign === 0);
  at.require('ray flat', isFlat, 'the objective bends along it');
  at.require('ray descends', inner(program.linear, ray).sign < 0, 'the objective does not fall along it');
  const sentence = `There is a point ${kept(tolerance)}, from which others with an objective as low as one likes are reached along a ray.`;
  return { value: undefined, tolerance, bound: undefined, isUnbounded: true, leaves: 0, sentences: [sentence] };
}
