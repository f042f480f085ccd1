import { canonicalJson, sha256 } from './canonical.js';
import { withoutAggregation } from './dual.js';
import { multiply, point } from './interval.js';
import { brokenLimits, readPlan } from './plan.js';
import { verifyProgram, type ProgramVerdict } from './programs/index.js';
import { CertificateError, Reader } from './reader.js';
import { readStatement, type Statement } from './statement.js';
import { verifyTree } from './tree.js';

export interface VerifyOptions {
  /** Longest text accepted, UTF-16 units. */
  readonly maximumLength?: number;
}

const defaultMaximumLength = 128 * 2 ** 20;
const maximumDepth = 16;

/** What a certificate was found to prove. */
export interface Verdict {
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
  readonly leaves: number;
  /** Of a certificate of a mathematical program, what it proves. */
  readonly program?: ProgramVerdict;
  readonly problemSha256: string | undefined;
  readonly fileSha256: string | undefined;
}

/**
 * Reads a certificate (docs/certificate/README.md) and checks every claim in it anew by interval arithmetic, from the problem and the
 * evidence that it carries alone. Never throws for what the text holds.
 */
export async function verifyCertificate(text: string, options: VerifyOptions = {}): Promise<Verdict> {
  try {
    return await verified(text, options.maximumLength ?? defaultMaximumLength);
  } catch (error) {
    if (error instanceof CertificateError) return refused(error.message);
    if (error instanceof RangeError) return refused('too large or too deep to be read');
    throw error;
  }
}

function refused(reason: string): Verdict {
  return {
    verified: false,
    reason,
    proven: [],
    assumed: [],
    planSeconds: undefined,
    boundSeconds: undefined,
    leaves: 0,
    problemSha256: undefined,
    fileSha256: undefined,
  };
}

async function verified(text: string, maximumLength: number): Promise<Verdict> {
  const value = parse(text, maximumLength);
  const root = Reader.of(value).object(
    ['format', 'version', 'generator', 'problemSha256', 'fileSha256', 'problem', 'claims'],
    ['generator', 'fileSha256'],
  );
  root.format.oneOf(['sft-opt certificate']);
  root.version.integer(1, 1);
  const stated = (value as { problem: unknown }).problem;
  const isProgram =
    typeof stated === 'object' && stated !== null && 'kind' in stated && stated.kind === 'quadratic-program';
  const problemSha256 = root.problemSha256.text();
  if ((await sha256(canonicalJson(stated))) !== problemSha256) {
    root.problemSha256.fail('is not the hash of the problem in this certificate');
  }
  if (isProgram) {
    const program = verifyProgram(root.problem, root.claims);
    return {
      ...refused(''),
      verified: true,
      reason: undefined,
      proven: program.sentences,
      assumed: programAssumptions,
      leaves: program.leaves,
      program,
      problemSha256,
    };
  }
  const statement = readStatement(root.problem);
  const { plan, bound } = root.claims.object(['plan', 'bound'], ['plan', 'bound']);
  if (plan.isNull && bound.isNull) root.claims.fail('nothing is claimed');
  const planClaim = plan.isNull ? undefined : verifyPlan(plan, statement);
  const boundClaim = bound.isNull ? undefined : verifyBound(bound, statement);
  if (planClaim && boundClaim && boundClaim.seconds >= planClaim.seconds) {
    root.claims.fail('the plan is faster than the bound allows: one of them must be wrong');
  }
  return {
    verified: true,
    reason: undefined,
    proven: [...(planClaim?.sentences ?? []), ...(boundClaim?.sentences ?? [])],
    assumed: assumptions,
    planSeconds: planClaim?.seconds,
    boundSeconds: boundClaim?.seconds,
    leaves: boundClaim?.leaves ?? 0,
    problemSha256,
    fileSha256: root.fileSha256.isNull ? undefined : root.fileSha256.text(),
  };
}

const assumptions = [
  'The problem stated in the certificate is the one you care about; its constants are taken as exact.',
  'This machine adds, multiplies, divides and takes roots of doubles as IEEE 754 says, and this program is right.',
];

const programAssumptions = [
  'The program stated in the certificate is the one you care about; its numbers are taken as the exact values of doubles.',
  'This machine computes with integers of any length as it should, and this program is right.',
];

function verifyPlan(reader: Reader, statement: Statement) {
  const plan = readPlan(reader, statement);
  const broken = brokenLimits(statement, plan);
  if (broken.length > 0) reader.fail(`not shown to keep: ${broken.slice(0, 10).join(', ')}`);
  const limits = plan.slack === 'none' ? 'every limit exactly' : 'every limit within its tolerance';
  return {
    seconds: plan.roundSeconds,
    sentences: [`The plan keeps ${limits}, and its round takes at most ${plan.roundSeconds} s.`],
  };
}

function verifyBound(reader: Reader, statement: Statement) {
  const at = reader.object(['roundSeconds', 'nodes']);
  const seconds = at.roundSeconds.isNull ? Infinity : at.roundSeconds.number(0);
  const nodes = at.nodes.array();
  const { leaves } = verifyTree(nodes, statement, withoutAggregation(statement, seconds));
  const tolerance = 'even if each limit is passed by its tolerance';
  const { deadlineSeconds, relaxed } = statement;
  const late = deadlineSeconds !== undefined && seconds >= multiply(point(deadlineSeconds), relaxed).hi;
  if (seconds === Infinity || late) {
    const why = late && seconds < Infinity ? ` within the deadline of ${deadlineSeconds} s` : '';
    return { seconds: Infinity, leaves, sentences: [`There is no plan${why}, ${tolerance}.`] };
  }
  return { seconds, leaves, sentences: [`No plan has a round of ${seconds} s or less, ${tolerance}.`] };
}

/** Parses what is neither too long nor too deep, so that a hostile text costs no more than reading it. */
function parse(text: string, maximumLength: number): unknown {
  if (text.length > maximumLength) {
    throw new CertificateError('', `${text.length} characters; at most ${maximumLength} are read`);
  }
  let depth = 0;
  let inText = false;
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k);
    if (inText) {
      if (unit === 0x5c) k++;
      else if (unit === 0x22) inText = false;
    } else if (unit === 0x22) inText = true;
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > maximumDepth) throw new CertificateError('', `nested deeper than ${maximumDepth}`);
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new CertificateError('', 'not JSON');
  }
}
