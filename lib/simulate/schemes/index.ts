import type { SchemeName } from '../../io/index.js';
import type { Plan, PlanningProblem } from '../../models/index.js';
import {
  federatedLora,
  randomPlan,
  splitFederated,
  vanillaSplit,
  withoutCompression,
} from '../../plan/baselines/index.js';
import { planTwoTimescale, type Planner } from '../../plan/index.js';
import {
  bestInClass,
  classDescriptions,
  inTermsOf,
  restrictedClasses,
  withEqualServer,
  type RestrictedClass,
} from '../../plan/restricted/index.js';
import type { SchemeState, SimulationScheme } from '../scheme.js';
import { shareBySqp, shareEqually } from './share.js';

export { shareBySqp, shareEqually } from './share.js';

/** The joint method: everything optimised, from the plan in force. */
const joint: SimulationScheme = {
  name: 'joint',
  description: 'cuts, operating points and shares optimised together',
  decide: ({ problem, plan, seed }) =>
    planTwoTimescale(problem, { seed, starts: 1 }, { starts: plan ? [plan] : [] }).plan,
};

const noCompression: SimulationScheme = {
  name: 'no-compression',
  description: 'nothing compressed, the rest optimised',
  cell: uncompressed,
  decide: joint.decide,
};

/** The best plan of a restricted class; bandwidths each round where they are free. */
function restricted(name: RestrictedClass): SimulationScheme {
  const restriction = restrictedClasses[name];
  const isWhollyEqual = name === 'compressed-split-federated';
  const share = restriction.bandwidth ? shareEqually : shareBySqp;
  return {
    name,
    description: classDescriptions[name],
    ...(isWhollyEqual && { cell: withEqualServer }),
    decide(state) {
      const found = bestInClass(state.problem, restriction, { planner: plannerOf(state), starts: [] });
      return found.plan && inTermsOf(state.problem, found.plan);
    },
    // A common point is a decision of the large time scale.
    share: restriction.point ? (state) => share({ ...state, points: 'large' }) : share,
  };
}

const conventional: readonly SimulationScheme[] = [
  {
    name: 'split-federated',
    description: 'one cut, equal shares, no compression, in parallel',
    cell: (problem) => withEqualServer(uncompressed(problem)),
    decide: (state) => splitFederated(state.problem, plannerOf(state)).plan,
    share: shareEqually,
  },
  {
    name: 'vanilla-split',
    description: 'one cut, no compression, devices one after another',
    order: 'in-turn',
    cell: uncompressed,
    decide: ({ problem }) => vanillaSplit(problem).plan,
    share: ({ plan }) => ({ plan }),
  },
  {
    name: 'federated-lora',
    description: 'the whole model on each device',
    cell: (problem) => withEqualServer(uncompressed(problem)),
    decide: ({ problem }) => federatedLora(problem).plan,
    share: shareEqually,
  },
  {
    name: 'random',
    description: 'choices at random within the limits, equal shares',
    decide: ({ problem, random }) => randomPlan(problem, random.integer(2 ** 31)).plan,
    share: shareEqually,
  },
];

/** Frozen: what is the package's own is not checked, and stays what it is. */
const schemes: readonly SimulationScheme[] = Object.freeze(
  [joint, ...(Object.keys(restrictedClasses) as RestrictedClass[]).map(restricted), noCompression, ...conventional].map(
    (scheme) => Object.freeze(scheme),
  ),
);

/**
 * A scheme that the package has.
 *
 * @param name - Name of the scheme.
 * @example
 * ```ts
 * import { builtInScheme } from 'sft-opt/simulate';
 *
 * console.log(builtInScheme('joint').name); // joint
 * ```
 */
export function builtInScheme(name: SchemeName): SimulationScheme {
  return schemes.find((scheme) => scheme.name === name)!;
}

/** Whether a scheme is the package's own. */
export function isBuiltIn(scheme: SimulationScheme): boolean {
  return schemes.includes(scheme);
}

/** The cell with nothing compressed; where a pin asks for compression, as it is. */
function uncompressed(problem: PlanningProblem): PlanningProblem {
  const plain = withoutCompression(problem);
  return 'contradiction' in plain ? problem : plain;
}

function plannerOf({ seed }: SchemeState): Planner {
  return (problem, starts: readonly Plan[] = []) => {
    const { plan, totalSeconds, termination } = planTwoTimescale(problem, { seed, starts: 1 }, { starts });
    return { ...(plan && { plan }), totalSeconds, termination };
  };
}
