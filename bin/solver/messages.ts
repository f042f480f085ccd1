import type { Plan, PlanningProblem } from '../../lib/models/index.js';
import type { PlanReport, SolveOptions, SolveProgress } from '../../lib/plan/index.js';

/** What the solving thread is started with. All of it survives structured cloning. */
export interface SolveJob {
  readonly problem: PlanningProblem;
  readonly options: Partial<SolveOptions>;
  readonly warm: Plan | undefined;
  /** One 32-bit word; anything but 0 asks the solve to stop. */
  readonly stop: SharedArrayBuffer;
}

/** What the solving thread says. */
export type SolveMessage =
  | { readonly kind: 'progress'; readonly progress: SolveProgress }
  | { readonly kind: 'done'; readonly report: PlanReport }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string | undefined };
