import { expect, it } from 'vitest';
import { renderTraining } from '../../../bin/render/training.js';
import { SummaryRecorder } from '../../../bin/training/summary.js';
import type { Scenario } from '../../../harness/scenario/index.js';

it('a training says when its rounds were not as long as its plan foresaw, and how fast the machine was', () => {
  const recorder = new SummaryRecorder(['phone']);
  recorder.record({
    kind: 'round',
    round: 0,
    loss: 1,
    roundSeconds: 3,
    wallSeconds: 1,
    aggregationSeconds: 0.1,
    adapterSeconds: [0.1],
    devices: [0],
    uplinkBytes: 100,
    downlinkBytes: 100,
  });
  const scenario = {
    file: {},
    devices: [{ cut: 2 }],
    predictedRoundSeconds: 2,
    predictionError: 0.1,
  } as unknown as Scenario;
  const text = (facts: { readonly scenario?: Scenario; readonly slowdown?: number }) =>
    renderTraining(recorder.summary(), { scenario, clock: 'emulated', ...facts }, (_, text) => text);
  expect(text({})).toMatch(
    /that is 50 % more than predicted, and the profile varies by 10 %: calibrate anew on this machine\n/u,
  );
  expect(text({ slowdown: 1.5 })).toContain('on this machine, which takes 1.5 × the time that it took then');
  expect(text({})).not.toContain('perplexity');
  recorder.record({ kind: 'evaluation', round: 0, accuracy: 0.5, loss: 0.7, perplexity: 2.0138, targets: 9 });
  expect(text({})).toContain('accuracy 50 %, perplexity 2.014');
  expect(text({ scenario: { ...scenario, predictionError: 0.6 }, slowdown: 1.5 })).not.toContain('than predicted');
});
