import { analyse } from './analyse.js';
import { resolveDocument, type ResolvedOrigin } from './origin.js';
import { applySettings, settingKey, type AppliedSettings } from './settings.js';
import {
  formatIssue,
  formatPath,
  parseSource,
  showValue,
  sourceLimits,
  valueAt,
  type FileIssue,
  type IssuePath,
  type RawIssue,
  type SourceDocument,
} from './source/index.js';

/** A problem file with everything drawn and computed, and the way back to what it says. */
export type ResolvedFile = ResolvedOrigin;

/** A problem that was read with its warnings, or every mistake of its text. */
export type ReadOutcome =
  | {
      readonly ok: true;
      /** What the file stands for. */
      readonly resolved: ResolvedFile;
      /** What is allowed but probably not meant. */
      readonly warnings: readonly FileIssue[];
    }
  | {
      readonly ok: false;
      /** Everything that is wrong, with its place. */
      readonly issues: readonly FileIssue[];
    };

/** What a caller sets in place of the file. */
export interface ReadOverrides {
  /** In place of the file's. */
  readonly seed?: number;
  /** Text of a file that the problem file names, by the path as it stands there; may throw. */
  readonly readFile?: (path: string) => string;
  /** Keys in place of the file's, as in `radio.bandwidth=25 MHz` or `devices[phone-1].memory=600 MiB`; null takes one away. */
  readonly settings?: readonly string[];
}

/** Thrown by `parseProblemFile` when a file is not right; carries every problem found. */
export class ProblemFileError extends Error {
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'problem-file';
  constructor(readonly issues: readonly FileIssue[]) {
    super(issues.map((issue) => formatIssue(issue)).join('\n'));
    this.name = 'ProblemFileError';
  }
}

/**
 * Reads, checks and resolves a problem file (YAML or JSON). Never throws: all problems are in `issues`.
 *
 * @param text - Content of the file.
 * @param overrides - Settings and seed that replace those of the file.
 * @example
 * ```ts
 * import { readProblemFile } from 'sft-opt';
 *
 * const outcome = readProblemFile('{ version: 1, model: deit-tiny, devices: [] }');
 * if (!outcome.ok) console.log(outcome.issues[0]!.path); // devices
 * ```
 */
export function readProblemFile(text: string, overrides: ReadOverrides = {}): ReadOutcome {
  const settled = settledText(text, overrides.settings);
  if ('issues' in settled) return { ok: false, issues: settled.issues };
  const { document, refused, placed } = settled;
  const { readFile, seed } = overrides;
  const outcome = resolveDocument({ document, ...(seed !== undefined && { seed }) }, readFile ?? noFiles);
  if (!outcome.ok) return { ok: false, issues: [...refused, ...placed(outcome.issues)] };
  if (refused.length > 0) return { ok: false, issues: refused };
  return { ok: true, resolved: outcome.resolved, warnings: placed(analyse(outcome.resolved)) };
}

/**
 * As `readProblemFile`, but throws `ProblemFileError`.
 *
 * @param text - Content of the file.
 * @param overrides - Settings and seed that replace those of the file.
 * @throws ProblemFileError with every issue, each with its place.
 * @example
 * ```ts
 * import { parseProblemFile, solvePlan } from 'sft-opt';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(solvePlan(problem, { whatIf: 'never', baselines: false }).status); // solved
 * ```
 */
export function parseProblemFile(text: string, overrides: ReadOverrides = {}): ParsedFile {
  const outcome = readProblemFile(text, overrides);
  if (outcome.ok) return { ...outcome.resolved, warnings: [...outcome.warnings, ...openFrame(outcome.resolved)] };
  throw new ProblemFileError(outcome.issues);
}

/** `problem` alone cannot say that the division of the frame is open. */
function openFrame({ frame }: ResolvedFile): FileIssue[] {
  if (!frame) return [];
  const message = 'is decided by `solvePlan` of what was read as a whole; `problem` alone has one half';
  return [{ line: 0, column: 0, path: 'radio.uplinkFraction', message, found: 'optimal' }];
}

/** A problem file that is right, with what is odd about it. */
export interface ParsedFile extends ResolvedFile {
  /** What is allowed but probably not meant. */
  readonly warnings: readonly FileIssue[];
}

function noFiles(): never {
  throw new Error('no files can be read here');
}

/** A text with settings made in it. */
export interface SettledText {
  /** The value of the text after the settings. */
  readonly document: unknown;
  /** Of settings that could not be made. */
  readonly refused: readonly FileIssue[];
  /** Gives issues of the document their places: in the text, or the setting that put the value there. */
  readonly placed: (issues: readonly RawIssue[]) => FileIssue[];
}

/** Reads a text and makes settings in it; the issues alone where it is no YAML or JSON. */
export function settledText(
  text: string,
  settings: readonly string[] = [],
): SettledText | { readonly issues: readonly FileIssue[] } {
  const source = parseSource(text);
  if (source.issues.length > 0) return { issues: source.issues };
  const { document, places, problems } = applySettings(source.value, settings);
  return {
    document,
    refused: problems.map(({ written, message }) => {
      return { line: 0, column: 0, path: '', message, setting: settingKey(written) };
    }),
    placed: (issues) => placeIssues(issues, { ...source, value: document }, places),
  };
}

/** Issues with their place in the text and what stands there, in the order of the text; those of settings first. */
export function placeIssues(
  issues: readonly RawIssue[],
  source: Pick<SourceDocument, 'value' | 'locate'>,
  settings: AppliedSettings['places'] = [],
): FileIssue[] {
  return issues
    .slice(0, sourceLimits.issues)
    .map((issue): FileIssue => {
      const found = issue.atKey ? undefined : showValue(valueAt(source.value, issue.path));
      const setting = settings.filter(({ path }) => startsWith(issue.path, path)).at(-1)?.key;
      return {
        ...(setting === undefined ? source.locate(issue.path, issue.atKey) : { line: 0, column: 0, setting }),
        path: formatPath(issue.path),
        message: issue.message,
        ...(found !== undefined && { found }),
      };
    })
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

function startsWith(path: IssuePath, start: IssuePath): boolean {
  return start.length <= path.length && start.every((part, k) => String(part) === String(path[k]));
}
