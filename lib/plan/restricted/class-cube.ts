import type { Plan, PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import type { Planner } from '../planner.js';
import { bestInClass } from './best-in-class.js';
import type { ClassOutcome } from './class-outcome.js';
import { contains, restrictedClasses, type RestrictedClass } from './restriction.js';

export type ClassCube = Readonly<Record<RestrictedClass, ClassOutcome>>;

export interface CubeContext {
  readonly planner: Planner;
  /** No plan of the problem is faster, seconds. */
  readonly boundSeconds?: number | undefined;
  readonly signal?: StopSignal | undefined;
}

/**
 * The best plan of each restricted class, from the most restricted on. Each class starts from the plans of those that it
 * contains, so none is slower than they are; what bounds a class bounds those that it contains. The class without any freedom
 * shares the server equally too.
 */
export function classCube(problem: PlanningProblem, context: CubeContext): ClassCube {
  const { planner, signal, boundSeconds = 0 } = context;
  const found: Partial<Record<RestrictedClass, ClassOutcome>> = {};
  const names = Object.keys(restrictedClasses) as RestrictedClass[];
  for (const name of names) {
    const restriction = restrictedClasses[name];
    const starts = plansWithin(found, name);
    const whole = name === 'compressed-split-federated' ? withEqualServer(problem) : problem;
    found[name] = bestInClass(whole, restriction, { planner, starts, signal });
  }
  for (const name of names) {
    const around = names.filter((other) => contains(restrictedClasses[other], restrictedClasses[name]));
    const bound = Math.max(boundSeconds, ...around.map((other) => found[other]!.boundSeconds));
    found[name] = boundedBy(found[name]!, bound);
  }
  return found as ClassCube;
}

/** The same outcome with a bound of a class that contains it. */
export function boundedBy(outcome: ClassOutcome, boundSeconds: number): ClassOutcome {
  return { ...outcome, boundSeconds: Math.max(outcome.boundSeconds, Math.min(boundSeconds, outcome.totalSeconds)) };
}

/** The same problem with equal slices of the server; a plan for it is one for the problem. */
export function withEqualServer(problem: PlanningProblem): PlanningProblem {
  return problem.sharing === 'allocated' ? { ...problem, sharing: 'equal' } : problem;
}

function plansWithin(found: Partial<Record<RestrictedClass, ClassOutcome>>, name: RestrictedClass): Plan[] {
  const inner = Object.entries(found) as [RestrictedClass, ClassOutcome][];
  return inner.flatMap(([each, { plan }]) =>
    plan && contains(restrictedClasses[name], restrictedClasses[each]) ? [plan] : [],
  );
}
