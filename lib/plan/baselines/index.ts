import type { Plan, PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import type { Planner } from '../planner.js';
import type { BaselineReport } from '../report.js';
import {
  bestInClass,
  boundedBy,
  classCube,
  classDescriptions,
  inTermsOf,
  withEqualServer,
  type ClassCube,
  type RestrictedClass,
} from '../restricted/index.js';
import { randomPlan } from './random-plan.js';
import { compare, schemeOfClass, type Reference, type Scheme, type SchemeOutcome } from './scheme.js';
import { federatedLora, splitFederated, uncompressedPoint, vanillaSplit, withoutCompression } from './uncompressed.js';

export { planBits, type Reference, type Scheme } from './scheme.js';
export { randomPlan } from './random-plan.js';
export { federatedLora, noCompressionPoint, splitFederated, vanillaSplit, withoutCompression } from './uncompressed.js';

export interface SchemeContext {
  readonly planner: Planner;
  /** No plan of the problem is faster, seconds; 0 where nothing is proven. */
  readonly boundSeconds?: number | undefined;
  /** Seed of the random plan. */
  readonly seed: number;
  readonly signal?: StopSignal | undefined;
  /** The problem with keys of its file set otherwise; undefined where it has no such keys. */
  readonly variant?: ((settings: readonly string[]) => PlanningProblem | undefined) | undefined;
}

/**
 * Conventional schemes on the same cell, from the same models: the best plan of each restricted class, what equal slices of
 * the server and no compression would cost, schemes without compression, a random plan. All limits of the problem hold in all
 * of them, or a scheme says which it breaks.
 */
export function findSchemes(problem: PlanningProblem, context: SchemeContext): Scheme[] {
  const cube = classCube(problem, context);
  const ofClass = (name: RestrictedClass, group: Scheme['group'], decision?: Scheme['decision']): Scheme => {
    const outcome = schemeOfClass(problem, cube[name]);
    const own = outcome.plan && { member: inTermsOf(problem, outcome.plan) };
    return { name, description: classDescriptions[name], group, ...(decision && { decision }), ...own, outcome };
  };
  const conventional = withoutCompression(problem);
  const federated = unlessPinned(conventional, (open) => splitFederated(open, context.planner));
  return [
    ofClass('fixed-cut', 'one-restricted', 'split'),
    ofClass('fixed-ratio', 'one-restricted', 'ratio'),
    ofClass('equal-bandwidth', 'one-restricted', 'bandwidth'),
    equalServer(problem, cube, context),
    noCompression(problem, conventional, federated, context),
    ofClass('split-alone', 'one-free'),
    ofClass('ratio-alone', 'one-free'),
    ofClass('bandwidth-alone', 'one-free'),
    ofClass('compressed-split-federated', 'none-free'),
    uncompressed(problem, 'split-federated', 'one cut, equal shares, no compression, in parallel', federated),
    uncompressed(
      problem,
      'vanilla-split',
      'one cut, no compression, devices one after another',
      unlessPinned(conventional, vanillaSplit),
    ),
    ...federatedSchemes(problem, conventional, context),
    random(problem, context.seed),
  ];
}

/** The schemes' plans for the problem itself: none of them may be faster than its answer. */
export function plansOfSchemes(schemes: readonly Scheme[]): Plan[] {
  return schemes.flatMap(({ member }) => (member ? [member] : []));
}

/** Schemes beside a plan: what it saves against each. */
export function compareSchemes(schemes: readonly Scheme[], reference: Reference | undefined): BaselineReport[] {
  return schemes.map((scheme) => compare(scheme, reference));
}

const nothingRestricted = { cut: false, point: false, bandwidth: false };

function equalServer(problem: PlanningProblem, cube: ClassCube, context: SchemeContext): Scheme {
  const { planner, signal, boundSeconds = 0 } = context;
  const about = {
    name: 'equal-server',
    description: 'equal slices of the server, the rest optimised',
    group: 'one-restricted',
    decision: 'server share',
  } as const;
  if (problem.sharing !== 'allocated') {
    const note = `the server is shared ${problem.sharing === 'equal' ? 'equally' : 'by batches'} in the file`;
    return { ...about, outcome: { status: 'does-not-apply', note } };
  }
  const equal = withEqualServer(problem);
  const { plan } = cube['compressed-split-federated'];
  const found = bestInClass(equal, nothingRestricted, { planner, starts: plan ? [plan] : [], signal });
  return {
    ...about,
    ...(found.plan && { member: found.plan }),
    outcome: schemeOfClass(equal, boundedBy(found, boundSeconds)),
  };
}

function noCompression(
  problem: PlanningProblem,
  conventional: ReturnType<typeof withoutCompression>,
  federated: SchemeOutcome,
  { planner, signal }: SchemeContext,
): Scheme {
  const starts = federated.status === 'found' && federated.plan ? [federated.plan] : [];
  const outcome = unlessPinned(conventional, (open) =>
    schemeOfClass(open, bestInClass(open, nothingRestricted, { planner, starts, signal })),
  );
  const scheme = uncompressed(problem, 'no-compression', 'nothing compressed, the rest optimised', outcome);
  return { ...scheme, group: 'one-restricted', decision: 'compression' };
}

/** A scheme without codec. Its plans are the problem's own only where the file lists a point without codec. */
function uncompressed(problem: PlanningProblem, name: string, description: string, outcome: SchemeOutcome): Scheme {
  const upPoint = uncompressedPoint(problem.upPoints);
  const downPoint = uncompressedPoint(problem.downPoints);
  const outside = upPoint < 0 || downPoint < 0;
  const isMember = !outside && outcome.status === 'found' && outcome.plan && name !== 'vanilla-split';
  const devices = isMember ? outcome.plan.devices.map((decision) => ({ ...decision, upPoint, downPoint })) : undefined;
  return {
    name,
    description,
    group: 'uncompressed',
    outside,
    ...(devices && { member: inTermsOf(problem, { devices }) }),
    outcome,
  };
}

/** Federated LoRA as the file has it, and where that does not fit a memory, with the leaner settings that make it fit. */
function federatedSchemes(
  problem: PlanningProblem,
  conventional: ReturnType<typeof withoutCompression>,
  { variant }: SchemeContext,
): Scheme[] {
  const about = {
    name: 'federated-lora',
    description: 'the whole model on each device',
    group: 'uncompressed',
  } as const;
  const outside = problem.devices.some(({ costs }) => !costs.allowedBlocks.includes(problem.blockCount));
  const outcome = unlessPinned(conventional, federatedLora);
  const plain: Scheme = { ...about, outside, outcome };
  if (outcome.status !== 'breaks-limits' || !outcome.note?.includes('memory') || !variant) return [plain];
  for (const { name, description, settings } of leanSettings) {
    const changed = variant(settings);
    // A problem built in code has no such settings.
    if (!changed) return [plain];
    const leaner = unlessPinned(withoutCompression(changed), federatedLora);
    if (leaner.status === 'found') return [plain, { ...about, name, description, outside: true, outcome: leaner }];
  }
  const note = `${outcome.note}; also with recompute and half precision`;
  return [{ ...plain, outcome: { ...outcome, note } }];
}

/** From the least to the largest change of how the devices train. */
const leanSettings = [
  {
    name: 'federated-lora, recompute',
    description: 'the whole model on each device, activations recomputed',
    settings: ['training.activations=recompute'],
  },
  {
    name: 'federated-lora, recompute, half precision',
    description: 'the whole model on each device, activations recomputed, weights and activations of 2 bytes',
    settings: ['training.activations=recompute', 'training.weightBytes=2', 'training.activationBytes=2'],
  },
] as const;

function unlessPinned(
  conventional: ReturnType<typeof withoutCompression>,
  scheme: (problem: PlanningProblem) => SchemeOutcome,
): SchemeOutcome {
  return 'contradiction' in conventional
    ? { status: 'does-not-apply', note: conventional.contradiction }
    : scheme(conventional);
}

function random(problem: PlanningProblem, seed: number): Scheme {
  const outcome = randomPlan(problem, seed);
  return {
    name: 'random',
    description: 'choices at random within the limits, equal shares',
    group: 'random',
    ...(outcome.status === 'found' && { member: outcome.plan! }),
    outcome,
  };
}
