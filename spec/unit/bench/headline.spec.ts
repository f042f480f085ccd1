import { expect, it } from 'vitest';
import { schemes, plannedBytes, trainedDevices } from '../../../bench/harness/headline/schemes.js';
import { tasks } from '../../../bench/harness/headline/tasks.js';
import { accuracyOfPlan } from '../../../bench/study/trained-plan.js';
import { loadBackend } from '../../../harness/backend/tensorflow.js';
import { thinned } from '../../../harness/data/index.js';
import type { RoundRecord } from '../../../harness/server/index.js';
import { roundDelay } from '../../../lib/models/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';

const task = tasks.embedded;
const first = ['planned', 'planned-free', 'split-federated', 'fixed-cut', 'equal-bandwidth', 'planned-open-limited'];

it('no scheme that leaves less free is foreseen to be quicker, and limits of traffic are kept', () => {
  const chosen = Object.fromEntries(first.map((name) => [name, schemes[name]!(task)]));
  const delay = (name: string) => roundDelay(chosen[name]!.resolved.problem, chosen[name]!.plan).totalSeconds;
  for (const name of ['planned', 'fixed-cut', 'equal-bandwidth']) {
    expect(delay(name), name).toBeGreaterThanOrEqual(delay('planned-free') * (1 - 1e-3));
  }
  const most = 0.0625 * plannedBytes(chosen['split-federated']!);
  for (const name of ['planned', 'planned-open-limited'])
    expect(plannedBytes(chosen[name]!)).toBeLessThanOrEqual(most + 1);
});

it('a plan whose fast devices hold the whole model is trained, with the bytes that are foreseen', async () => {
  const { tf, ...backend } = await loadBackend();
  const workload = await task.load({ tf, ...backend });
  const chosen = schemes['planned-open-cautious']!(task);
  expect(chosen.plan.devices.some(({ blocks }) => blocks === task.blocks)).toBe(true);
  const rounds: RoundRecord[] = [];
  const accuracy = await accuracyOfPlan(
    tf,
    { ...workload, validation: thinned(workload.validation, 24) },
    {
      devices: trainedDevices(chosen, task),
      exchangeCodec: chosen.exchangeCodec,
      rounds: 2,
      localSteps: 1,
      seed: 1,
      onRound: (record) => void rounds.push(record),
    },
  );
  expect(accuracy).toBeGreaterThanOrEqual(0);
  expect(accuracy).toBeLessThanOrEqual(1);
  // Adapters once a round, activations and gradients once a step of the problem's ten.
  const { uplinkBytes, downlinkBytes } = rounds[1]!;
  expect(uplinkBytes + downlinkBytes).toBeLessThan(plannedBytes(chosen));
  expect(uplinkBytes + downlinkBytes).toBeGreaterThan(plannedBytes(chosen) / 10);
  workload.frozen.dispose();
});
