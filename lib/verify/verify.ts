import { verifyBoundClaim } from './bound.js';
import { canonicalJson, sha256 } from './canonical.js';
import { verifyPlanClaim } from './plan.js';
import { verifyProgram, type ProgramVerdict } from './programs/index.js';
import { CertificateError, Reader, type Obligation } from './reader.js';
import { readStatement } from './statement.js';

/** What `verifyCertificate` may be told. */
export interface VerifyOptions {
  /** Longest text accepted, UTF-16 units. */
  readonly maximumLength?: number;
}

const defaultMaximumLength = 128 * 2 ** 20;
/** Lists and objects a text may open, so that reading it takes bounded memory. */
const maximumOpened = 4_000_000;
/** Commas a text may have, of which there are about as many as values. */
const maximumSeparated = 16_000_000;

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
export function verifyCertificate(text: string, options: VerifyOptions = {}): Promise<Verdict> {
  return verifyWithout(new Set(), text, options);
}

/** The same with obligations left out: to show what each is good for. */
export async function verifyWithout(
  excluded: ReadonlySet<Obligation>,
  text: string,
  { maximumLength = defaultMaximumLength }: VerifyOptions = {},
): Promise<Verdict> {
  try {
    return await verified(parse(text, maximumLength), excluded);
  } catch (error) {
    if (error instanceof CertificateError) return refused(error.message);
    if (error instanceof RangeError) return refused('too large or too deep to be read');
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

function refused(reason: string): Verdict {
  return { ...nothing, reason };
}

const assumptions = [
  'The problem stated in the certificate is the one you care about; its constants are taken as exact.',
  'This machine adds, multiplies, divides and takes roots of doubles as IEEE 754 says, and this program is right.',
];

const programAssumptions = [
  'The program stated in the certificate is the one you care about; its numbers are taken as the exact values of doubles.',
  'This machine computes with integers of any length as it should, and this program is right.',
];

async function verified(value: unknown, excluded: ReadonlySet<Obligation>): Promise<Verdict> {
  const root = Reader.of(value, excluded).members((at) => {
    at('format').oneOf(['sft-opt certificate']);
    at('generator').optional((generator) => generator.text());
    const fileSha256 = at('fileSha256').optional((text) => text.text());
    return {
      version: at('version'),
      problem: at('problem'),
      hash: at('problemSha256'),
      claims: at('claims'),
      fileSha256,
    };
  });
  const { problem, hash, fileSha256 } = root;
  const problemSha256 = hash.text();
  const isSame = (await sha256(canonicalJson((value as { problem: unknown }).problem))) === problemSha256;
  hash.require('problem hash', isSame, 'is not the hash of the problem in this certificate');
  if (problem.has('kind') && (value as { problem: { kind: unknown } }).problem.kind === 'quadratic-program') {
    root.version.integer(1, 1);
    const program = verifyProgram(problem, root.claims);
    const { sentences: proven, leaves } = program;
    return { ...nothing, verified: true, proven, assumed: programAssumptions, leaves, program, problemSha256 };
  }
  root.version.integer(2, 2);
  const statement = readStatement(problem);
  const { plan, bound } = root.claims.members((of) => ({ plan: of('plan'), bound: of('bound') }));
  if (plan.isNull && bound.isNull) root.claims.fail('nothing is claimed');
  const planClaim = plan.optional((reader) => verifyPlanClaim(reader, statement));
  const boundClaim = bound.optional((reader) => verifyBoundClaim(reader, statement));
  const proven: string[] = [];
  if (planClaim) {
    const limits = planClaim.slack === 'none' ? 'every limit exactly' : 'every limit within its tolerance';
    proven.push(`The plan keeps ${limits}, and its round takes at most ${planClaim.roundSeconds} s.`);
  }
  if (boundClaim) {
    const { seconds } = boundClaim;
    const what = seconds === Infinity ? 'There is no plan' : `No plan has a round of ${seconds} s or less`;
    proven.push(`${what}, even if each limit is passed by its tolerance.`);
  }
  return {
    verified: true,
    reason: undefined,
    proven,
    assumed: assumptions,
    planSeconds: planClaim?.roundSeconds,
    boundSeconds: boundClaim?.seconds,
    leaves: boundClaim?.leaves ?? 0,
    problemSha256,
    fileSha256,
  };
}

/** Parses what is not too large, so that a hostile text costs no more than reading it. */
function parse(text: string, maximumLength: number): unknown {
  if (text.length > maximumLength) {
    throw new CertificateError('', `${text.length} characters; at most ${maximumLength} are read`);
  }
  let opened = 0;
  let separated = 0;
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k);
    if (unit === 0x7b || unit === 0x5b) opened++;
    else if (unit === 0x2c) separated++;
  }
  if (opened > maximumOpened) {
    throw new CertificateError('', `${opened} lists and objects; at most ${maximumOpened} are read`);
  }
  if (separated > maximumSeparated) {
    throw new CertificateError('', `${separated} values; at most ${maximumSeparated} are read`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new CertificateError('', 'not JSON');
  }
}
