/**
 * What the committed fine-tuning runs show. `npm run study -- [runs|scopes|campus|points|progress|plans|headline|… …]`: the grids, the paired losses
 * and the fits of study/*.csv (made by `sft-opt study`); gradients with Top-K over the tensor or the token; the campus scenario
 * with the fitted curve; accuracy against rounds, traffic and time of whole trainings; the operating points that problem files use by default; plans trained for real. And the campaigns of
 * bench/study/campaigns.ts by their names, on the reference scenario of simulations; stopped, they go on where they were.
 * Writes bench/results/study-<part>.txt and .json; exit code 1 when a bar is missed.
 */
import { writeFileSync } from 'node:fs';
import { campaigns, runStudyCampaign } from './study/campaigns.js';
import { describeCampus } from './study/campus.js';
import { describePoints } from './study/points.js';
import { describeProgress } from './study/progress.js';
import { describeStudy, loadStudy, pairedPoints, pointTable, studyFile, tryFit } from './study/runs.js';
import { writeResults } from './support/results.js';

/** The least grid that a study must hold. */
const studies = {
  embedded: { points: 8, cuts: 2, seeds: 3 },
  'embedded-check': { points: 1, cuts: 1, seeds: 3 },
  'deit-tiny': { points: 6, cuts: 2, seeds: 2 },
} as const;

function load(name: keyof typeof studies | 'embedded-scopes' | 'embedded-lengths') {
  const path = studyFile(name);
  if (!path)
    console.log(`skipped: there are no runs of ${name} (sft-opt study study/${name}.yaml --out study/${name}.csv)`);
  return path && loadStudy(path);
}

const parts: Record<string, () => Promise<void> | void> = {
  runs: () => {
    for (const [name, grid] of Object.entries(studies)) {
      const study = load(name as keyof typeof studies);
      if (!study || study.rows.length === 0) continue;
      const { text, figures, missed } = describeStudy(name, study, grid);
      writeResults(`study-${name}`, 'npm run study -- runs', text, figures);
      if (missed > 0) process.exitCode = 1;
    }
  },
  scopes: () => {
    // The uncompressed runs, and those of the same points with Top-K per token, are those of the embedded study.
    const [base, scopes] = [load('embedded'), load('embedded-scopes')];
    if (!base || !scopes) return;
    const perToken = base.rows.filter(({ point, cut }) => cut === 4 && point === 'up 0.7/4 down 0.15/4');
    const uncompressed = base.rows.filter(({ isUncompressed }) => isUncompressed);
    const points = pairedPoints([...uncompressed, ...perToken, ...scopes.rows]);
    writeResults('study-scopes', 'npm run study -- scopes', pointTable(points), points);
  },
  campus: () => {
    // The curve with mild points: the limit of the other one lies more than a point below its uncompressed runs.
    const name = 'embedded';
    const study = load(name);
    const fit = study && tryFit(study.runs);
    if (!fit) return;
    const { text, figures } = describeCampus(fit, study.runs);
    writeResults('study-campus', 'npm run study -- campus', `curve of ${name}\n${text}`, figures);
  },
  points: () => {
    const study = load('embedded');
    const fit = study && tryFit(study.runs);
    if (!fit) return;
    const { text, figures } = describePoints(fit, study.runs);
    writeResults('study-points', 'npm run study -- points', text, figures);
  },
  progress: () => {
    const [base, lengths] = [load('embedded'), load('embedded-lengths')];
    if (!base || !lengths) return;
    const { text, figures } = describeProgress(base.rows, lengths.rows);
    writeResults('study-progress', 'npm run study -- progress', text, figures);
  },
  learning: async () => {
    const { describeLearning } = await import('./study/learning.js');
    const { text, charts, figures } = await describeLearning();
    for (const { file, svg } of charts) writeFileSync(new URL(`../docs/${file}`, import.meta.url), svg);
    writeResults('study-learning', 'npm run study -- learning', text, figures);
  },
  plans: async () => {
    const study = load('embedded');
    const fit = study && tryFit(study.runs);
    if (!fit) return;
    const { describePlans } = await import('./study/plans.js');
    const { text, figures, missed } = await describePlans(fit, study.runs, 5000);
    writeResults('study-plans', 'npm run study -- plans', text, figures);
    if (missed) process.exitCode = 1;
  },
  ...Object.fromEntries(Object.keys(campaigns).map((name) => [name, () => runStudyCampaign(name)])),
};

for (const part of process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(parts)) {
  const run = parts[part];
  if (!run) throw new Error(`no such part: ${part} (${Object.keys(parts).join(', ')})`);
  await run();
}
