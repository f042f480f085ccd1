import { resolve } from 'node:path';
import type { LoadedBackend } from '../../harness/backend/tensorflow.js';
import type { Checkpoint } from '../../harness/checkpoint/index.js';
import type { Scenario, Workload } from '../../harness/scenario/index.js';
import type { CheckpointOptions, RunRecord, ServerOptions, TrainingResult } from '../../harness/server/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { renderTraining } from '../render/training.js';
import { interruptible } from '../solver/interrupt.js';
import { painter, print } from '../terminal.js';
import { explained } from './errors.js';
import { trainingProgress, type TrainingProgress } from './progress.js';
import { SummaryRecorder } from './summary.js';

/** What `train` and `server` have in common on the command line. */
export interface TrainingArguments {
  readonly seed?: number;
  readonly rounds?: number;
  readonly clock?: 'auto' | 'emulated' | 'wall';
  readonly record?: string;
  readonly checkpoint?: string;
  readonly resume?: boolean;
  readonly backend?: 'auto' | 'native' | 'wasm' | 'cpu';
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly out?: string;
}

/** A scenario with its data, model and backend. */
export interface OpenedTraining {
  readonly scenario: Scenario;
  readonly workload: Workload;
  readonly backend: LoadedBackend;
  readonly clock: 'emulated' | 'wall';
}

/** Loads the backend with one thread unless the environment says otherwise: results are then the same on every run. */
export async function openBackend(wanted: TrainingArguments['backend']): Promise<LoadedBackend> {
  process.env['TF_NUM_INTRAOP_THREADS'] ??= '1';
  process.env['TF_NUM_INTEROP_THREADS'] ??= '1';
  const { loadBackend } = await import('../../harness/backend/tensorflow.js');
  return loadBackend(wanted);
}

export async function openTraining(path: string, options: TrainingArguments): Promise<OpenedTraining> {
  const { openScenario, loadWorkload } = await import('../../harness/scenario/index.js');
  const { availableParallelism } = await import('node:os');
  return explained(path, async () => {
    const { seed, rounds } = options;
    const scenario = await openScenario(path, { ...(seed !== undefined && { seed }), ...(rounds && { rounds }) });
    const backend = await openBackend(options.backend);
    const workload = await loadWorkload(scenario, backend);
    const wanted = options.clock ?? scenario.file.clock;
    const hasCores = scenario.devices.length + 1 <= availableParallelism();
    return { scenario, workload, backend, clock: wanted === 'auto' ? (hasCores ? 'wall' : 'emulated') : wanted };
  });
}

/** Hooks of the server that the command line sets. */
export type TrainingHooks = Pick<ServerOptions, 'record' | 'onRound'> & {
  readonly checkpoints?: CheckpointOptions;
  readonly signal: AbortSignal;
};

/**
 * Runs a training with record, checkpoints, progress and final table. Resolves to the exit code: 4 after an
 * interruption.
 */
export async function conductTraining(
  opened: OpenedTraining,
  options: TrainingArguments,
  work: (hooks: TrainingHooks, say: (text: string) => void) => Promise<TrainingResult>,
): Promise<number> {
  const { scenario, backend, clock } = opened;
  const quiet = options.quiet === true;
  const progress = trainingProgress(process.stderr, scenario.rounds, quiet);
  const summary = new SummaryRecorder(scenario.devices.map(({ name }) => name));
  const say = (text: string) => progress.say(text);
  say(`backend: ${backend.description}; ${clock} clock`);
  const { checkpoints, resume } = await openCheckpoints(opened, options, say);
  const file = await openRecord(scenario, options, resume);
  const record = (entry: RunRecord) => {
    file?.record(entry);
    summary.record(entry);
    progress.record(entry);
    if (entry.kind === 'fault') say(`round ${entry.round + 1}: ${entry.name} was left behind: ${entry.reason}`);
  };
  try {
    const result = await interruptible(
      (signal) => {
        const withLength = checkpoints && { ...checkpoints, recordBytes: () => file?.bytes ?? 0 };
        const hooks = {
          record,
          onRound: evaluator(opened, record),
          signal,
          ...(withLength && { checkpoints: withLength }),
        };
        return explained('training', () => work(hooks, say));
      },
      quiet,
      'stopping after this round (again to end at once)',
    );
    progress.close();
    const isDone = result.roundsDone >= scenario.rounds;
    await deliver(opened, options, summary, result, progress);
    if (!isDone) say(`ended after ${result.roundsDone} of ${scenario.rounds} rounds`);
    return isDone ? exitCodes.solved : exitCodes.limit;
  } finally {
    progress.close();
    file?.close();
  }
}

async function deliver(
  { scenario, workload, clock }: OpenedTraining,
  options: TrainingArguments,
  summary: SummaryRecorder,
  { adapters }: TrainingResult,
  progress: TrainingProgress,
): Promise<void> {
  const found = summary.summary();
  if (options.json) await print(JSON.stringify({ ...found, clock }, undefined, 2));
  else if (!options.quiet) await print(renderTraining(found, scenario, clock, painter(process.stdout)));
  if (options.out !== undefined) {
    const { saveAdapters } = await import('./adapters-file.js');
    await saveAdapters(options.out, workload.adapterSettings, adapters);
    progress.say(`adapters written to ${options.out}`);
  }
}

/** Measures accuracy after every so many rounds, and after the last. */
function evaluator({ scenario, workload, backend }: OpenedTraining, record: (entry: RunRecord) => void) {
  const { everyRounds } = scenario.file.evaluation;
  return async ({ round }: { readonly round: number }, adapters: TrainingResult['adapters']): Promise<void> => {
    if ((round + 1) % everyRounds !== 0 && round + 1 !== scenario.rounds) return;
    const { evaluateScenario } = await import('../../harness/scenario/index.js');
    const found = await evaluateScenario(backend.tf, scenario, workload, adapters);
    if (found) record({ kind: 'evaluation', round, ...found });
  };
}

async function openCheckpoints(
  { scenario, workload }: OpenedTraining,
  options: TrainingArguments,
  say: (text: string) => void,
): Promise<{ checkpoints?: Omit<CheckpointOptions, 'recordBytes'>; resume?: Checkpoint }> {
  const settings = scenario.file.checkpoint;
  const folder = options.checkpoint ?? (settings && resolve(scenario.folder, settings.folder));
  if (folder === undefined) {
    if (!options.resume) return {};
    throw new CommandError(
      exitCodes.badInput,
      '--resume needs checkpoints: add --checkpoint, or `checkpoint` to the file',
    );
  }
  const { CheckpointStore } = await import('../../harness/checkpoint/index.js');
  const { trainingAgreement, workloadFacts } = await import('../../harness/scenario/index.js');
  const agreement = trainingAgreement(scenario, workloadFacts(workload));
  return explained(folder, async () => {
    const store = new CheckpointStore(folder, settings?.keep);
    await store.open();
    const found = options.resume ? await store.latest() : undefined;
    for (const problem of found?.damaged ?? []) say(problem);
    if (found) say(`going on from ${found.path}, after ${found.checkpoint.round} rounds`);
    else if (options.resume) say(`${folder} holds no checkpoint: starting anew`);
    const checkpoints = { store, every: settings?.every ?? 1, agreement };
    if (!found) return { checkpoints };
    return { checkpoints: { ...checkpoints, resume: found.checkpoint }, resume: found.checkpoint };
  });
}

/** A new training begins a new record; one that goes on keeps what was written up to its checkpoint. */
async function openRecord(scenario: Scenario, options: TrainingArguments, resume: Checkpoint | undefined) {
  const named = scenario.file.record;
  const path = options.record ?? (named === undefined ? undefined : resolve(scenario.folder, named));
  if (path === undefined) return undefined;
  const { jsonLinesRecorder } = await import('../../harness/server/index.js');
  return explained(path, () => Promise.resolve(jsonLinesRecorder(path, resume?.recordBytes ?? 0)));
}
