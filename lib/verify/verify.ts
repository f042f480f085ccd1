import { verifyBoundClaim } from './bound.js';
import { canonicalJson, sha256 } from './canonical.js';
import { verifyPlanClaim } from './plan.js';
import { verifyProgram, type ProgramVerdict } from './programs/index.js';
import { readProblem } from './problem.js';
import { CertificateError, Reader } from './reader.js';
import { formatVersion } from './version.js';

/** What `verifyCertificate` may be told. */
export interface VerifyOptions {
  /** Longest text accepted, UTF-16 units. */
  readonly maximumLength?: number;
}

const defaultMaximumLength = 128 * 2 ** 20;
/** Commas that a text may have, a bracket or brace counting as four, so that reading it takes bounded memory. */
const maximumMarks = 16_000_000;
/** Of numbers in certificates of plans, so that no product of a few of them leaves the range of doubles. */
export const planSizes = [1e-50, 1e50] as const;

/** What a certificate was found to prove. */
export interface Verdict {
  /** True where every claim was checked and holds. */
  readonly verified: boolean;
  /** Why not, with the place in the certificate; undefined if verified. */
  readonly reason: string | undefined;
  /** Sentences: what is proven. */
  readonly proven: readonly string[];
  /** Sentences: what is taken for granted. */
  readonly assumed: readonly string[];
  /** Proven upper bound on the round of the plan, seconds. */
  readonly planSeconds: number | undefined;
  /** No admissible plan is as fast as this, seconds; Infinity: there is no plan. */
  readonly boundSeconds: number | undefined;
  /** Leaves of the tree that were checked; 0 without a tree. */
  readonly leaves: number;
  /** Of a certificate of a mathematical program, what it proves. */
  readonly program?: ProgramVerdict;
  /** Digest of the problem that was checked. */
  readonly problemSha256: string | undefined;
  /** Digest of the problem file that the certificate states, if any. */
  readonly fileSha256: string | undefined;
}

/**
 * Reads a certificate (docs/certificate/README.md) and checks every claim in it anew by interval arithmetic, from the problem and the
 * evidence that it carries alone. Never throws for what the text holds.
 *
 * @param text - Content of the file.
 * @param options - Limits of size and effort.
 * @example
 * ```ts
 * import { verifyCertificate } from 'sft-opt/verify';
 *
 * const { verified, reason } = await verifyCertificate('{}');
 * console.log(verified, reason !== undefined); // false true
 * ```
 */
export function verifyCertificate(text: string, options: VerifyOptions = {}): Promise<Verdict> {
  return verifyWithout(new Set(), text, options);
}

/** The same with obligations left out: to show what each is good for. */
export async function verifyWithout(
  excluded: ReadonlySet<string>,
  text: string,
  { maximumLength = defaultMaximumLength }: VerifyOptions = {},
): Promise<Verdict> {
  try {
    return { ...nothing, verified: true, ...(await verified(parse(text, maximumLength), excluded)) };
  } catch (error) {
    if (error instanceof CertificateError) return { ...nothing, reason: error.message };
    if (error instanceof RangeError) return { ...nothing, reason: 'too large or too deep to be read' };
    throw error;
  }
}

const nothing: Verdict = {
  verified: false,
  reason: undefined,
  proven: [],
  assumed: [],
  planSeconds: undefined,
  boundSeconds: undefined,
  leaves: 0,
  problemSha256: undefined,
  fileSha256: undefined,
};

const assumptions = {
  plan: [
    'The problem stated in the certificate is the one you care about; its constants are taken as exact.',
    'This machine adds, multiplies, divides and takes roots of doubles as IEEE 754 says, and this program is right.',
  ],
  program: [
    'The program stated in the certificate is the one you care about; its numbers are taken as the exact values of doubles.',
    'This machine computes with integers of any length as it should, and this program is right.',
  ],
};

async function verified(value: unknown, excluded: ReadonlySet<string>): Promise<Partial<Verdict>> {
  const given = (value as { problem?: { kind?: unknown } | null } | null)?.problem;
  const isProgram = given?.kind === 'quadratic-program';
  const root = new Reader(value, '', isProgram ? { excluded } : { excluded, sizes: planSizes });
  const at = root.members('format version generator problemSha256 fileSha256 problem claims');
  at.format.oneOf('sft-opt certificate');
  at.version.integer(formatVersion, formatVersion);
  at.generator.optional((generator) => generator.text());
  const origin = { problemSha256: at.problemSha256.text(), fileSha256: at.fileSha256.optional((hash) => hash.text()) };
  const isSame = (await sha256(canonicalJson(given))) === origin.problemSha256;
  at.problemSha256.require('problem hash', isSame, 'is not the hash of the problem in this certificate');
  return { ...origin, ...(isProgram ? verifiedProgram : verifiedPlan)(at.problem, at.claims) };
}

function verifiedProgram(problem: Reader, claims: Reader): Partial<Verdict> {
  const program = verifyProgram(problem, claims);
  return { proven: program.sentences, assumed: assumptions.program, leaves: program.leaves, program };
}

function verifiedPlan(at: Reader, claims: Reader): Partial<Verdict> {
  const problem = readProblem(at);
  const given = claims.members('plan bound');
  if (given.plan.isNull && given.bound.isNull) claims.fail('nothing is claimed');
  const plan = given.plan.optional((reader) => verifyPlanClaim(reader, problem));
  const bound = given.bound.optional((reader) => verifyBoundClaim(reader, problem));
  const proven: string[] = [];
  if (plan) {
    const limits = plan.slack === 0 ? 'every limit exactly' : 'every limit within its tolerance';
    proven.push(`The plan keeps ${limits}, and its round takes at most ${plan.seconds} s.`);
  }
  if (bound) {
    const { seconds } = bound;
    const what = seconds === Infinity ? 'There is no plan' : `No plan has a round of ${seconds} s or less`;
    proven.push(`${what}, even if each limit is passed by its tolerance.`);
  }
  const found = { planSeconds: plan?.seconds, boundSeconds: bound?.seconds, leaves: bound?.leaves ?? 0 };
  return { proven, assumed: assumptions.plan, ...found };
}

/** Parses what is not too large, so that a hostile text costs no more than reading it. */
function parse(text: string, maximumLength: number): unknown {
  const refuse = (reason: string) => new CertificateError('', reason);
  if (text.length > maximumLength) throw refuse(`${text.length} characters; at most ${maximumLength} are read`);
  let marks = 0;
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k);
    if (unit === 0x2c) marks++;
    else if (unit === 0x7b || unit === 0x5b) marks += 4;
  }
  if (marks > maximumMarks) throw refuse(`too many values: ${marks} marks; at most ${maximumMarks} are read`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw error instanceof SyntaxError ? refuse('not JSON') : error;
  }
}
