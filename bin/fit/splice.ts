import { isMap, isNode, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';

/** An entry of a section; undefined removes it. */
export interface SectionEntry {
  readonly section: string;
  readonly key: string;
  readonly value: unknown;
}

/**
 * A YAML or JSON file with some entries changed. The rest of the text, comments and layout included, stays to the last
 * character. Throws `Error` on text that cannot be read.
 */
export function withEntries(text: string, entries: readonly SectionEntry[]): string {
  if (text.trimStart().startsWith('{')) return withJsonEntries(text, entries);
  return entries.reduce(withEntry, text);
}

function withJsonEntries(text: string, entries: readonly SectionEntry[]): string {
  const content = JSON.parse(text) as Record<string, Record<string, unknown>>;
  for (const { section, key, value } of entries) {
    content[section] = { ...content[section], [key]: value };
  }
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

function withEntry(text: string, entry: SectionEntry): string {
  const { section, key, value } = entry;
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new Error(document.errors[0]!.message);
  const map: unknown = document.get(section);
  if (!isMap(map) || map.items.length === 0) {
    if (value === undefined) return text;
    return `${withoutEmptySection(text, section)}${section}:\n  ${written(key, value, '  ')}\n`;
  }
  if (map.flow) throw new Error(`${section} is written in braces: write it as indented lines first`);
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  return pair ? replaced(text, pair, entry) : inserted(text, map, entry);
}

/** Text that ends in a line end, without a section that holds nothing. */
function withoutEmptySection(text: string, section: string): string {
  const kept = text.replace(new RegExp(`^${section}:[ \\t]*(?:null|~|\\{\\s*\\})?[ \\t]*(?:#.*)?\\r?\\n?`, 'mu'), '');
  return kept === '' || kept.endsWith('\n') ? kept : `${kept}\n`;
}

function replaced(text: string, pair: Pair, { key, value }: SectionEntry): string {
  const start = rangeOf(pair.key)[0];
  const valueRange = isNode(pair.value) ? rangeOf(pair.value) : undefined;
  const end = start + text.slice(start, valueRange?.[1] ?? start + key.length + 1).trimEnd().length;
  if (value === undefined) {
    const lineStart = text.lastIndexOf('\n', start) + 1;
    const lineEnd = text.indexOf('\n', end);
    return text.slice(0, lineStart) + (lineEnd < 0 ? '' : text.slice(lineEnd + 1));
  }
  // A comment between a key and its block would be lost with the block.
  const [, comment] = /^[^\n]*?:[ \t]*(#[^\n]*)\n/u.exec(text.slice(start, valueRange?.[0])) ?? [];
  const kept = comment === undefined ? '' : ` ${comment}`;
  return text.slice(0, start) + written(key, value, indentAt(text, start)) + kept + text.slice(end);
}

/** Before the section's first entry, whose indentation is the section's. */
function inserted(text: string, map: YAMLMap, { key, value }: SectionEntry): string {
  if (value === undefined) return text;
  const start = rangeOf(map.items[0]!.key)[0];
  const indent = indentAt(text, start);
  return `${text.slice(0, start)}${written(key, value, indent)}\n${indent}${text.slice(start)}`;
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = isNode(node) ? node.range : undefined;
  if (!range) throw new Error('the file has entries without a place');
  return [range[0], range[1]];
}

function indentAt(text: string, offset: number): string {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).replace(/\S.*$/u, '');
}

/** An entry as lines: lists of sections one a line, all else in one line. */
function written(key: string, value: unknown, indent: string): string {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'object');
  if (!isList) return `${key}: ${flow(value)}`;
  return [`${key}:`, ...value.map((item) => `${indent}  - ${flow(item)}`)].join('\n');
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${flow(entry)}`);
    return `{ ${entries.join(', ')} }`;
  }
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[a-z][\w -]*$/iu.test(value) ? value : JSON.stringify(value);
}
