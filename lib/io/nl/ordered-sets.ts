import type { SpecialOrderedSet } from '../../problem/index.js';
import { NlError } from './error.js';
import type { NlModel, NlSuffix } from './model.js';

/** Suffixes that change which points are feasible and that no solver here can keep. */
const refusedSuffixes: ReadonlyMap<string, string> = new Map([
  ['semicont', 'semi-continuous variables'],
  ['semicontinuous', 'semi-continuous variables'],
  ['sc', 'semi-continuous variables'],
  ['semiint', 'semi-integer variables'],
  ['semiinteger', 'semi-integer variables'],
]);

/**
 * The special ordered sets that the suffixes `sosno` and `ref` of the variables describe, as AMPL and Pyomo write them:
 * variables with the same number form a set, of kind 1 where the number is positive and of kind 2 where it is negative;
 * `ref` gives the order. Throws `NlError` where they make no sense, and where a suffix asks for semi-continuous
 * variables.
 */
export function specialOrderedSets(model: NlModel): SpecialOrderedSet[] {
  for (const { name, target, values } of model.suffixes) {
    const what = refusedSuffixes.get(name.toLowerCase());
    if (what !== undefined && target === 'variable' && values.some((value) => value !== 0)) {
      throw new NlError({ segment: `S ${name}` }, `suffix ${name} asks for ${what}; these are not supported`, true);
    }
  }
  const numbers = variableSuffix(model, 'sosno');
  if (!numbers) return [];
  const weights = new Map<number, number>();
  const references = variableSuffix(model, 'ref');
  references?.indices.forEach((variable, k) => weights.set(variable, references.values[k]!));
  const members = new Map<number, number[]>();
  numbers.indices.forEach((variable, k) => {
    const number = numbers.values[k]!;
    if (number !== 0) members.set(number, [...(members.get(number) ?? []), variable]);
  });
  return [...members].map(([number, variables]) => {
    const kind = number > 0 ? 1 : 2;
    const weightOf = (variable: number): number => weights.get(variable) ?? 0;
    const ordered = [...variables].sort((a, b) => weightOf(a) - weightOf(b) || a - b);
    const tied = ordered.findIndex((variable, k) => k > 0 && weightOf(variable) === weightOf(ordered[k - 1]!));
    if (kind === 2 && tied > 0) {
      throw new NlError(
        { segment: 'S ref' },
        `expected different values of suffix ref in the special ordered set sosno ${number}, found ${weightOf(ordered[tied]!)} for variables ${ordered[tied - 1]!} and ${ordered[tied]!}`,
      );
    }
    return { kind, variables: Int32Array.from(ordered) } as const;
  });
}

function variableSuffix(model: NlModel, name: string): NlSuffix | undefined {
  return model.suffixes.find((suffix) => suffix.name === name && suffix.target === 'variable');
}
