import { fileURLToPath } from 'node:url';
import type { LoadedBackend } from '../../harness/backend/tensorflow.js';
import type { RoundTimer } from '../../harness/calibrate/index.js';
import { trainInProcess } from '../../harness/run.js';
import {
  evaluateScenario,
  loadWorkload,
  readScenario,
  resolveScenario,
  trainingOptions,
  type Scenario,
} from '../../harness/scenario/index.js';

/** Of the files that scenarios name. */
export const folder = fileURLToPath(new URL('../../.cache/bench/decoder/', import.meta.url));

export async function scenarioOf(text: string): Promise<Scenario> {
  const outcome = readScenario(text);
  if (!outcome.ok) throw new Error(outcome.issues.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return resolveScenario(outcome.file, folder);
}

/** What a training ends with. */
export interface Judged {
  /** Of all rounds, everything that travelled. */
  readonly bytes: number;
  readonly accuracy: number;
  /** Mean cross-entropy, nat. */
  readonly loss: number;
}

/** Trains a scenario and judges it on its held-out examples. */
export async function judged(backend: LoadedBackend, scenario: Scenario): Promise<Judged> {
  const workload = await loadWorkload(scenario, backend);
  let bytes = 0;
  const { adapters } = await trainInProcess(backend.tf, {
    ...trainingOptions(scenario, workload),
    record: (entry) => {
      if (entry.kind === 'round') bytes += entry.uplinkBytes + entry.downlinkBytes;
    },
  });
  const { accuracy = NaN, loss = NaN } = (await evaluateScenario(backend.tf, scenario, workload, adapters)) ?? {};
  return { bytes, accuracy, loss };
}

/** Trains a scenario for its times. */
export async function timedTraining(backend: LoadedBackend, scenario: Scenario, timed: RoundTimer): Promise<void> {
  const workload = await loadWorkload(scenario, backend);
  const { record, onRound } = timed;
  await trainInProcess(backend.tf, { ...trainingOptions(scenario, workload), record, onRound });
}
