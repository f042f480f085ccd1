import { choiceCosts, type Plan, type PlanningProblem } from '../../lib/models/index.js';
import { EventQueue } from './event-queue.js';
import { plainSecondsPerBit, thriftySecondsPerBit } from './limited-rates.js';

/**
 * Discrete-event simulation of one round, written from the story and not from the formulas: devices and server are
 * processes, messages take their bits over the link's rate, a batched server starts when the last activation is in. A device
 * of limited energy lowers its power until the bits that it knows it will send are paid for.
 */
export function simulateRound(problem: PlanningProblem, plan: Plan): number {
  const queue = new EventQueue();
  let finished = 0;
  let end = 0;
  const taking = plan.devices.flatMap((decision, n) => (decision.participates ? [{ decision, n }] : []));
  let waiting: (() => void)[] = [];

  for (const { decision, n } of taking) {
    const device = problem.devices[n]!;
    const costs = choiceCosts(problem, device, decision.blocks, decision.upPoint, decision.downPoint);
    const computing = costs.forwardSeconds + costs.encodeSeconds + costs.decodeSeconds + costs.backwardSeconds;
    const coding = device.costs.exchange
      ? device.codecTimeFactor * device.costs.exchange.codecSeconds[decision.blocks]!
      : 0;
    const left =
      (device.energyLimitJoule ?? Infinity) - device.computePowerWatt * (problem.stepsPerRound * computing + coding);
    const roundBits = problem.stepsPerRound * costs.uplinkBits + costs.adapterBits;
    const up = (bits: number) =>
      bits > 0 ? bits * thriftySecondsPerBit(device, decision.bandwidthHz, Math.max(0, left / roundBits)) : 0;
    const down = (bits: number) => (bits > 0 ? bits * plainSecondsPerBit(device.downlink, decision.bandwidthHz) : 0);
    const share =
      problem.sharing === 'equal'
        ? 1 / problem.devices.length
        : problem.sharing === 'batched'
          ? 1
          : decision.serverShare;
    const serve = (then: () => void) => {
      if (problem.sharing !== 'batched') {
        queue.after(costs.serverSeconds === 0 ? 0 : costs.serverSeconds / share, then);
        return;
      }
      waiting.push(then);
      if (waiting.length < taking.length) return;
      const batch = waiting;
      waiting = [];
      let busy = 0;
      for (const { decision: other, n: m } of taking) {
        busy += choiceCosts(problem, problem.devices[m]!, other.blocks, other.upPoint, other.downPoint).serverSeconds;
      }
      queue.after(busy, () => batch.forEach((resume) => resume()));
    };
    const step = (k: number): void => {
      if (k === problem.stepsPerRound) {
        const done = () => {
          finished++;
          if (finished === taking.length) queue.after(problem.aggregationSeconds, () => (end = queue.now));
        };
        queue.after(0.7 * coding, () =>
          queue.after(up(costs.adapterBits), () =>
            queue.after(down(costs.adapterBits), () => queue.after(0.3 * coding, done)),
          ),
        );
        return;
      }
      queue.after(costs.forwardSeconds + costs.encodeSeconds, () =>
        queue.after(up(costs.uplinkBits), () =>
          serve(() =>
            queue.after(down(costs.downlinkBits), () =>
              queue.after(costs.decodeSeconds + costs.backwardSeconds, () => step(k + 1)),
            ),
          ),
        ),
      );
    };
    step(0);
  }
  queue.run();
  return end;
}
