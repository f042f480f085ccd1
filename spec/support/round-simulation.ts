import { secondsPerBit, type Plan, type PlanningProblem, choiceCosts } from '../../lib/models/index.js';

/**
 * Discrete-event simulation of one round, written from the story and not from the formulas: devices and server are
 * processes, messages take their bits over the link's rate, a batched server starts when the last activation is in.
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
    const send = (bits: number, law: typeof device.uplink) =>
      bits > 0 ? bits * secondsPerBit(law, decision.bandwidthHz) : 0;
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
        queue.after(send(costs.adapterBits, device.uplink), () =>
          queue.after(send(costs.adapterBits, device.downlink), () => {
            finished++;
            if (finished === taking.length) queue.after(problem.aggregationSeconds, () => (end = queue.now));
          }),
        );
        return;
      }
      queue.after(costs.forwardSeconds + costs.encodeSeconds, () =>
        queue.after(send(costs.uplinkBits, device.uplink), () =>
          serve(() =>
            queue.after(send(costs.downlinkBits, device.downlink), () =>
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

/** Events by time, then by order of entry. */
class EventQueue {
  now = 0;
  private readonly events: { time: number; action: () => void }[] = [];

  after(delay: number, action: () => void): void {
    const time = this.now + delay;
    let position = this.events.length;
    while (position > 0 && this.events[position - 1]!.time > time) position--;
    this.events.splice(position, 0, { time, action });
  }

  run(): void {
    for (let event = this.events.shift(); event; event = this.events.shift()) {
      this.now = event.time;
      event.action();
    }
  }
}
