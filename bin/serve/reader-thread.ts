/** Reads and checks the problems of requests, beside the thread that answers them. */
import { readDecisions, readProblemFile, type FileIssue, type FileOrigin } from '../../lib/io/index.js';
import type { Plan } from '../../lib/models/index.js';
import { answerQuestions } from './asked-thread.js';

export interface ReadQuestion {
  readonly text: string;
  readonly seed?: number;
  /** A plan to start from, as JSON. */
  readonly warm?: string;
}

export type ReadAnswer =
  | {
      readonly ok: true;
      readonly origin: FileOrigin;
      readonly seed: number;
      readonly devices: readonly string[];
      readonly warnings: readonly FileIssue[];
      /** Size of the problem as JSON. */
      readonly characters: number;
      readonly warm?: Plan;
    }
  | { readonly ok: false; readonly part: 'problem' | 'warm'; readonly issues: readonly FileIssue[] };

/** Plans on the way and live cells are judged at one division of the frame. */
const openFrame: FileIssue = {
  line: 0,
  column: 0,
  path: 'radio.uplinkFraction',
  message: 'must be a number here: `optimal` is decided by the command `solve`',
  found: 'optimal',
};

answerQuestions(({ text, seed, warm }: ReadQuestion): ReadAnswer => {
  const outcome = readProblemFile(text, seed === undefined ? {} : { seed });
  if (!outcome.ok) return { ok: false, part: 'problem', issues: outcome.issues };
  const { origin, file, problem, frame } = outcome.resolved;
  if (frame) return { ok: false, part: 'problem', issues: [openFrame] };
  const plan = warm === undefined ? undefined : readDecisions(warm, problem);
  if (plan && !plan.ok) return { ok: false, part: 'warm', issues: plan.issues };
  return {
    ok: true,
    origin,
    seed: file.seed,
    devices: problem.devices.map(({ name }) => name),
    warnings: outcome.warnings,
    characters: JSON.stringify(origin).length,
    ...(plan && { warm: plan.plan }),
  };
});
