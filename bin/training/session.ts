import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LoadedBackend } from '../../harness/backend/tensorflow.js';
import type { Checkpoint } from '../../harness/checkpoint/index.js';
import type { Scenario, Workload } from '../../harness/scenario/index.js';
import type {
  CheckpointOptions,
  RecordFile,
  RunRecord,
  ServerOptions,
  TrainingResult,
} from '../../harness/server/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { TrainingRounds } from '../report/contents/training-rounds.js';
import { trainingReport } from '../report/contents/training.js';
import { reportWriter } from '../report/write.js';
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
  readonly set?: readonly string[];
  readonly clock?: 'auto' | 'emulated' | 'wall';
  readonly record?: string;
  readonly checkpoint?: string;
  readonly resume?: boolean;
  readonly backend?: 'auto' | 'native' | 'wasm' | 'cpu';
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly out?: string;
  readonly report?: string;
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
    const { seed, rounds, set: settings } = options;
    const scenario = await openScenario(path, {
      ...(seed !== undefined && { seed }),
      ...(rounds && { rounds }),
      ...(settings && { settings }),
    });
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
  const { scenario, workload, backend, clock } = opened;
  const quiet = options.quiet === true;
  const progress = trainingProgress(process.stderr, scenario.rounds, quiet);
  const report = await reportWriter(options.report);
  const rounds = new TrainingRounds();
  const summary = new SummaryRecorder(scenario.devices.map(({ name }) => name));
  const say = (text: string) => progress.say(text);
  say(`backend: ${backend.description}; ${clock} clock`);
  for (const { name, skipped } of [workload.dataset, ...(workload.evaluationSet ? [workload.evaluationSet] : [])]) {
    if (skipped) say(`${name}: ${skipped.length} left out, such as ${skipped[0]!}`);
  }
  const locks: (() => Promise<void>)[] = [];
  const unlock = async () => {
    for (const release of locks.splice(0)) await release();
  };
  let prepared: { readonly checkpoints?: Omit<CheckpointOptions, 'recordBytes'>; readonly file?: RecordFile };
  try {
    prepared = await prepare(opened, options, say, locks);
  } catch (error) {
    await unlock();
    throw error;
  }
  const { checkpoints, file } = prepared;
  const record = (entry: RunRecord) => {
    file?.record(entry);
    summary.record(entry);
    if (options.report !== undefined) rounds.record(entry);
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
    const names = scenario.devices.map(({ name }) => name);
    await report.write((library) => trainingReport(library, scenario.file.name ?? 'Training', rounds, names));
    if (!isDone) say(`ended after ${result.roundsDone} of ${scenario.rounds} rounds`);
    return isDone ? exitCodes.solved : exitCodes.limit;
  } finally {
    progress.close();
    file?.close();
    await unlock();
  }
}

/** Opens checkpoints and record: all that can be wrong with them is found before anything else begins. */
async function prepare(
  opened: OpenedTraining,
  options: TrainingArguments,
  say: (text: string) => void,
  locks: (() => Promise<void>)[],
) {
  const { scenario, workload, clock } = opened;
  const { out } = options;
  if (out !== undefined) await explained(out, () => mkdir(out, { recursive: true }));
  const { trainingSettings, workloadFacts } = await import('../../harness/scenario/index.js');
  const identity = {
    run: randomUUID() as string,
    settings: trainingSettings(scenario, await workloadFacts(workload), clock),
  };
  const checkpoints = await openCheckpoints(opened, options, say, identity, locks);
  const resume = checkpoints?.resume;
  const file = await openRecord(scenario, options, resume, { ...identity, ...(resume && { run: resume.run }) }, locks);
  return { ...(checkpoints && { checkpoints }), ...(file && { file }) };
}

async function deliver(
  opened: OpenedTraining,
  options: TrainingArguments,
  summary: SummaryRecorder,
  { adapters }: TrainingResult,
  progress: TrainingProgress,
): Promise<void> {
  const { scenario, workload, clock } = opened;
  const found = summary.summary();
  if (options.json) await print(JSON.stringify({ ...found, clock }, undefined, 2));
  else if (!options.quiet) {
    const slowdown = await machineSlowdown(opened);
    await print(
      renderTraining(found, { scenario, clock, ...(slowdown !== undefined && { slowdown }) }, painter(process.stdout)),
    );
  }
  if (options.out !== undefined) {
    const { saveAdapters } = await import('./adapters-file.js');
    await saveAdapters(options.out, workload.adapterSettings, adapters, workload.config);
    progress.say(`adapters written to ${options.out}`);
  }
}

/** Of the machine now against when the plan's profile was measured; undefined without one. */
async function machineSlowdown({ scenario, backend }: OpenedTraining): Promise<number | undefined> {
  const { profileReferences } = scenario;
  if (!profileReferences) return undefined;
  const { ReferenceTimer, slowdown } = await import('../../harness/calibrate/index.js');
  const timer = new ReferenceTimer(backend.tf);
  const now = timer.measure();
  timer.dispose();
  return slowdown(now, profileReferences);
}

/** Measures accuracy after every so many rounds, and after the last. */
function evaluator({ scenario, workload, backend }: OpenedTraining, record: (entry: RunRecord) => void) {
  const { everyRounds } = scenario.file.evaluation;
  return async ({ round }: { readonly round: number }, adapters: TrainingResult['adapters']): Promise<void> => {
    if ((round + 1) % everyRounds !== 0 && round + 1 !== scenario.rounds) return;
    const { evaluateScenario } = await import('../../harness/scenario/index.js');
    const found = await evaluateScenario(backend.tf, scenario, workload, adapters);
    const isOfWords = scenario.file.data.task === 'next-word';
    if (found) {
      record({ kind: 'evaluation', round, ...found, ...(isOfWords && { perplexity: Math.exp(found.loss) }) });
    }
  };
}

type Identity = Pick<CheckpointOptions, 'run' | 'settings'>;

async function openCheckpoints(
  { scenario }: OpenedTraining,
  options: TrainingArguments,
  say: (text: string) => void,
  identity: Identity,
  locks: (() => Promise<void>)[],
): Promise<Omit<CheckpointOptions, 'recordBytes'> | undefined> {
  const settings = scenario.file.checkpoint;
  const folder = options.checkpoint ?? (settings && resolve(scenario.folder, settings.folder));
  if (folder === undefined) {
    if (!options.resume) return undefined;
    throw new CommandError(
      exitCodes.badInput,
      '--resume needs checkpoints: add --checkpoint, or `checkpoint` to the file',
    );
  }
  const { CheckpointStore, requireSameTraining } = await import('../../harness/checkpoint/index.js');
  const { lock } = await import('./lock.js');
  return explained(folder, async () => {
    const store = new CheckpointStore(folder, settings?.keep);
    await mkdir(folder, { recursive: true });
    locks.push(await lock(join(folder, '.lock')));
    await store.open();
    if (!options.resume && (await store.isUsed())) {
      const what = 'it holds checkpoints: --resume goes on from them, a new training needs another folder';
      throw new CommandError(exitCodes.badInput, `${folder}: ${what}`);
    }
    const found = options.resume ? await store.latest() : undefined;
    for (const problem of found?.damaged ?? []) say(problem);
    if (found) requireSameTraining(found.checkpoint, identity.settings);
    if (found) say(`going on from ${found.path}, after ${found.checkpoint.round} rounds`);
    else if (options.resume) say(`${folder} holds no checkpoint: starting anew`);
    const checkpoints = { store, every: settings?.every ?? 1, ...identity };
    if (!found) return checkpoints;
    return { ...checkpoints, run: found.checkpoint.run, resume: found.checkpoint };
  });
}

/** A new training begins a new record; one that goes on keeps what was written up to its checkpoint. */
async function openRecord(
  scenario: Scenario,
  options: TrainingArguments,
  resume: Checkpoint | undefined,
  { run, settings }: Identity,
  locks: (() => Promise<void>)[],
): Promise<RecordFile | undefined> {
  const named = scenario.file.record;
  const path = options.record ?? (named === undefined ? undefined : resolve(scenario.folder, named));
  if (path === undefined) return undefined;
  const { jsonLinesRecorder, recordedRun } = await import('../../harness/server/index.js');
  const { lock } = await import('./lock.js');
  return explained(path, async () => {
    locks.push(await lock(`${path}.lock`));
    const recorded = resume && (await recordedRun(path));
    if (recorded !== undefined && recorded !== run) {
      throw new CommandError(exitCodes.badInput, `${path} is of run ${recorded}, the checkpoint of ${run}`);
    }
    const file = jsonLinesRecorder(path, recorded === undefined ? 0 : resume?.recordBytes);
    const created = new Date().toISOString();
    if (file.bytes === 0) file.record({ kind: 'run', run, settings, round: resume?.round ?? 0, created });
    return file;
  });
}
