import { readFileSync } from 'node:fs';
import { accuracyBlock } from '../../bin/fit/block.js';
import { withParts } from '../../bin/fit/into.js';
import { operatingPoints } from '../../bin/fit/points.js';
import { withEntries } from '../../bin/fit/splice.js';
import { readProblemFile } from '../../lib/io/index.js';
import type { AccuracyFit } from '../../lib/models/index.js';
import { solvePlan } from '../../lib/plan/index.js';
import type { Run } from '../../bin/fit/runs.js';

/** The campus scenario with a fitted curve and its operating points, at most one point of accuracy lost. */
export function campusProblem(fit: AccuracyFit, runs: readonly Run[]): string {
  const text = readFileSync(new URL('../../examples/campus.yaml', import.meta.url), 'utf8');
  const points = operatingPoints(runs, fit.model, 'up');
  const isTied = fit.form.directions === 'one';
  const parts = {
    accuracy: accuracyBlock(fit.model),
    points,
    ...(!isTied && { downPoints: operatingPoints(runs, fit.model, 'down') }),
  };
  const open = withEntries(text, [
    { section: 'accuracy', key: 'minimum', value: undefined },
    { section: 'accuracy', key: 'maximumLoss', value: '1 %' },
  ]);
  return withParts(open, parts, () => '');
}

/** Delay of the plan against the conventional schemes. */
export function describeCampus(
  fit: AccuracyFit,
  runs: readonly Run[],
): { readonly text: string; readonly figures: unknown } {
  const outcome = readProblemFile(campusProblem(fit, runs));
  if (!outcome.ok) throw new Error('the campus with the fitted curve is no valid problem file');
  const report = solvePlan(outcome.resolved, { whatIf: 'never' });
  const { answer } = report;
  const federatedSeconds = report.baselines.find(({ name }) => name === 'federated-lora')?.totalSeconds;
  const lines = [
    `campus with the fitted curve, at most 1 point lost: ${report.status}, ${report.message}`,
    ...(answer
      ? [
          `round delay ${answer.delay.totalSeconds.toFixed(2)} s, mean accuracy ${(100 * answer.use.accuracy).toFixed(2)} % of ${(100 * fit.model.limit).toFixed(2)} %, gap ${(100 * (report.bound.relativeGap ?? NaN)).toFixed(2)} %`,
        ]
      : []),
    ...report.baselines.map(({ name, totalSeconds, delaySaved, trafficSaved, note }) =>
      [
        `against ${name}: ${totalSeconds === undefined ? 'no plan' : `${totalSeconds.toFixed(2)} s`}`,
        ...(delaySaved === undefined ? [] : [`delay saved ${(100 * delaySaved).toFixed(1)} %`]),
        ...(trafficSaved === undefined ? [] : [`traffic saved ${(100 * trafficSaved).toFixed(1)} %`]),
        ...(note === undefined ? [] : [note]),
      ].join(', '),
    ),
    'the paper states 80.2 % of the delay for its own scenario',
  ];
  return {
    text: lines.join('\n'),
    figures: { answer: answer?.delay.totalSeconds, federatedSeconds, baselines: report.baselines },
  };
}
