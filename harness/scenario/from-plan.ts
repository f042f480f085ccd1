import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  formatIssue,
  readMeasuredProfile,
  readPlanFile,
  readProblemFile,
  warmPlan,
  type ResolvedFile,
} from '../../lib/io/index.js';
import { resolveShape } from '../../lib/io/problem-file/resolve/index.js';
import { choiceCosts, plannedUplink, roundDelay, type Plan, type TransformerShape } from '../../lib/models/index.js';
import { codecAt } from '../calibrate/points.js';
import type { References } from '../calibrate/references.js';
import type { StepCodec } from '../protocol/index.js';
import type { ServerSharing } from '../server/index.js';
import { differences } from '../transport/join.js';
import type { ScenarioDevice } from './scenario.js';
import type { PlanEntry } from '../../lib/io/training-file/index.js';

/** A plan that cannot be run. */
export class PlanRunError extends Error {
  override readonly name = 'PlanRunError';
  readonly code = 'plan-run';
}

/** What a plan decides of a training. */
export interface PlannedTraining {
  readonly devices: readonly ScenarioDevice[];
  /** For the adapters. */
  readonly exchangeCodec: StepCodec;
  readonly sharing: ServerSharing;
  readonly localSteps: number;
  readonly memoryMode: 'keep' | 'recompute';
  readonly serverSpeedFactor: number;
  readonly predictedRoundSeconds: number;
  /** How far the profile's own measurements vary, relative; absent where costs are computed. */
  readonly predictionError?: number;
  /** Of the machine when the profile was measured, by time as it passes. */
  readonly profileReferences?: References;
}

/** What a plan must be of. */
export interface PlannedModel {
  readonly shape: TransformerShape;
  readonly rank: number;
  readonly targets: readonly string[];
}

/** What a codec is set by at an operating point. */
interface PointSettings {
  readonly name: string;
  readonly ratio: number;
  readonly keptFraction?: number | undefined;
  readonly bitsPerKeptValue?: number | undefined;
}

function readProblem(text: string, folder: string) {
  return readProblemFile(text, { readFile: (path) => readFileSync(resolve(folder, path), 'utf8') });
}

/** Devices of a plan's problem; undefined where it cannot be read. */
export async function plannedNames(entry: PlanEntry, folder: string): Promise<readonly string[] | undefined> {
  const path = resolve(folder, entry.problem);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const outcome = text === undefined ? undefined : readProblem(text, dirname(path));
  return outcome?.ok ? outcome.resolved.problem.devices.map(({ name }) => name) : undefined;
}

/** The problem of a plan, relative to `folder`. Throws `PlanRunError` where it is none, or of another model. */
export async function plannedProblem(entry: PlanEntry, model: PlannedModel, folder: string): Promise<ResolvedFile> {
  const outcome = readProblem(
    await readFile(resolve(folder, entry.problem), 'utf8'),
    dirname(resolve(folder, entry.problem)),
  );
  if (!outcome.ok) {
    const issues = outcome.issues.map((issue) => formatIssue(issue, entry.problem));
    throw new PlanRunError(`${entry.problem} is no problem file:\n  ${issues.join('\n  ')}`);
  }
  const different = differentModel(outcome.resolved, model);
  if (different.length > 0) throw new PlanRunError(`${entry.problem} plans another model: ${different.join(', ')}`);
  return outcome.resolved;
}

/** Reads the problem (relative to `folder`) and its plan, or solves it. Throws `PlanRunError` where that cannot be run. */
export async function plannedTraining(entry: PlanEntry, model: PlannedModel, folder: string): Promise<PlannedTraining> {
  const resolved = await plannedProblem(entry, model, folder);
  const { problem } = resolved;
  const plan =
    entry.plan === 'solve'
      ? await solved(entry, resolved)
      : given(entry, resolved, await readFile(resolve(folder, entry.plan), 'utf8'));
  return {
    devices: plannedDevices(entry, resolved, plan),
    exchangeCodec: exchangeCodec(resolved),
    sharing: problem.sharing,
    localSteps: problem.stepsPerRound,
    memoryMode: resolved.file.training.activations,
    serverSpeedFactor: resolved.file.server.profileFactor,
    predictedRoundSeconds: roundDelay(problem, plan).totalSeconds,
    ...profileFacts(resolved, dirname(resolve(folder, entry.problem))),
  };
}

/** Where the planned model is not the one that is trained, in words. */
function differentModel({ file }: ResolvedFile, { shape, rank, targets }: PlannedModel): string[] {
  // How many classes there are is known only with the data.
  const compared = ({ head, ...rest }: TransformerShape) => ({
    ...rest,
    head: head.kind === 'language-model' ? head : head.kind,
  });
  const sorted = (names: readonly string[]) => [...names].sort().join('+');
  const planned = { ...compared(resolveShape(file.model)), rank: file.lora.rank, targets: sorted(file.lora.targets) };
  return differences(planned, { ...compared(shape), rank, targets: sorted(targets) }, 'the scenario');
}

/** Below it a difference says nothing: medians of a few steps vary by it on a quiet machine. */
const leastError = 0.05;

function profileFacts(
  { file }: ResolvedFile,
  folder: string,
): Pick<PlannedTraining, 'predictionError' | 'profileReferences'> {
  if (file.calibration === undefined) return {};
  const { entries, machine } = readMeasuredProfile(readFileSync(resolve(folder, file.calibration), 'utf8'));
  const { batchSize, activations } = file.training;
  const used = entries.filter((entry) => entry.batchSize === batchSize && entry.activations === activations);
  const { references, clock = 'wall' } = machine;
  return {
    predictionError: Math.max(leastError, ...used.flatMap(({ spread }) => Object.values(spread))),
    ...(references && clock === 'wall' && { profileReferences: references }),
  };
}

async function solved(entry: PlanEntry, { problem, file }: ResolvedFile): Promise<Plan> {
  const { solvePlan } = await import('../../lib/plan/index.js');
  const report = solvePlan(problem, { seed: file.seed, baselines: false, whatIf: 'never' });
  if (!report.answer) throw new PlanRunError(`${entry.problem} has no plan: ${report.message}`);
  return report.answer.plan;
}

function given(entry: PlanEntry, { problem }: ResolvedFile, text: string): Plan {
  const outcome = readPlanFile(text);
  if (!outcome.ok) throw new PlanRunError(`${entry.plan} is no plan:\n  ${outcome.issues.join('\n  ')}`);
  const found = warmPlan(outcome.plan, problem);
  if ('reason' in found) throw new PlanRunError(`${entry.plan} does not fit ${entry.problem}: ${found.reason}`);
  return found.plan;
}

function plannedDevices(entry: PlanEntry, { problem, file, summaries }: ResolvedFile, plan: Plan): ScenarioDevice[] {
  const overrides = new Map(entry.devices.map((device) => [device.name, device]));
  const devices = problem.devices.flatMap((device, n): ScenarioDevice[] => {
    const decision = plan.devices[n]!;
    const own = overrides.get(device.name);
    overrides.delete(device.name);
    if (!decision.participates) return [];
    const described = file.devices[summaries[n]!.entry]!;
    const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    return [
      {
        name: device.name,
        cut: decision.blocks,
        batchSize: described.batchSize ?? file.training.batchSize,
        uplinkCodec: codecOf(problem.upPoints[decision.upPoint]!),
        downlinkCodec: codecOf(problem.downPoints[decision.downPoint]!),
        speedFactor: own?.speedFactor ?? described.profileFactor,
        link: {
          uplink: plannedUplink(device, costs, decision),
          downlink: device.downlink,
          bandwidthHz: decision.bandwidthHz,
          latencySeconds: own?.latency ?? 0,
          burstBytes: own?.burst ?? 0,
          ...(own?.gains && { gainTrace: own.gains.map((decibel) => 10 ** (decibel / 10)) }),
        },
        ...(problem.sharing === 'allocated' && decision.serverShare > 0 && { serverShare: decision.serverShare }),
      },
    ];
  });
  const unknown = [...overrides.keys()];
  if (unknown.length > 0) throw new PlanRunError(`${entry.problem} has no device \`${unknown[0]}\``);
  return devices;
}

function exchangeCodec({ file: { exchange } }: ResolvedFile): StepCodec {
  const { keptFraction, bits: bitsPerKeptValue, ratio = 1 } = exchange;
  return codecOf({ name: 'exchange', ratio, keptFraction, bitsPerKeptValue });
}

/** The codec's settings at an operating point. */
function codecOf({ name, ratio, keptFraction, bitsPerKeptValue }: PointSettings): StepCodec {
  if (keptFraction === undefined && bitsPerKeptValue === undefined && ratio !== 1) {
    throw new PlanRunError(`operating point \`${name}\` has a ratio but no keptFraction or bits: it cannot be run`);
  }
  const bits = bitsPerKeptValue ?? 32;
  if ((Number.isInteger(bits) && bits <= 8) || bits === 16 || bits === 32) {
    return codecAt({ keptFraction: keptFraction ?? 1, bits });
  }
  throw new PlanRunError(`operating point \`${name}\` has ${bits} bits: the codec has 1 … 8, 16 and 32`);
}
