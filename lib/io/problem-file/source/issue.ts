/** Where something stands in a file; both count from 1. */
export interface SourcePosition {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** Keys and list positions from the top of the file. */
export type IssuePath = readonly (string | number)[];

/** Something wrong, before its place in the text is known. */
export interface RawIssue {
  readonly path: IssuePath;
  /** What is wrong and what is allowed, one sentence. */
  readonly message: string;
  /** Point at the key, not at its value. */
  readonly atKey?: boolean;
}

/** One thing that is wrong with a file, or odd about it. */
export interface FileIssue extends SourcePosition {
  /** As in `devices[3].throughput`; empty for the file as a whole. */
  readonly path: string;
  /** What was found and what is allowed. */
  readonly message: string;
  /** What stands there, shortened; absent where nothing does. */
  readonly found?: string;
  /** The key that a caller set in place of the file's, where the problem lies there; line and column are then 0. */
  readonly setting?: string;
}

/** `devices[3].throughput`. */
export function formatPath(path: IssuePath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/**
 * How many problems a file has, and each on a line of its own.
 *
 * @param issues - All issues of a file.
 * @param fileName - Named at each line's begin.
 * @example
 * ```ts
 * import { formatIssues, readProblemFile } from 'sft-opt/io';
 *
 * const outcome = readProblemFile('{ version: 1, model: deit-tiny, devices: [] }');
 * if (!outcome.ok) console.log(formatIssues(outcome.issues, 'cell.yaml').split('\n')[0]); // 1 problem in cell.yaml:
 * ```
 */
export function formatIssues(issues: readonly FileIssue[], fileName: string): string {
  const count = issues.length === 1 ? '1 problem' : `${issues.length} problems`;
  return [`${count} in ${fileName}:`, ...issues.map((issue) => `  ${formatIssue(issue, fileName)}`)].join('\n');
}

/** A file that is not right; carries every problem found. */
export class FileIssuesError extends Error {
  readonly code: string = 'file-issues';
  constructor(
    readonly issues: readonly FileIssue[],
    fileName: string,
  ) {
    super(formatIssues(issues, fileName));
  }
}

/**
 * One line: place, path, what was found, what is wrong.
 *
 * @param issue - One of the issues of a file.
 * @param fileName - Named at the line's begin; left out when empty.
 * @example
 * ```ts
 * import { formatIssue, readProblemFile } from 'sft-opt/io';
 *
 * const outcome = readProblemFile('{ version: 1, model: deit-tiny, devices: [] }');
 * if (!outcome.ok) console.log(formatIssue(outcome.issues[0]!, 'cell.yaml')); // cell.yaml:1:42 devices: found an empty list; must list at least 1
 * ```
 */
export function formatIssue(issue: FileIssue, fileName = ''): string {
  const atSetting = issue.setting !== undefined;
  const place = atSetting
    ? `--set ${issue.setting}:`
    : [fileName, issue.line, issue.column].filter((part) => part !== '').join(':');
  const path = issue.path === '' || (atSetting && issue.setting === issue.path) ? '' : ` ${issue.path}:`;
  const found = issue.found === undefined ? '' : ` found ${issue.found};`;
  return `${place}${path}${found} ${issue.message}`;
}
