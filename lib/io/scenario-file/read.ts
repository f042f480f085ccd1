import { resolveDocument, type FileOrigin, type ResolvedOrigin } from '../problem-file/origin.js';
import { analyse } from '../problem-file/analyse.js';
import { settledText, type ReadOverrides } from '../problem-file/read.js';
import type { FileIssue, RawIssue } from '../problem-file/source/index.js';
import { nearest } from '../problem-file/units/index.js';
import type { MovingCell } from '../../models/index.js';
import { checkAgainst, checkAgainstWritten, checkSimulation } from './check.js';
import { resolveCell } from './resolve.js';
import type { SimulationSettings } from './schema.js';
import { TraceReader } from './trace.js';

/** A scenario with everything worked out. */
export interface ResolvedScenario {
  /** The cell as its file describes it, before anything moves. */
  readonly start: ResolvedOrigin;
  /** The cell over time. */
  readonly cell: MovingCell;
  /** How it is simulated, defaults included. */
  readonly settings: SimulationSettings;
  /** What it was read from, to send elsewhere. */
  readonly origin: ScenarioOrigin;
}

/** What a scenario was read from: plain values that survive structured cloning and JSON. */
export interface ScenarioOrigin extends FileOrigin {
  /** The section `simulation` as it was read. */
  readonly simulation: unknown;
}

/** A scenario that was read, or every mistake of its text. */
export type ScenarioOutcome =
  | {
      readonly ok: true;
      /** What the file stands for. */
      readonly scenario: ResolvedScenario;
      /** What is allowed but probably not meant. */
      readonly warnings: readonly FileIssue[];
    }
  | {
      readonly ok: false;
      /** Everything that is wrong, with its place. */
      readonly issues: readonly FileIssue[];
    };

/**
 * Reads, checks and resolves a scenario file: a problem file with a section `simulation`. Never throws.
 *
 * @param text - Content of the file.
 * @param overrides - Settings and seed that replace those of the file.
 * @example
 * ```ts
 * import { readScenarioFile } from 'sft-opt/io';
 *
 * const outcome = readScenarioFile(`version: 1
 * model: deit-tiny
 * simulation: { rounds: 3 }
 * devices: [{ name: a, count: 2, distance: 60 m }]`);
 * if (!outcome.ok) throw new Error('the scenario is not valid');
 * const { cell, settings } = outcome.scenario;
 * console.log(settings.rounds, cell.devices.length); // 3 2
 * ```
 */
export function readScenarioFile(text: string, overrides: ReadOverrides = {}): ScenarioOutcome {
  const settled = settledText(text, overrides.settings);
  if ('issues' in settled) return { ok: false, issues: settled.issues };
  const { refused, placed } = settled;
  const { simulation, document } = divided(settled.document);
  const { seed, readFile } = overrides;
  const outcome = resolveParts({ document, simulation, ...(seed !== undefined && { seed }) }, readFile ?? noFiles);
  if (!outcome.ok) return { ok: false, issues: [...refused, ...placed(outcome.issues)] };
  if (refused.length > 0) return { ok: false, issues: refused };
  return { ok: true, scenario: outcome.scenario, warnings: placed(analyse(outcome.scenario.start)) };
}

/**
 * As `readScenarioFile`, for an origin that has been read before.
 *
 * @param origin - What an earlier reading gave as its origin.
 * @throws TypeError where the origin was not read before.
 * @example
 * ```ts
 * import { readScenarioFile, resolveScenario } from 'sft-opt/io';
 *
 * const outcome = readScenarioFile(`version: 1
 * model: deit-tiny
 * simulation: { rounds: 3 }
 * devices: [{ name: a, count: 2, distance: 60 m }]`);
 * if (!outcome.ok) throw new Error('the scenario is not valid');
 * const { cell, settings } = outcome.scenario;
 * console.log(resolveScenario(outcome.scenario.origin).cell.devices.length, settings.rounds, cell.devices.length); // 2 3 2
 * ```
 */
export function resolveScenario(origin: ScenarioOrigin): ResolvedScenario {
  const outcome = resolveParts(origin, (path) => origin.files?.[path] ?? noFiles());
  if (outcome.ok) return outcome.scenario;
  throw new TypeError(outcome.issues.map(({ message }) => message).join('; '));
}

type PartsOutcome =
  | { readonly ok: true; readonly scenario: ResolvedScenario }
  | { readonly ok: false; readonly issues: readonly RawIssue[] };

const undecidedFrame: RawIssue = {
  path: ['radio', 'uplinkFraction'],
  message: 'must be a number here: `optimal` is decided by `solve` for one problem, not from round to round',
};

function resolveParts(origin: ScenarioOrigin, readFile: (path: string) => string): PartsOutcome {
  const { simulation, ...problem } = origin;
  const start = resolveDocument(problem, readFile);
  const files: Record<string, string> = {};
  const traces = new TraceReader((path) => (files[path] = readFile(path)));
  const { settings, issues: own } = checkSimulation(simulation, traces);
  const issues: RawIssue[] = [
    ...(start.ok ? [] : start.issues.map(orSimulation)),
    ...own,
    ...(start.ok && start.resolved.frame ? [undecidedFrame] : []),
    ...(start.ok ? checkAgainst(start.resolved, settings) : checkAgainstWritten(problem.document, settings)),
  ];
  if (!start.ok || issues.length > 0) return { ok: false, issues };
  return {
    ok: true,
    scenario: {
      start: start.resolved,
      cell: resolveCell(start.resolved, settings, traces),
      settings,
      origin: { ...origin, document: problem.document, files: { ...start.resolved.origin.files, ...files } },
    },
  };
}

/** A scenario has one key more than a problem file, which may have been meant. */
function orSimulation(issue: RawIssue): RawIssue {
  const [key, ...below] = issue.path;
  if (below.length > 0 || typeof key !== 'string' || !issue.message.startsWith('unknown key (')) return issue;
  return nearest(key, ['simulation']) ? { ...issue, message: 'unknown key; did you mean `simulation`?' } : issue;
}

/** The problem and what happens to it. */
function divided(document: unknown): { readonly document: unknown; readonly simulation: unknown } {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return { document, simulation: undefined };
  }
  const { simulation, ...rest } = document as Record<string, unknown>;
  return { document: rest, simulation };
}

function noFiles(): never {
  throw new Error('no files can be read here');
}
