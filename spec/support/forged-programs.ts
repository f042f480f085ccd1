/* A forger respects no types. */
/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/restrict-plus-operands */
import { sha256Now } from '../../lib/certify/sha256.js';
import { canonicalJson } from '../../lib/verify/index.js';

export const programForgeries = [
  'raised bound',
  'lowered value',
  'no point at all',
  'sign of a multiplier',
  'changed multiplier',
  'another denominator',
  'missing leaf',
  'leaf of another place',
  'shifted split',
  'changed coefficient',
  'changed side',
  'moved point',
  'turned ray',
  'shrunk factor',
  'coarser step',
  'swapped hash',
  'truncated',
  'evidence of another',
  'not a number',
  'huge exponent',
] as const;
export type ProgramForgery = (typeof programForgeries)[number];

interface Random {
  uniform(): number;
}

/** A forged copy of a certificate; undefined where it has nothing to forge in this way. Hashes are made right again. */
export function forgeProgram(text: string, other: string, kind: ProgramForgery, random: Random): string | undefined {
  const forged: any = JSON.parse(text);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random.uniform() * list.length)];
  const { problem, claims } = forged;
  const nodes: any[] = claims.bound?.nodes ?? [];
  const leaves = nodes.filter((node) => node.rows);
  const change = (list: any[] | undefined, by: (value: number) => number): boolean => {
    const places = list?.map((_, k) => k).filter((k) => Number(list[k]) !== 0) ?? [];
    const k = pick(places);
    if (!list || k === undefined) return false;
    list[k] = typeof list[k] === 'string' ? String((BigInt(Math.round(by(8))) * BigInt(list[k])) / 8n) : by(list[k]);
    return true;
  };
  const scaled = (value: number): number => value * (random.uniform() < 0.5 ? 1.25 : 0.75);
  // Of the Hessian, which stays symmetric, one on the diagonal.
  const changeCoefficient = (): boolean => {
    const part = pick(['linear', 'matrix', 'hessian']);
    if (part === 'linear') return change(problem.linear, scaled);
    if (part === 'matrix') return change(pick(problem.matrix as any[])?.values, scaled);
    const i = Math.floor(random.uniform() * problem.hessian.length);
    const row = problem.hessian[i];
    const k = (row.columns as number[]).indexOf(i);
    if (k >= 0) row.values[k] = scaled(row.values[k]);
    return k >= 0;
  };
  let done = true;
  switch (kind) {
    case 'raised bound':
      done = typeof claims.bound?.value === 'number';
      if (done) claims.bound.value += Math.max(1, Math.abs(claims.bound.value)) * 10 ** -(1 + 7 * random.uniform());
      if (done && random.uniform() < 0.7) delete claims.point;
      break;
    case 'lowered value':
      done = claims.point !== undefined;
      if (done) claims.point.value -= Math.max(1, Math.abs(claims.point.value)) * 10 ** -(1 + 7 * random.uniform());
      if (done) delete claims.bound;
      break;
    case 'no point at all':
      done = typeof claims.bound?.value === 'number';
      if (!done) break;
      claims.bound.value = null;
      delete claims.point;
      delete claims.bound.step;
      for (const leaf of leaves) {
        leaf.over = '0';
        delete leaf.at;
      }
      break;
    case 'sign of a multiplier':
      done = change(pick(leaves)?.rows, (value) => -value);
      break;
    case 'changed multiplier':
      done = change(pick(leaves)?.rows, scaled);
      break;
    case 'another denominator': {
      const holders = [claims.point, ...leaves].filter((part) => part?.over !== undefined);
      const holder = pick(holders);
      done = holder !== undefined;
      if (done) holder.over = String(BigInt(holder.over) + (random.uniform() < 0.5 ? 1n : BigInt(holder.over)));
      break;
    }
    case 'missing leaf':
      done = nodes.length > 1;
      if (done) nodes.splice(1 + Math.floor(random.uniform() * (nodes.length - 1)), 1);
      break;
    case 'leaf of another place': {
      const [a, b] = [pick(leaves), pick(leaves)];
      done = a !== undefined && a !== b;
      if (done) nodes[nodes.indexOf(a)] = b;
      break;
    }
    case 'shifted split': {
      const split = pick(nodes.filter((node) => node.variable !== undefined));
      done = split !== undefined;
      if (done) split.at += random.uniform() < 0.5 ? 1 : -1;
      break;
    }
    case 'changed coefficient':
      done = changeCoefficient();
      break;
    case 'changed side':
      done = change(
        pick([problem.constraintLower, problem.constraintUpper, problem.lower, problem.upper]),
        (value) => value + (random.uniform() < 0.5 ? 1 : -1),
      );
      break;
    case 'moved point':
      done = change(claims.point?.x, scaled);
      if (done && random.uniform() < 0.5) delete claims.bound;
      break;
    case 'turned ray':
      done = change(claims.ray, random.uniform() < 0.5 ? scaled : (value) => -value);
      break;
    case 'shrunk factor':
      done = change(pick((claims.bound?.factor ?? []) as any[])?.values, (value) => 1.5 * value);
      break;
    case 'coarser step':
      done = claims.bound?.step !== undefined;
      if (done) claims.bound.step *= 2;
      break;
    case 'swapped hash':
      forged.problemSha256 = JSON.parse(other).problemSha256;
      return JSON.stringify(forged);
    case 'truncated':
      return text.slice(0, Math.floor(random.uniform() * text.length));
    case 'evidence of another':
      forged.claims = JSON.parse(other).claims;
      break;
    case 'not a number': {
      const places = [...text.matchAll(/(?<=[[,:])-?\d+(\.\d+)?(e[+-]?\d+)?(?=[\],}])/gu)];
      const place = pick(places);
      return (
        place &&
        text.slice(0, place.index) +
          (pick(['NaN', 'null', '"x"', '1e']) ?? '') +
          text.slice(place.index + place[0].length)
      );
    }
    case 'huge exponent': {
      const places = [...text.matchAll(/(?<=[[,:])-?\d+(\.\d+)?(?=[\],}])/gu)];
      const place = pick(places);
      const end = place && place.index + place[0].length;
      return place && `${text.slice(0, end)}${pick(['e999', 'e308', 'e-400', 'e99999999999'])}${text.slice(end)}`;
    }
  }
  if (!done) return undefined;
  forged.problemSha256 = sha256Now(canonicalJson(forged.problem));
  return JSON.stringify(forged);
}
