import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { FileIssue, IssuePath, SourcePosition } from './issue.js';

/** Limits on what a file may hold; they stop a hostile file early. */
export const sourceLimits = { characters: 16_000_000, depth: 40, values: 2_000_000, issues: 100 } as const;

/** A file read into plain values, with the way back to its text. */
export interface SourceDocument {
  readonly value: unknown;
  /** Errors of the text itself; when there are any, `value` is undefined. */
  readonly issues: readonly FileIssue[];
  /** The place of a value (or of its key); of the nearest thing above it when it is not in the file. */
  locate(path: IssuePath, atKey?: boolean): SourcePosition;
}

/** Reads YAML 1.2, which includes JSON. Never throws: what is wrong is in `issues`. */
export function parseSource(text: string): SourceDocument {
  if (text.length > sourceLimits.characters) {
    return failed({
      line: 1,
      column: 1,
      path: '',
      message: `the file has ${text.length} characters; at most ${sourceLimits.characters} are read`,
    });
  }
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
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    return failed(
      ...problems.slice(0, sourceLimits.issues).map((problem) => ({
        ...position(problem.pos[0]),
        path: '',
        message: firstLine(problem.message),
      })),
    );
  }
  const issues: FileIssue[] = [];
  const value = new PlainValues(document, position, issues).of(document.contents, 0);
  if (issues.length > 0) return failed(...issues);
  return { value, issues, locate: (path, atKey = false) => position(offsetOf(document, path, atKey)) };
}

/** Turns nodes into plain values, following aliases within the limits. */
class PlainValues {
  private count = 0;

  constructor(
    private readonly document: Document.Parsed,
    private readonly position: (offset: number) => SourcePosition,
    private readonly issues: FileIssue[],
  ) {}

  of(node: unknown, depth: number): unknown {
    if (this.issues.length > 0) return undefined;
    if (depth > sourceLimits.depth) {
      this.refuse(node, tooDeep);
      return;
    }
    if (++this.count > sourceLimits.values) {
      this.refuse(node, tooMany);
      return;
    }
    if (isAlias(node)) return this.of(node.resolve(this.document), depth + 1);
    if (isScalar(node)) return typeof node.value === 'bigint' ? Number(node.value) : node.value;
    if (isSeq(node)) return node.items.map((item) => this.of(item, depth + 1));
    if (isMap(node)) {
      const entries: [string, unknown][] = [];
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
        if (key === undefined || key === '__proto__') {
          this.refuse(pair.key, unfitKey);
          return;
        }
        entries.push([key, this.of(pair.value, depth + 1)]);
      }
      return Object.fromEntries(entries);
    }
    return undefined;
  }

  private refuse(node: unknown, issue: (at: SourcePosition) => FileIssue): unknown {
    const offset = (node as Node | null)?.range?.[0] ?? 0;
    this.issues.push(issue(this.position(offset)));
    return undefined;
  }
}

function offsetOf(document: Document.Parsed, path: IssuePath, atKey: boolean): number {
  let node: unknown = document.contents;
  let offset = startOf(node, 0);
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
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

function unfitKey(at: SourcePosition): FileIssue {
  return { ...at, path: '', message: 'a key must be a plain word' };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!;
}
