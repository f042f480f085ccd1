import type { PlanningProblem } from '../../models/index.js';
import type { SimulationScheme } from '../scheme.js';
import { isBuiltIn } from './index.js';

/**
 * A scheme that gets copies of the cells and plans that it decides about: whatever it does to them, neither the judge of its rounds
 * nor other schemes see it. Those of the package are taken as they are.
 */
export function apart(scheme: SimulationScheme): SimulationScheme {
  if (isBuiltIn(scheme)) return scheme;
  const { cell, share } = scheme;
  return {
    name: scheme.name,
    description: scheme.description,
    order: scheme.order,
    decide: ({ random, ...state }) => scheme.decide({ ...copyOf(state), random }),
    ...(cell && { cell: (problem: PlanningProblem) => cell.call(scheme, problem) }),
    ...(share && { share: ({ random, ...state }) => share.call(scheme, { ...copyOf(state), random }) }),
  };
}

/** Lists, plain objects and typed arrays anew; functions and objects of classes as they are. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (ArrayBuffer.isView(value))
    return value instanceof DataView ? value : ((value as unknown as Uint8Array).slice() as T);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyOf(each as unknown)])) as T;
}
