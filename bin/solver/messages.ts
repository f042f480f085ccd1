import type { FileOrigin } from '../../lib/io/index.js';
import type { Plan } from '../../lib/models/index.js';
import type { PlanReport, SolveOptions, SolveProgress } from '../../lib/plan/index.js';

/** What the solving thread is started with. All of it survives structured cloning. */
export interface SolveJob {
  /** What the problem is read from, so that the thread can read it changed. */
  readonly origin: FileOrigin;
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
