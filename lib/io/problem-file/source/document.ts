import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import type { FileIssue, IssuePath, SourcePosition } from './issue.js';

/** Limits on what a file may hold; they stop a hostile file early. */
export const sourceLimits = { characters: 16_000_000, depth: 40, values: 1_000_000, issues: 100 } as const;

/** A file read into plain values, with the way back to its text. */
export interface SourceDocument {
  readonly value: unknown;
  /** Errors of the text itself; when there are any, `value` is undefined. */
  readonly issues: readonly FileIssue[];
  /** The place of a value (or of its key); of the nearest thing above it when it is not in the file. */
  locate(path: IssuePath, atKey?: boolean): SourcePosition;
}

/**
 * Reads YAML 1.2, which includes JSON; `<<` takes the keys of another map, or of several, into one that does not have them, as in
 * YAML 1.1. Never throws: what is wrong is in `issues`.
 */
export function parseSource(text: string): SourceDocument {
  if (text.length > sourceLimits.characters) {
    return failed({
      line: 1,
      column: 1,
      path: '',
      message: `the file has ${text.length} characters; at most ${sourceLimits.characters} are read`,
    });
  }
  const deep = tooDeepLine(text);
  if (deep !== undefined) return failed(tooDeep({ line: deep, column: 1 }));
  const lines = new LineCounter();
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false });
  } catch (error) {
    if (error instanceof RangeError) return failed(tooDeep({ line: 1, column: 1 }));
    throw error;
  }
  const position = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  // A warning (an unknown tag, say) means that the file does not say what its writer thinks.
  const problems = firstOfEachKind([...document.errors, ...document.warnings]);
  if (problems.length > 0) {
    return failed(
      ...problems.slice(0, sourceLimits.issues).map((problem) => ({
        ...position(problem.pos[0]),
        path: '',
        message: wordsOf(problem),
      })),
    );
  }
  const issues: FileIssue[] = [];
  const plain = new PlainValues(position, issues);
  const value = plain.of(document.contents, 0);
  if (issues.length > 0) return failed(...issues);
  return { value, issues, locate: (path, atKey = false) => position(offsetOf(document, plain.targets, path, atKey)) };
}

/** Tabs, and a second document, make the parser stumble over all that follows: they are said once, alone. */
function firstOfEachKind(problems: readonly YAMLError[]): readonly YAMLError[] {
  const decisive = problems.find(({ code }) => code === 'TAB_AS_INDENT' || code === 'MULTIPLE_DOCS');
  return decisive ? [decisive] : problems;
}

function wordsOf({ code, message }: YAMLError): string {
  if (code === 'TAB_AS_INDENT')
    return 'a tab in the indentation: YAML is indented with blanks; replace every leading tab';
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; one is allowed';
  return firstLine(message);
}

/** More open brackets, or indentation, than any sensible file has; the parser itself would choke on many more. */
const mostNesting = 1000;

/** The line at which brackets or indentation nest beyond measure, looked at without parsing. */
function tooDeepLine(text: string): number | undefined {
  let line = 1;
  let open = 0;
  let indentation = 0;
  let atStart = true;
  for (let k = 0; k < text.length; k++) {
    const character = text[k]!;
    if (character === '\n') {
      line++;
      indentation = 0;
      atStart = true;
      continue;
    }
    atStart &&= ' \t-?:'.includes(character);
    if (atStart) indentation++;
    if (character === '[' || character === '{') open++;
    else if (character === ']' || character === '}') open = Math.max(0, open - 1);
    if (indentation > mostNesting || open > mostNesting) return line;
  }
  return undefined;
}

/** Turns nodes into plain values, following aliases within the limits. */
class PlainValues {
  /** Where each alias leads. */
  readonly targets = new Map<unknown, Node>();
  private readonly anchors = new Map<string, Node>();
  private count = 0;
  private unfolding = 0;

  constructor(
    private readonly position: (offset: number) => SourcePosition,
    private readonly issues: FileIssue[],
  ) {}

  of(node: unknown, depth: number): unknown {
    if (this.issues.length > 0) return undefined;
    if (depth > sourceLimits.depth) return this.refuse(node, tooDeep);
    if (++this.count > sourceLimits.values) return this.refuse(node, tooMany);
    if (isAlias(node)) return this.unfold(node, depth);
    // An anchor counts from where it stands; unfolding an alias sets none.
    if (this.unfolding === 0 && isNode(node) && node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (isScalar(node)) return typeof node.value === 'bigint' ? Number(node.value) : node.value;
    if (isSeq(node)) return node.items.map((item) => this.of(item, depth + 1));
    if (isMap(node)) {
      const entries: [string, unknown][] = [];
      const merged: [string, unknown][] = [];
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
        if (key === undefined) return this.refuse(pair.key, unfitKey);
        if (key === '__proto__') return this.refuse(pair.key, reservedKey);
        const value = this.of(pair.value, depth + 1);
        if (key !== '<<') {
          entries.push([key, value]);
          continue;
        }
        // Of several maps the first that has a key gives its value.
        for (const map of [value].flat().reverse()) {
          if (typeof map !== 'object' || map === null) return this.refuse(pair.key, unfitMerge);
          merged.push(...Object.entries(map));
        }
      }
      return Object.fromEntries([...merged, ...entries]);
    }
    return undefined;
  }

  private unfold(alias: Alias, depth: number): unknown {
    const target = this.targets.get(alias) ?? this.anchors.get(alias.source);
    if (!target) return this.refuse(alias, unknownAlias);
    this.targets.set(alias, target);
    this.unfolding++;
    const value = this.of(target, depth + 1);
    this.unfolding--;
    return value;
  }

  private refuse(node: unknown, issue: (at: SourcePosition) => FileIssue): unknown {
    const offset = (node as Node | null)?.range?.[0] ?? 0;
    this.issues.push(issue(this.position(offset)));
    return undefined;
  }
}

function offsetOf(
  document: Document.Parsed,
  targets: ReadonlyMap<unknown, Node>,
  path: IssuePath,
  atKey: boolean,
): number {
  let node: unknown = document.contents;
  let offset = startOf(node, 0);
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = targets.get(node);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair) return offset;
      const keyOffset = startOf(pair.key, offset);
      if (atKey && index === path.length - 1) return keyOffset;
      node = pair.value;
      offset = startOf(node, keyOffset);
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (node === undefined) return offset;
      offset = startOf(node, offset);
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown, otherwise: number): number {
  return (node as Node | null)?.range?.[0] ?? otherwise;
}

function failed(...issues: FileIssue[]): SourceDocument {
  return { value: undefined, issues, locate: () => ({ line: 1, column: 1 }) };
}

function tooDeep(at: SourcePosition): FileIssue {
  return { ...at, path: '', message: `nested too deeply; at most ${sourceLimits.depth} levels are read` };
}

function tooMany(at: SourcePosition): FileIssue {
  return {
    ...at,
    path: '',
    message: `aliases and lists unfold to more than ${sourceLimits.values} values; that is more than is read`,
  };
}

function unknownAlias(at: SourcePosition): FileIssue {
  return { ...at, path: '', message: 'an alias without an anchor before it' };
}

function unfitMerge(at: SourcePosition): FileIssue {
  return { ...at, path: '', message: '`<<` takes a map or a list of maps' };
}

function unfitKey(at: SourcePosition): FileIssue {
  return { ...at, path: '', message: 'a key must be a plain word' };
}

function reservedKey(at: SourcePosition): FileIssue {
  return { ...at, path: '', message: '`__proto__` cannot be a key' };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!;
}
