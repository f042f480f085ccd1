/**
 * Processor time of the search and of the bound against the number of choices: 5, 10 and 100 devices, from 6 splits × 4 × 4 to
 * 24 × 12 × 12 operating points (separate ratios). "evaluations" are passes of the dual over all devices; those counts and
 * the gaps do not depend on the machine's load.
 * Usage: npx tsx bench/planner-cost.ts [devices …]. Results: bench/results/planner-cost.txt
 */
import { boundPlan, planTwoTimescale } from '../lib/plan/index.js';
import { listChoices } from '../lib/plan/choices/index.js';
import { randomProblem } from '../spec/support/plan-instances.js';
import { writeResults } from './support/results.js';

const sizes = process.argv.slice(2).map(Number);
const shapes = [
  [6, 4],
  [12, 8],
  [24, 12],
] as const;
const processorSeconds = () => process.cpuUsage().user / 1e6;

const rows = [
  'devices  splits × up × down   listed     kept   tables  search and bound  bound alone  evaluations      gap',
];
const figures: Record<string, number>[] = [];
// What is compiled on the way is not what is measured.
planTwoTimescale(caseOf(5, 6, 4));
for (const devices of sizes.length > 0 ? sizes : [5, 10, 100]) {
  for (const [splits, points] of shapes) {
    const problem = caseOf(devices, splits, points);
    const began = processorSeconds();
    const choices = listChoices(problem);
    const listed = processorSeconds();
    const found = planTwoTimescale(problem);
    const planned = processorSeconds();
    const bound = boundPlan(problem, {}, { choices });
    const bounded = processorSeconds();
    const all = devices * splits * points * points;
    const gap = 1 - bound.boundSeconds / found.totalSeconds;
    const kept = choices.blocks.length;
    // The search lists its choices too.
    const [tables, search, alone] = [listed - began, planned - listed - (listed - began), bounded - planned];
    const { evaluations } = bound.statistics;
    figures.push({ devices, splits, points, all, kept, tables, search, alone, evaluations, gap });
    rows.push(
      [
        String(devices).padStart(7),
        `${splits} × ${points} × ${points}`.padStart(20),
        String(all).padStart(8),
        String(kept).padStart(8),
        `${tables.toFixed(2)} s`.padStart(8),
        `${search.toFixed(2)} s`.padStart(17),
        `${alone.toFixed(2)} s`.padStart(12),
        String(evaluations).padStart(12),
        `${(100 * gap).toFixed(3)} %`.padStart(8),
      ].join(' '),
    );
  }
}
writeResults('planner-cost', 'npx tsx bench/planner-cost.ts', rows.join('\n'), figures);

function caseOf(devices: number, splits: number, points: number) {
  return randomProblem({
    seed: 5,
    devices,
    splits,
    points,
    sharing: 'allocated',
    stepsPerRound: 10,
    family: 'power',
    scope: 'mean',
    adapters: 0.05,
    accuracyTightness: 0.85,
    serverMemoryTightness: 'none',
    tiedRatios: false,
    decorations: false,
  });
}
