import type { RandomStream } from '../../lib/random/index.js';

/** Ways to forge or damage a certificate; each changes one thing. */
export const forgeries = [
  'number negated',
  'number scaled a little',
  'number scaled much',
  'number replaced by null',
  'entry taken out',
  'entry doubled',
  'bound raised',
  'round lowered',
  'evidence of another',
  'problem of another',
  'text cut short',
  'byte changed',
] as const;
export type Forgery = (typeof forgeries)[number];

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A forged text, or undefined where the certificate has nothing to forge this way. */
export function forge(text: string, other: string, kind: Forgery, random: RandomStream): string | undefined {
  if (kind === 'text cut short') return text.slice(0, Math.floor(random.uniform() * text.length));
  if (kind === 'byte changed') {
    const at = Math.floor(random.uniform() * text.length);
    return text.slice(0, at) + '0123456789.-e,{}[]"'[Math.floor(random.uniform() * 19)]! + text.slice(at + 1);
  }
  const value = JSON.parse(text) as Record<string, Json>;
  const stranger = JSON.parse(other) as Record<string, Json>;
  const claims = value['claims'] as Record<string, Record<string, Json> | null>;
  const { plan, bound } = claims;
  switch (kind) {
    case 'bound raised':
      if (!bound || bound['roundSeconds'] === null) return undefined;
      bound['roundSeconds'] = (bound['roundSeconds'] as number) * (1 + 10 ** (-12 + 10 * random.uniform()));
      break;
    case 'round lowered':
      if (!plan) return undefined;
      plan['roundSeconds'] = (plan['roundSeconds'] as number) * (1 - 10 ** (-13 + 10 * random.uniform()));
      break;
    case 'evidence of another': {
      const theirs = (stranger['claims'] as typeof claims)['bound'];
      if (!bound || !theirs) return undefined;
      bound['nodes'] = theirs['nodes']!;
      break;
    }
    case 'problem of another':
      value['problem'] = stranger['problem']!;
      value['problemSha256'] = stranger['problemSha256']!;
      break;
    default: {
      // Evidence and claims; a changed problem with the old hash is one case among these.
      const places = random.uniform() < 0.9 ? placesOf(value['claims']!) : placesOf(value['problem']!);
      const wanted = kind.startsWith('number') ? places.filter(({ entry }) => typeof entry === 'number') : places;
      const lists = kind.startsWith('entry') ? wanted.filter(({ holder }) => Array.isArray(holder)) : wanted;
      const place = lists[Math.floor(random.uniform() * lists.length)];
      if (!place) return undefined;
      change(place, kind, random);
    }
  }
  return JSON.stringify(value);
}

interface Place {
  readonly holder: Json[] | Record<string, Json>;
  readonly key: number | string;
  readonly entry: Json;
}

function placesOf(root: Json): Place[] {
  const places: Place[] = [];
  const visit = (value: Json) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, entry] of Object.entries(value)) {
      places.push({ holder: value, key: Array.isArray(value) ? Number(key) : key, entry });
      visit(entry);
    }
  };
  visit(root);
  return places;
}

function change({ holder, key, entry }: Place, kind: Forgery, random: RandomStream): void {
  const set = (value: Json) => ((holder as Record<string | number, Json>)[key] = value);
  const sign = random.uniform() < 0.5 ? -1 : 1;
  switch (kind) {
    case 'number negated':
      set(-(entry as number));
      return;
    case 'number scaled a little':
      set((entry as number) * (1 + sign * 10 ** (-15 + 12 * random.uniform())));
      return;
    case 'number scaled much':
      set((entry as number) * 10 ** (sign * 300 * random.uniform()));
      return;
    case 'number replaced by null':
      set(null);
      return;
    case 'entry taken out':
      (holder as Json[]).splice(key as number, 1);
      return;
    default:
      (holder as Json[]).splice(key as number, 0, entry);
  }
}
