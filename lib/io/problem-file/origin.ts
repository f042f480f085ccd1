import type { ProblemSource, RateLaw, Rebuilt, SourceChange } from '../../models/index.js';
import { applyCalibration } from './calibrate.js';
import { checkSections, crossChecks } from './checks/index.js';
import { withFamilyLosses } from './family-losses.js';
import { resolveFile, type ResolvedSections } from './resolve/index.js';
import type { ProblemFile } from './schema/index.js';
import { applySettings } from './settings.js';
import { formatPath, valueAt, type RawIssue } from './source/index.js';
import { writtenChange } from './written-change.js';

/** What a resolved problem was read from: plain values that survive structured cloning, unlike the problem's `rebuild`. */
export interface FileOrigin {
  /** The values of the file, settings included. */
  readonly document: unknown;
  /** In place of the file's. */
  readonly seed?: number;
  /** Texts of the files that it names. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A problem with everything drawn and computed, which can be changed and worked out again. */
export interface ResolvedOrigin extends ResolvedSections, ProblemSource {
  readonly origin: FileOrigin;
}

type ResolveOutcome =
  | { readonly ok: true; readonly resolved: ResolvedOrigin }
  | { readonly ok: false; readonly issues: readonly RawIssue[] };

/** Checks and resolves the values of a problem file. Never throws. */
export function resolveDocument(origin: FileOrigin, readFile = readerOf(origin)): ResolveOutcome {
  const files: Record<string, string> = {};
  const checked = checkSections(origin.document);
  const { sections, issues: calibrationIssues } = applyCalibration(
    withFamilyLosses(checked.sections, origin.document),
    valueAt(origin.document, ['codec', 'points']) !== undefined,
    (path) => (files[path] = readFile(path)),
  );
  const issues = [...checked.issues, ...calibrationIssues, ...crossChecks(sections)];
  if (issues.length > 0) return { ok: false, issues };
  const file = sections as ProblemFile;
  const resolved = resolveFile({ ...file, seed: origin.seed ?? file.seed });
  const linkIssues = checkLinks(resolved);
  if (linkIssues.length > 0) return { ok: false, issues: linkIssues };
  return { ok: true, resolved: withSource(resolved, { ...origin, files }) };
}

/**
 * As `resolveDocument`, for an origin that has been resolved before.
 *
 * @param origin - What an earlier resolution gave as its origin.
 * @throws TypeError where the origin was not resolved before.
 * @example
 * ```ts
 * import { parseProblemFile, resolveOrigin } from 'sft-opt/io';
 *
 * const { origin } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, distance: 60 m }] }');
 * console.log(resolveOrigin(origin).problem.devices.length); // 1
 * ```
 */
export function resolveOrigin(origin: FileOrigin): ResolvedOrigin {
  const outcome = resolveDocument(origin);
  if (outcome.ok) return outcome.resolved;
  throw new TypeError(reasonOf(outcome.issues));
}

function withSource(resolved: ResolvedSections, origin: FileOrigin): ResolvedOrigin {
  const decidesFrame = valueAt(origin.document, ['radio', 'uplinkFraction']) === 'optimal';
  const written = (change: SourceChange) => [...writtenChange(change, origin.document), ...(change.settings ?? [])];
  return {
    ...resolved,
    origin,
    written,
    ...(decidesFrame && { frame: { at: (fraction) => resolveOrigin(withFraction(origin, fraction)) } }),
    rebuild(change): Rebuilt {
      const applied = applySettings(origin.document, written(change));
      const [refused] = applied.problems;
      if (refused) return { ok: false, reason: `${refused.written}: ${refused.message}` };
      const outcome = resolveDocument({ ...origin, document: applied.document });
      return outcome.ok ? { ok: true, source: outcome.resolved } : { ok: false, reason: reasonOf(outcome.issues) };
    },
  };
}

function withFraction(origin: FileOrigin, uplinkFraction: number): FileOrigin {
  const { radio, ...rest } = origin.document as { readonly radio: object };
  return { ...origin, document: { ...rest, radio: { ...radio, uplinkFraction } } };
}

function reasonOf(issues: readonly RawIssue[]): string {
  return issues.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('; ');
}

function readerOf({ files = {} }: FileOrigin): (path: string) => string {
  return (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('no files can be read here');
    return text;
  };
}

/** A channel so weak that no bit gets through in double precision is no channel. */
function checkLinks({ problem, summaries }: ResolvedSections): RawIssue[] {
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
    case 'custom':
      return positive(law.bitsPerSecond(1));
  }
}
