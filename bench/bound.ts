/**
 * Dual bound and plan at scale, sharing `allocated`, 12 splits × 8 points, tight accuracy, adapters. Run:
 * npx tsx bench/bound.ts 100 1000 10000
 */
import { boundPlan, planTwoTimescale, verifyBound } from '../lib/plan/index.js';
import { largeProblem } from '../spec/support/plan-instances.js';

/** Processor seconds of this process: what counts on a busy machine. */
const processor = () => process.cpuUsage().user / 1e6;

const sizes = process.argv.slice(2).map(Number);
for (const devices of sizes.length > 0 ? sizes : [100, 1000]) {
  for (const stepsPerRound of devices > 1000 ? [10] : [1, 10]) {
    const problem = largeProblem(1, devices, stepsPerRound);
    const started = processor();
    const bound = boundPlan(problem);
    const bounded = processor();
    const plan = planTwoTimescale(problem);
    const rounded = processor();
    const { valid } = verifyBound(problem, bound.certificate);
    const verified = processor();
    const gap = 1 - bound.boundSeconds / plan.totalSeconds;
    const seconds = (from: number, to: number) => (to - from).toFixed(2);
    console.log(
      `devices ${devices}, K ${stepsPerRound} (processor time): bound ${seconds(started, bounded)} s (${bound.statistics.evaluations} evaluations), ` +
        `plan ${seconds(bounded, rounded)} s, verification ${seconds(rounded, verified)} s (${valid ? 'valid' : 'INVALID'}), ` +
        `gap ${gap.toExponential(2)}, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`,
    );
  }
}
