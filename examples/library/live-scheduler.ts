/** A scheduler that gives out the band anew every 100 ms as the channel fades, and asks from time to time what new choices would gain. */
import { definePlanningProblem, Replanner, solvePlan } from 'sft-opt';

const blocks = 6;
const count = 20;
const problem = definePlanningProblem({
  blocks,
  bandwidthHz: 20e6,
  stepsPerRound: 10,
  compression: { up: [{ ratio: 0.1 }, { ratio: 0.4 }] },
  accuracy: { value: (up) => 0.93 - 0.004 / up, minimum: 0.9 },
  devices: Array.from({ length: count }, (_, n) => ({
    name: `phone-${n}`,
    uplink: { kind: 'shannon', snrBandwidthHz: 20e6 * (1 + (n % 7)) },
    downlink: { kind: 'linear', bitsPerSecondPerHz: 3 + (n % 4) },
    stages: {
      forwardSeconds: (c: number) => 0.004 * (1 + (n % 3)) * c,
      backwardSeconds: (c: number) => 0.008 * (1 + (n % 3)) * c,
      serverSeconds: (c: number) => 0.0005 * (blocks - c),
      uplinkValues: 2e5,
      downlinkValues: 2e5,
    },
  })),
});

const cold = solvePlan(problem, { baselines: false, whatIf: 'never' });
const cell = new Replanner(problem, cold.answer!.plan);
const gains = new Float64Array(count);
let longest = 0;
for (let tick = 0; tick < 50; tick++) {
  // What a channel estimator would report: a slow fade of ±6 dB, every device in a phase of its own.
  for (let n = 0; n < count; n++) gains[n] = 10 ** (0.6 * Math.sin(0.1 * tick + n));
  longest = Math.max(longest, cell.step(gains));
  if (tick % 25 === 24 && cell.bound({ timeLimitSeconds: 1 }).relativeGap > 0.02) cell.replan({ timeLimitSeconds: 2 });
}
const shares = cell.bandwidthHz.reduce((sum, share) => sum + share, 0);
console.log(`${cold.status}: cold round ${cold.answer!.delay.totalSeconds.toFixed(2)} s`);
console.log(`longest round over 50 steps ${longest.toFixed(2)} s, ${(shares / 1e6).toFixed(2)} MHz given out`);
console.log('limits broken:', cell.violations().length);

/* prints
solved: cold round 3.15 s
longest round over 50 steps 4.00 s, 20.00 MHz given out
limits broken: 0
*/
