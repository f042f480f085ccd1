/** Keeps the live cells: each is a `Replanner` that finds the best bandwidths for the gains of the moment. */
import { resolveOrigin, type FileOrigin } from '../../lib/io/index.js';
import type { LimitViolation, Plan } from '../../lib/models/index.js';
import { Replanner } from '../../lib/plan/index.js';
import { answerQuestions } from './asked-thread.js';

export type SessionQuestion =
  | { readonly kind: 'open'; readonly id: string; readonly origin: FileOrigin; readonly plan: Plan }
  | { readonly kind: 'step'; readonly id: string; readonly uplinkGain: number[]; readonly downlinkGain: number[] }
  | { readonly kind: 'plan'; readonly id: string }
  | { readonly kind: 'close'; readonly id: string };

/** Bandwidths of a moment. */
export interface SessionStep {
  readonly totalSeconds: number;
  readonly secondsPerHz: number;
  readonly bandwidthHz: readonly number[];
  /** Limits that the plan breaks at these gains: a deadline, as a rule. */
  readonly violations: readonly LimitViolation[];
}

const cells = new Map<string, Replanner>();

/** Undefined for a cell that is not here: it was closed meanwhile, or a thread before this one knew it. */
answerQuestions((question: SessionQuestion): SessionStep | Plan | undefined => {
  const { id } = question;
  switch (question.kind) {
    case 'open': {
      const { problem } = resolveOrigin(question.origin);
      const cell = new Replanner(problem, question.plan);
      const step = stepOf(
        cell,
        problem.devices.map(() => 1),
      );
      cells.set(id, cell);
      return step;
    }
    case 'step': {
      const cell = cells.get(id);
      return cell && stepOf(cell, question.uplinkGain, question.downlinkGain);
    }
    case 'plan':
      return cells.get(id)?.plan();
    case 'close':
      cells.delete(id);
      return undefined;
  }
});

function stepOf(cell: Replanner, uplinkGain: readonly number[], downlinkGain = uplinkGain): SessionStep {
  const totalSeconds = cell.step(uplinkGain, downlinkGain);
  return {
    totalSeconds,
    secondsPerHz: cell.secondsPerHz,
    bandwidthHz: [...cell.bandwidthHz],
    violations: cell.violations(),
  };
}
