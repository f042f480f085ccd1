/**
 * Links of limited efficiency, parts of the frame, losses and limits of energy on random problems of two devices: exact method
 * and bound against brute force, two-timescale against exact; best shares at fixed choices against nested golden sections.
 * Counts only, no times. Run: npx tsx bench/limited-links.ts [problems]
 */
import { buildChoices, planViolations, roundEnergyJoule } from '../lib/models/index.js';
import { boundPlan, planExact, planTwoTimescale, verifyBound } from '../lib/plan/index.js';
import { allocate } from '../lib/plan/bandwidth/index.js';
import { randomStream } from '../lib/random/index.js';
import { randomProblem, withLinkLimits } from '../spec/support/plan-instances.js';
import { bruteForce, oracleAllocation } from '../spec/support/plan-oracle.js';

const problems = Number(process.argv[2] ?? 300);
const seen = { allocated: 0, equal: 0, batched: 0, infeasible: 0, energyBinds: 0 };
let worstExact = 0;
let worstBound = -Infinity;
let unverified = 0;
let wrongVerdicts = 0;
let broken = 0;
const above: number[] = [];
let worstShares = 0;
let allocations = 0;
for (let seed = 1000; seed < 1000 + problems; seed++) {
  const problem = withLinkLimits(randomProblem({ seed, devices: 2, splits: 4, points: 3 }), seed);
  seen[problem.sharing]++;
  const oracle = bruteForce(problem);
  const answer = planExact(problem);
  const bound = boundPlan(problem);
  if (!verifyBound(problem, answer.certificate).valid || !verifyBound(problem, bound.certificate).valid) {
    unverified++;
    console.error(`seed ${seed}`);
  }
  if (oracle.feasible !== (answer.plan !== undefined)) wrongVerdicts++;
  if (!oracle.feasible || !answer.plan) {
    seen.infeasible++;
    continue;
  }
  worstExact = Math.max(worstExact, Math.abs(answer.totalSeconds / oracle.totalSeconds - 1));
  worstBound = Math.max(worstBound, bound.boundSeconds / oracle.totalSeconds - 1);
  if (planViolations(problem, answer.plan, answer.totalSeconds).length > 0) broken++;
  answer.plan.devices.forEach((decision, n) => {
    const limit = problem.devices[n]!.energyLimitJoule;
    if (limit === undefined || !decision.participates) return;
    if (roundEnergyJoule(problem, problem.devices[n]!, decision) > limit * (1 - 1e-9)) seen.energyBinds++;
  });
  const planned = planTwoTimescale(problem);
  above.push(planned.plan ? planned.totalSeconds / oracle.totalSeconds - 1 : Infinity);
  const random = randomStream(seed, 'fixed-choices');
  const tables = problem.devices.map((device) => buildChoices(problem, device));
  // An optional device may have no choice at all.
  if (tables.some((table) => table.count === 0)) continue;
  const decisions = tables.map((table) => {
    const j = random.integer(table.count);
    const [blocks, upPoint, downPoint] = [table.blocks[j]!, table.upPoint[j]!, table.downPoint[j]!];
    return { participates: true, blocks, upPoint, downPoint, bandwidthHz: 0, serverShare: 0 };
  });
  const loose = {
    ...problem,
    serverMemoryBytes: Infinity,
    accuracy: { ...problem.accuracy, minimum: -Infinity },
  };
  const shares = allocate(loose, decisions);
  if (shares.status === 'infeasible') continue;
  allocations++;
  worstShares = Math.max(worstShares, shares.totalSeconds / oracleAllocation(loose, decisions).delay - 1);
}
above.sort((a, b) => a - b);
const percent = (value: number) => `${(100 * value).toFixed(3)} %`;
console.log(`${problems} problems: ${JSON.stringify(seen)}`);
console.log(
  `exact: farthest from brute force ${worstExact.toExponential(1)}; wrong verdicts ${wrongVerdicts}; limits broken ${broken}`,
);
console.log(
  `bound: highest against brute force ${worstBound.toExponential(1)}; certificates not verified ${unverified}`,
);
console.log(
  `two-timescale above brute force: median ${percent(above[above.length >> 1]!)}, 99th percentile ${percent(above[Math.floor(0.99 * above.length)]!)}, worst ${percent(above.at(-1)!)}`,
);
console.log(`shares at fixed choices above golden sections: ${worstShares.toExponential(1)} in ${allocations} cases`);
