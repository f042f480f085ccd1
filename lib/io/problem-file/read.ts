import type { RateLaw } from '../../models/index.js';
import { analyse } from './analyse.js';
import { applyCalibration } from './calibrate.js';
import { checkSections, crossChecks } from './checks/index.js';
import { resolveFile, type ResolvedFile } from './resolve/index.js';
import type { ProblemFile } from './schema/index.js';
import {
  formatIssue,
  formatPath,
  parseSource,
  showValue,
  sourceLimits,
  valueAt,
  type FileIssue,
  type RawIssue,
  type SourceDocument,
} from './source/index.js';

export type ReadOutcome =
  | { readonly ok: true; readonly resolved: ResolvedFile; readonly warnings: readonly FileIssue[] }
  | { readonly ok: false; readonly issues: readonly FileIssue[] };

/** What a caller sets in place of the file. */
export interface ReadOverrides {
  readonly seed?: number;
  /** Text of a file that the problem file names, by the path as it stands there; may throw. */
  readonly readFile?: (path: string) => string;
}

/** Thrown by `parseProblemFile` when a file is not right; carries every problem found. */
export class ProblemFileError extends Error {
  constructor(readonly issues: readonly FileIssue[]) {
    super(issues.map((issue) => formatIssue(issue)).join('\n'));
    this.name = 'ProblemFileError';
  }
}

/** Reads, checks and resolves a problem file (YAML or JSON). Never throws: all problems are in `issues`. */
export function readProblemFile(text: string, overrides: ReadOverrides = {}): ReadOutcome {
  const source = parseSource(text);
  if (source.issues.length > 0) return { ok: false, issues: source.issues };
  const checked = checkSections(source.value);
  const { sections, issues: calibrationIssues } = applyCalibration(
    checked.sections,
    valueAt(source.value, ['codec', 'points']) !== undefined,
    overrides.readFile ?? noFiles,
  );
  const issues = [...checked.issues, ...calibrationIssues, ...crossChecks(sections)];
  if (issues.length > 0) return { ok: false, issues: placeIssues(issues, source) };
  const file = sections as ProblemFile;
  const resolved = resolveFile({ ...file, seed: overrides.seed ?? file.seed });
  const linkIssues = checkLinks(resolved);
  if (linkIssues.length > 0) return { ok: false, issues: placeIssues(linkIssues, source) };
  return { ok: true, resolved, warnings: placeIssues(analyse(resolved), source) };
}

/** As `readProblemFile`, but throws `ProblemFileError`. */
export function parseProblemFile(text: string): ResolvedFile {
  const outcome = readProblemFile(text);
  if (outcome.ok) return outcome.resolved;
  throw new ProblemFileError(outcome.issues);
}

function noFiles(): never {
  throw new Error('no files can be read here');
}

/** A channel so weak that no bit gets through in double precision is no channel. */
function checkLinks({ problem, summaries }: ResolvedFile): RawIssue[] {
  return problem.devices.flatMap((device, n) => {
    const { entry, name, link } = summaries[n]!;
    if (usable(device.uplink) && usable(device.downlink)) return [];
    const message = `\`${name}\` has no usable link: its gain is ${link.gain.toExponential(2)}`;
    return [{ path: ['devices', entry], message }];
  });
}

function usable(law: RateLaw): boolean {
  const positive = (value: number) => value > 0 && Number.isFinite(1 / value) && value < 1e300;
  switch (law.kind) {
    case 'linear':
      return positive(law.bitsPerSecondPerHz);
    case 'shannon':
      return positive(law.snrBandwidthHz);
    case 'faded':
      return law.snrBandwidthHz.every(positive);
  }
}

/** Issues with their place in the text and what stands there, in the order of the text. */
export function placeIssues(issues: readonly RawIssue[], source: SourceDocument): FileIssue[] {
  return issues
    .slice(0, sourceLimits.issues)
    .map((issue): FileIssue => {
      const found = issue.atKey ? undefined : showValue(valueAt(source.value, issue.path));
      return {
        ...source.locate(issue.path, issue.atKey),
        path: formatPath(issue.path),
        message: issue.message,
        ...(found !== undefined && { found }),
      };
    })
    .sort((a, b) => a.line - b.line || a.column - b.column);
}
