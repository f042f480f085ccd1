/** One solve, in a thread of its own that ends with it. */
import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { resolveOrigin, type FileOrigin, type ResolvedFile } from '../../lib/io/index.js';
import type { Plan } from '../../lib/models/index.js';
import { evaluatePlan, Replanner, solvePlan, type SolveOptions } from '../../lib/plan/index.js';
import { answerOf, planFileOf } from '../render/plan-file.js';

interface ThreadTask {
  readonly origin: FileOrigin;
  /** One 32-bit word; anything but 0 asks the thread to stop. */
  readonly stop: SharedArrayBuffer;
}

/** A problem from the start. */
export interface SolveTask extends ThreadTask {
  readonly kind: 'solve';
  readonly options: Partial<SolveOptions>;
  readonly warm?: Plan;
}

/** A live cell's choices anew, at the gains of the moment. */
export interface ReplanTask extends ThreadTask {
  readonly kind: 'replan';
  readonly plan: Plan;
  readonly uplinkGain: readonly number[];
  readonly downlinkGain: readonly number[];
  readonly timeLimitSeconds: number;
}

/** A plan better than those before: for a session to start from, and in the published form as JSON. */
export interface BestSoFar {
  readonly plan: Plan;
  readonly totalSeconds: number;
  readonly answer: string;
}

/** What a replan came to. */
export interface ReplanOutcome {
  readonly plan: Plan;
  readonly totalSeconds: number;
  readonly boundSeconds: number;
  readonly relativeGap: number;
  readonly verified: boolean;
}

export type SolveSaying =
  | { readonly kind: 'best'; readonly best: BestSoFar }
  | { readonly kind: 'bound'; readonly phase: string; readonly boundSeconds?: number }
  | { readonly kind: 'solved'; readonly status: string; readonly report: string; readonly best?: BestSoFar }
  | { readonly kind: 'replanned'; readonly outcome: ReplanOutcome }
  | { readonly kind: 'failed'; readonly range: boolean; readonly message: string };

/** Between two words about bound and phase, ms. */
const quietMs = 100;

const task = workerData as SolveTask | ReplanTask;
const flag = new Int32Array(task.stop);
const signal = {
  get aborted() {
    return Atomics.load(flag, 0) !== 0;
  },
};
const say = (saying: SolveSaying) => parentPort!.postMessage(saying);

// A search takes what requests and live cells leave of the processors. Linux keeps priorities by thread; elsewhere this
// would be the whole process's.
if (process.platform === 'linux') setPriority(Math.min(19, getPriority() + 10));

try {
  if (task.kind === 'solve') solve(task);
  else replan(task);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  say({ kind: 'failed', range: error instanceof RangeError, message });
}

function solve({ origin, options, warm }: SolveTask): void {
  const resolved = resolveOrigin(origin);
  let phase = '';
  let saidAt = -Infinity;
  const report = solvePlan(resolved, options, {
    warm,
    signal,
    onPlan: (plan) => say({ kind: 'best', best: bestOf(plan, resolved) }),
    onProgress: (progress) => {
      const now = performance.now();
      if (progress.phase === phase && now - saidAt < quietMs) return;
      phase = progress.phase;
      saidAt = now;
      const { boundSeconds } = progress;
      const known = boundSeconds !== undefined && Number.isFinite(boundSeconds);
      say({ kind: 'bound', phase, ...(known && { boundSeconds }) });
    },
  });
  say({
    kind: 'solved',
    status: report.status,
    report: JSON.stringify(planFileOf(report, resolved)),
    ...(report.answer && { best: bestOf(report.answer.plan, resolved) }),
  });
}

function bestOf(plan: Plan, { problem }: ResolvedFile): BestSoFar {
  const { answer } = evaluatePlan(problem, plan);
  return { plan, totalSeconds: answer.delay.totalSeconds, answer: JSON.stringify(answerOf(answer, problem)) };
}

function replan({ origin, plan, uplinkGain, downlinkGain, timeLimitSeconds }: ReplanTask): void {
  const cell = new Replanner(resolveOrigin(origin).problem, plan);
  cell.step(uplinkGain, downlinkGain);
  cell.replan({ timeLimitSeconds, signal });
  const bound = cell.bound({ timeLimitSeconds, signal });
  say({ kind: 'replanned', outcome: { plan: cell.plan(), totalSeconds: cell.totalSeconds, ...bound } });
}
