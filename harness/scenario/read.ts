import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileIssue, ResolvedFile } from '../../lib/io/index.js';
import { FileIssuesError, rawIssues, settledText, type RawIssue } from '../../lib/io/reading/index.js';
import { configChecks, crossChecks } from './checks.js';
import { learningRateSchedule, listedDevices, optimizerSettings } from './from-file.js';
import { plannedNames, plannedProblem, plannedTraining, type PlannedModel } from './from-plan.js';
import { transformerShape } from '../model/config.js';
import { inspectFiles, isDescribedByFiles, modelConfig } from './model.js';
import type { Scenario } from './scenario.js';
import { scenarioSchema, type ScenarioFile } from '../../lib/io/training-file/index.js';

export type ScenarioOutcome =
  { readonly ok: true; readonly file: ScenarioFile } | { readonly ok: false; readonly issues: readonly FileIssue[] };

/** A scenario file that is not right; carries every problem found. */
export class ScenarioError extends FileIssuesError {
  override readonly name = 'ScenarioError';
  override readonly code = 'scenario-file';
}

/** Reads and checks a scenario (YAML or JSON) with some of its keys set otherwise. Never throws: all problems are in `issues`. */
export function readScenario(text: string, settings: readonly string[] = []): ScenarioOutcome {
  const settled = settledText(text, settings);
  if ('issues' in settled) return { ok: false, issues: settled.issues };
  const { document, refused, placed } = settled;
  const outcome = scenarioSchema.safeParse(document);
  const issues = outcome.success ? crossChecks(outcome.data) : rawIssues(outcome.error.issues, document);
  if (refused.length + issues.length > 0 || !outcome.success)
    return { ok: false, issues: [...refused, ...placed(issues)] };
  return { ok: true, file: outcome.data };
}

/** What a caller sets in place of the file. */
export interface ScenarioOverrides {
  readonly seed?: number;
  readonly rounds?: number;
  /** Keys of the file, as `training.rounds=3`. */
  readonly settings?: readonly string[];
}

/** Everything decided: groups unfolded, plans read or made. Throws `PlanRunError`. */
export async function resolveScenario(
  file: ScenarioFile,
  folder: string,
  overrides: ScenarioOverrides = {},
): Promise<Scenario> {
  const { training } = file;
  const common = {
    file,
    folder,
    seed: overrides.seed ?? file.seed,
    rounds: overrides.rounds ?? training.rounds,
    optimizer: optimizerSettings(training),
    schedule: learningRateSchedule(training),
  };
  if (file.plan) return { ...common, ...(await plannedTraining(file.plan, await plannedModel(file, folder), folder)) };
  return {
    ...common,
    devices: listedDevices(file),
    exchangeCodec: file.exchange,
    sharing: file.server.sharing,
    serverSpeedFactor: file.server.speedFactor,
    localSteps: training.stepsPerRound,
    memoryMode: training.activations,
  };
}

/** The problem of a scenario with a plan, of the model that is trained; undefined without one. Throws as `resolveScenario`. */
export async function scenarioProblem(file: ScenarioFile, folder: string): Promise<ResolvedFile | undefined> {
  return file.plan && plannedProblem(file.plan, await plannedModel(file, folder), folder);
}

async function plannedModel(file: ScenarioFile, folder: string): Promise<PlannedModel> {
  const { files } = await inspectFiles({ file, folder });
  const { rank, targets } = file.lora;
  return { shape: transformerShape(modelConfig(file, 1, files)), rank, targets };
}

/**
 * Reads and checks a scenario with the files that its model needs. Throws `ScenarioError`, or what reading the file throws.
 */
export async function readScenarioFile(path: string, settings: readonly string[] = []): Promise<ScenarioFile> {
  return readScenarioText(await readFile(path, 'utf8'), path, settings);
}

/** The same of a text that has been read: what it names is looked for beside `path`. */
export async function readScenarioText(
  text: string,
  path: string,
  settings: readonly string[] = [],
): Promise<ScenarioFile> {
  const outcome = readScenario(text, settings);
  if (!outcome.ok) throw new ScenarioError(outcome.issues, path);
  const { file } = outcome;
  const { files, issues } = await inspectFiles({ file, folder: dirname(path) });
  const misfits =
    issues.length === 0 && isDescribedByFiles(file) ? configChecks(file, modelConfig(file, 1, files)) : [];
  const all = [...issues, ...misfits];
  if (all.length > 0) throw new ScenarioError(placedIn(text, settings, all), path);
  return file;
}

function placedIn(text: string, settings: readonly string[], issues: readonly RawIssue[]): readonly FileIssue[] {
  const settled = settledText(text, settings);
  return 'issues' in settled ? settled.issues : settled.placed(issues);
}

/** A scenario from its file. Throws `ScenarioError`, `PlanRunError`, or what reading the file throws. */
export async function openScenario(path: string, overrides: ScenarioOverrides = {}): Promise<Scenario> {
  return resolveScenario(await readScenarioFile(path, overrides.settings), dirname(path), overrides);
}

/** Names of a scenario's devices, without solving its plan; undefined where the plan's problem is not at hand. */
export async function scenarioNames(file: ScenarioFile, folder: string): Promise<readonly string[] | undefined> {
  return file.plan ? plannedNames(file.plan, folder) : listedDevices(file).map(({ name }) => name);
}
