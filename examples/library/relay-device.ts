/**
 * An own delay model: a camera whose messages pass through a relay. The two hops share the camera's bandwidth one after the other, so
 * that 1/R = 1/R₁ + 1/R₂, which is increasing and concave like its parts; the relay needs
 * time of its own for every message. What all devices compute in a round is limited: 4 W while computing, 16 J in all.
 */
import { definePlanningProblem, defineRate, limitPrices, solvePlan, type ExtraLimit } from 'sft-opt';
import { checkConformance } from 'sft-opt/testing';

const blocks = 8;
/** Shannon's law in bit/s, `snrHz` being the bandwidth at which signal and noise are equally strong. */
const hop = (snrHz: number) => (b: number) => b * Math.log2(1 + snrHz / b);
const relayed = (first: number, second: number) =>
  defineRate({ bitsPerSecond: (b) => 1 / (1 / hop(first)(b) + 1 / hop(second)(b)) });

const energy: ExtraLimit = {
  name: 'site energy',
  unit: 'J',
  scope: 'sum',
  limit: 16,
  use: (_device, { deviceSeconds }) => 4 * 5 * deviceSeconds,
};

const device = (name: string, uplink: ReturnType<typeof relayed>, relaySeconds: number) => ({
  name,
  uplink,
  downlink: uplink,
  stages: {
    // A slow first block, and the relay's own time with every forward pass.
    forwardSeconds: (c: number) => relaySeconds + 0.05 + 0.02 * c,
    backwardSeconds: (c: number) => 0.03 * c,
    serverSeconds: (c: number) => 0.01 * (blocks - c),
    // Pooling after block 4 halves what is sent: no affine function of the cut.
    uplinkValues: (c: number) => (c >= 4 ? 1e5 : 2e5),
    downlinkValues: (c: number) => (c >= 4 ? 1e5 : 2e5),
  },
});

const problem = definePlanningProblem({
  blocks,
  bandwidthHz: 10e6,
  stepsPerRound: 5,
  compression: { up: [{ ratio: 0.25 }, { ratio: 1 }] },
  accuracy: { value: (up) => 0.92 - 0.01 / up, minimum: 0.88 },
  devices: [
    device('camera-1', relayed(40e6, 8e6), 0.02),
    device('camera-2', relayed(60e6, 15e6), 0.02),
    device('desk', defineRate({ bitsPerSecond: hop(200e6) }), 0),
  ],
  extraLimits: [energy],
});

const { passed } = checkConformance(problem, { instances: 2 });
const report = solvePlan(problem, { method: 'exact' });
console.log('own parts conform:', passed);
console.log(
  report.status,
  report.answer?.delay.totalSeconds.toFixed(3),
  's, cuts',
  report.answer?.plan.devices.map(({ blocks: c }) => c).join(' '),
);
console.log('site energy', report.answer?.use.extra?.['site energy']?.toFixed(1), 'J of 16 J');
for (const { limit, secondsPerUnit } of limitPrices(problem))
  console.log(limit, secondsPerUnit > 0 ? 'binds' : 'is free');

/* prints
own parts conform: true
solved 2.639 s, cuts 4 4 4
site energy 15.8 J of 16 J
bandwidth binds
server-share binds
extra:site energy binds
*/
