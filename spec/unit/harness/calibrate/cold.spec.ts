import { describe, expect, it } from 'vitest';
import { coldSample, coldSeconds } from '../../../../harness/calibrate/cold.js';
import type { TimedRound } from '../../../../harness/calibrate/index.js';
import type { StepRecord } from '../../../../harness/server/index.js';

const references = { matrix: 1e-3, codec: 2e-4 };
const slower = (times: number) => ({
  matrix: times * references.matrix,
  codec: times * references.codec,
});

/** Four steps; those of the device take 10 parts, those of the server 4. */
function round(times: number, slowdown = 1): TimedRound {
  const part = times * slowdown * 1e-3;
  const steps = Array.from({ length: 4 }, (): StepRecord => ({
    kind: 'step',
    round: 0,
    step: 0,
    device: 0,
    loss: 0,
    seconds: {
      deviceForward: 2 * part,
      deviceEncode: part,
      uplink: 9,
      server: 9,
      downlink: 9,
      deviceDecode: part,
      deviceBackward: 4 * part,
      deviceUpdate: 2 * part,
    },
    measuredServerSeconds: { decode: part, compute: part, update: part, encode: part },
    uplinkBytes: 0,
    downlinkBytes: 0,
  }));
  return { record: {} as TimedRound['record'], steps, references: slower(slowdown) };
}

describe('the first round of a process', () => {
  it('is what it takes more than later ones, links and shares of the server aside', () => {
    const sample = coldSample({ first: round(3), rounds: [round(1), round(1)], warmUpRounds: 1, unsteady: [] });
    expect(sample.device).toBeCloseTo(4 * 2 * 10e-3, 12);
    expect(sample.server).toBeCloseTo(4 * 2 * 4e-3, 12);
    expect(sample.references).toEqual(references);
  });

  it('is stated at the speed of its own references, and never below zero', () => {
    // The machine was half as fast in the first round, and so would any round have been.
    const { device, server } = coldSample({ first: round(1, 2), rounds: [round(1)], warmUpRounds: 1, unsteady: [] });
    expect(device).toBeCloseTo(0, 12);
    expect(server).toBeCloseTo(0, 12);
    expect(coldSample({ first: round(0.5), rounds: [round(1)], warmUpRounds: 1, unsteady: [] }).device).toBe(0);
  });

  it('is the middle of three processes, each at the speed of the profile', () => {
    const samples = [
      { device: 0.5, server: 0.1, references },
      // On a machine twice as slow.
      { device: 0.4, server: 0.6, references: slower(2) },
      { device: 0.1, server: 0.2, references },
    ];
    const found = coldSeconds(samples, references);
    expect(found.device).toBeCloseTo(0.2, 12);
    expect(found.server).toBeCloseTo(0.2, 12);
  });
});
