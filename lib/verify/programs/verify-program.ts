import type { Reader } from '../reader.js';
import { verifyProgramBound } from './bound.js';
import { Dyadic } from './dyadic.js';
import { dot, inner, symmetricProduct } from './products.js';
import {
  Duty,
  readProgram,
  readVector,
  type ProgramObligation,
  type ProgramStatement,
  type RationalVector,
} from './statement.js';

export interface ProgramVerifyOptions {
  /** Operations with one machine word that may be spent before the certificate is refused. */
  readonly maximumWork?: number;
  /** Obligations that are not checked: for tests of what each is good for. */
  readonly excluded?: ReadonlySet<ProgramObligation>;
}

/** What a certificate of a program proves. */
export interface ProgramVerdict {
  /** A point has an objective of at most this. */
  readonly value: number | undefined;
  /** Part by which that point may pass a side, relative to max(1, |side|). */
  readonly tolerance: number | undefined;
  /** No point has an objective below this; Infinity: there is no point. */
  readonly bound: number | undefined;
  readonly isUnbounded: boolean;
  readonly leaves: number;
  readonly sentences: readonly string[];
}

const largestTolerance = 1e-3;

/** Checks the claims about a linear or convex quadratic program, integers or not, by exact arithmetic. Throws CertificateError. */
export function verifyProgram(
  problem: Reader,
  claims: Reader,
  { maximumWork = 1e9, excluded = new Set() }: ProgramVerifyOptions = {},
): ProgramVerdict {
  const duty = new Duty(maximumWork, excluded);
  const program = readProgram(problem);
  const { point, bound, unbounded } = claims.members('point bound unbounded');
  if (point.isNull && bound.isNull && unbounded.isNull) claims.fail('nothing is claimed');
  if (!unbounded.isNull && !(point.isNull && bound.isNull)) claims.fail('`unbounded` stands alone');
  if (!unbounded.isNull) return verifyUnbounded(unbounded, program, duty);
  const found = point.isNull ? undefined : verifyPoint(point, program, duty);
  const shown = bound.isNull ? undefined : verifyProgramBound(bound, program, duty);
  const least = shown && (shown.value ?? Infinity);
  if (found && least !== undefined && found.tolerance === 0 && found.value < least) {
    claims.fail('the point is better than the bound allows: one of them must be wrong');
  }
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

function verifyPoint(reader: Reader, program: ProgramStatement, duty: Duty): { value: number; tolerance: number } {
  const at = reader.members('value tolerance over x');
  const value = at.value.number();
  const tolerance = at.tolerance.number(0, largestTolerance);
  const x = readVector(at.x, at.over, program.linear.length);
  requireFeasible(x, tolerance, at.x, program, duty);
  // Twice the objective times D².
  const curved = inner(symmetricProduct(program.hessian, x.entries), x.entries);
  const doubled = program.constant.minus(Dyadic.of(value)).times(x.over).plus(inner(program.linear, x.entries));
  const excess = curved.plus(doubled.times(x.over).times(new Dyadic(2n, 0)));
  duty.require('value reached', at.value.path, excess.sign <= 0, 'the objective of the point is larger');
  return { value, tolerance };
}

function requireFeasible(
  { over, entries, words }: RationalVector,
  tolerance: number,
  place: Reader,
  program: ProgramStatement,
  duty: Duty,
): void {
  duty.hold(program.size * words, place.path);
  duty.spend(program.size * words, place.path);
  const part = Dyadic.of(tolerance);
  const holds = (value: Dyadic, lower: Dyadic | undefined, upper: Dyadic | undefined): boolean => {
    const slack = (side: Dyadic): Dyadic =>
      part.times(side.absolute().isAtMost(Dyadic.one) ? Dyadic.one : side.absolute());
    return (
      (lower === undefined || lower.minus(slack(lower)).times(over).isAtMost(value)) &&
      (upper === undefined || value.isAtMost(upper.plus(slack(upper)).times(over)))
    );
  };
  entries.forEach((value, j) => {
    const isWhole = program.isInteger[j] === 0 || value.isMultipleOf(over);
    duty.require('integers whole', place.path, isWhole, `variable ${j} is not whole`);
    const isWithin = holds(value, program.lower[j], program.upper[j]);
    duty.require('bounds kept', place.path, isWithin, `variable ${j} is outside its bounds`);
  });
  program.rows.forEach((row, i) => {
    const isWithin = holds(dot(row, entries), program.rowLower[i], program.rowUpper[i]);
    duty.require('rows kept', place.path, isWithin, `row ${i} is outside its sides`);
  });
}

function verifyUnbounded(reader: Reader, program: ProgramStatement, duty: Duty): ProgramVerdict {
  const at = reader.members('tolerance over x ray rayOver');
  const tolerance = at.tolerance.number(0, largestTolerance);
  requireFeasible(readVector(at.x, at.over, program.linear.length), tolerance, at.x, program, duty);
  const ray = readVector(at.ray, at.rayOver, program.linear.length);
  duty.hold(program.size * ray.words, at.ray.path);
  duty.spend(2 * program.size * ray.words, at.ray.path);
  const place = at.ray.path;
  const stays = (change: Dyadic, lower: Dyadic | undefined, upper: Dyadic | undefined): boolean =>
    (change.sign >= 0 || lower === undefined) && (change.sign <= 0 || upper === undefined);
  ray.entries.forEach((change, j) => {
    const isWithin = stays(change, program.lower[j], program.upper[j]);
    duty.require('ray within bounds', place, isWithin, `leaves the bounds of variable ${j}`);
  });
  program.rows.forEach((row, i) => {
    const isWithin = stays(dot(row, ray.entries), program.rowLower[i], program.rowUpper[i]);
    duty.require('ray within rows', place, isWithin, `leaves the sides of row ${i}`);
  });
  const isFlat = symmetricProduct(program.hessian, ray.entries).every(({ sign }) => sign === 0);
  duty.require('ray flat', place, isFlat, 'the objective bends along it');
  const slope = inner(program.linear, ray.entries);
  duty.require('ray descends', place, slope.sign < 0, 'the objective does not fall along it');
  const sentences = [
    `There is a point ${kept(tolerance)}, from which others with an objective as low as one likes are reached along a ray.`,
  ];
  return { value: undefined, tolerance, bound: undefined, isUnbounded: true, leaves: 0, sentences };
}
