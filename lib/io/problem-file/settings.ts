import { parse } from 'yaml';
import type { IssuePath } from './source/index.js';

/** One key of a problem file with the value it gets in place of the file's. */
export interface Setting {
  /** As it was written, for messages. */
  readonly written: string;
  /** Keys, list positions, and names of list entries. */
  readonly path: readonly (string | number)[];
  /** Undefined takes the key away: its default holds. */
  readonly value: unknown;
}

/** What is wrong with a setting, before the problem file is looked at. */
export interface SettingProblem {
  readonly written: string;
  readonly message: string;
}

/** Values after some settings, where each of them went, and those that could not be made. */
export interface AppliedSettings {
  readonly document: unknown;
  readonly places: readonly { readonly path: IssuePath; readonly key: string }[];
  readonly problems: readonly SettingProblem[];
}

const pathPart = /^(?:\.?([^.[\]=]+)|\[([^\]]+)\])/u;

/**
 * Reads `radio.bandwidth=25 MHz`, `devices[0].memory=600 MiB`, `devices[phone-1].memory=600 MiB` (an entry or a member of a
 * group, by name). Values are YAML; none or `null` takes the key away.
 */
export function parseSetting(written: string): Setting | SettingProblem {
  const path: (string | number)[] = [];
  let rest = written.trim();
  while (rest !== '' && !rest.startsWith('=')) {
    const match = pathPart.exec(rest);
    if (!match) break;
    const name = (match[1] ?? match[2]!).trim();
    path.push(match[2] !== undefined && /^\d+$/u.test(name) ? Number(name) : name);
    rest = rest.slice(match[0].length).trimStart();
  }
  if (path.length === 0 || !rest.startsWith('=')) {
    return { written, message: 'must be a key and a value, such as `radio.bandwidth=25 MHz`' };
  }
  // A device may have that name.
  if (path.some((part, k) => part === '__proto__' && !(k === 1 && path[0] === 'devices')))
    return { written, message: '`__proto__` is no key of a problem file' };
  try {
    const value: unknown = parse(rest.slice(1));
    return { written, path, value: value ?? undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    return { written, message: `its value cannot be read: ${reason}` };
  }
}

/** The key part of a setting. */
export function settingKey(written: string): string {
  const end = written.indexOf('=');
  return (end < 0 ? written : written.slice(0, end)).trim();
}

/** Puts settings into a copy of a file's values, in their order. */
export function applySettings(document: unknown, settings: readonly string[]): AppliedSettings {
  const copy: unknown = structuredClone(document);
  const places: { path: IssuePath; key: string }[] = [];
  const problems: SettingProblem[] = [];
  for (const written of settings) {
    const setting = parseSetting(written);
    if ('message' in setting) {
      problems.push(setting);
      continue;
    }
    const outcome = place(copy, setting);
    if (typeof outcome === 'string') problems.push({ written, message: outcome });
    else places.push({ path: outcome, key: settingKey(written) });
  }
  return { document: copy, places, problems };
}

type Section = Record<string, unknown>;

/** Sets one value; the path it went to, or why it has no place. */
function place(document: unknown, { path, value }: Setting): IssuePath | string {
  if (!isSection(document)) return 'the file holds no keys';
  const where = located(document, path);
  if (typeof where === 'string') return where;
  let node: Section | unknown[] = document;
  for (const [index, part] of where.slice(0, -1).entries()) {
    const inside: unknown = read(node, part);
    if (inside === undefined) {
      if (Array.isArray(node)) return noSuchEntry(node, where.slice(0, index + 1));
      node = node[part as string] = {};
    } else if (isSection(inside) || Array.isArray(inside)) {
      node = inside;
    } else {
      const whole = where.slice(0, index + 1).join('.');
      return `\`${whole}\` is \`${JSON.stringify(inside)}\` in the file, no section; set it whole, as in \`${whole}={ … }\``;
    }
  }
  const last = where.at(-1)!;
  if (!Array.isArray(node)) {
    if (value === undefined) Reflect.deleteProperty(node, last);
    else node[last as string] = value;
    return where;
  }
  if (typeof last !== 'number' || last > node.length) return noSuchEntry(node, where);
  if (value === undefined) node.splice(last, 1);
  else node[last] = value;
  return where;
}

/** The path with names of devices turned into list positions; a member of a group is found under its `members`. */
function located(document: Section, path: Setting['path']): IssuePath | string {
  const [list, name, ...rest] = path;
  if (list !== 'devices' || typeof name !== 'string') return path;
  const entries = document['devices'];
  if (!Array.isArray(entries)) return 'the file has no list of devices';
  const names: string[] = [];
  for (const [index, entry] of entries.entries()) {
    if (!isSection(entry)) continue;
    const own = String(entry['name']);
    if (own === name) return [list, index, ...rest];
    const member = memberNumber(entry, own, name);
    if (member !== undefined) {
      inheritSection(entry, name, rest);
      return [list, index, 'members', name, ...rest];
    }
    names.push(own);
  }
  return `there is no device \`${name}\` (there are: ${names.slice(0, 20).join(', ')})`;
}

function memberNumber(entry: Section, own: string, name: string): number | undefined {
  const count = entry['count'];
  if (typeof count !== 'number' || !name.startsWith(`${own}-`)) return undefined;
  const digits = name.slice(own.length + 1);
  return /^[1-9]\d*$/u.test(digits) && Number(digits) <= count ? Number(digits) : undefined;
}

/** A key inside a section of a member starts from the section that the group has. */
function inheritSection(entry: Section, name: string, rest: readonly (string | number)[]): void {
  const [key] = rest;
  if (rest.length < 2 || typeof key !== 'string') return;
  const ofGroup = entry[key];
  if (!isSection(ofGroup)) return;
  const members = (entry['members'] ??= {}) as Section;
  const member = (members[name] ??= {}) as Section;
  member[key] ??= structuredClone(ofGroup);
}

function read(node: Section | unknown[], part: string | number): unknown {
  if (Array.isArray(node)) return typeof part === 'number' ? node[part] : undefined;
  return Object.hasOwn(node, part) ? node[String(part)] : undefined;
}

function noSuchEntry(list: readonly unknown[], path: IssuePath): string {
  const last = path.at(-1);
  return typeof last === 'number'
    ? `the list has ${list.length} entries, from [0] to [${list.length - 1}]`
    : `\`${String(last)}\` stands in a list: give its position, as in [0]`;
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
