import { columns } from '../../bin/render/columns.js';
import { accuracyAfter, fitProgress, type TrainingLength } from '../../lib/simulate/index.js';
import type { StudyRow } from './runs.js';

/** Trainings of several lengths by point and cut: one law for all, and what each group would have by itself. */
export function describeProgress(rows: readonly StudyRow[], shorter: readonly StudyRow[]) {
  const groupOf = ({ point, cut }: StudyRow) => `${point}, cut ${cut}`;
  const wanted = new Set(shorter.map(groupOf));
  const seeds = new Set(shorter.map(({ seed }) => seed));
  const used = [...rows.filter((row) => wanted.has(groupOf(row)) && seeds.has(row.seed)), ...shorter];
  const referenceSteps = Math.max(...used.map(({ steps }) => steps));
  const trainings = used.map((row): TrainingLength => ({
    group: groupOf(row),
    steps: row.steps,
    accuracy: row.accuracy,
  }));
  const common = fitProgress(trainings, referenceSteps);
  const lengths = [...new Set(trainings.map(({ steps }) => steps))].sort((a, b) => a - b);
  const groups = [...wanted].map((group) => {
    const own = trainings.filter((each) => each.group === group);
    const level = common.levels.get(group)!;
    const means = lengths.map((steps) => {
      const reached = own.filter((each) => each.steps === steps).map(({ accuracy }) => accuracy);
      return {
        steps,
        reached: reached.reduce((a, b) => a + b, 0) / reached.length,
        byLaw: accuracyAfter(common, level, steps),
      };
    });
    return { group, level, means, alone: fitProgress(own, referenceSteps) };
  });
  const leftOut = lengths.slice(0, -1).map((steps) => {
    const law = fitProgress(
      trainings.filter((each) => each.steps !== steps),
      referenceSteps,
    );
    const errors = trainings
      .filter((each) => each.steps === steps)
      .map(({ group, accuracy }) => accuracy - accuracyAfter(law, law.levels.get(group)!, steps));
    return { steps, error: Math.sqrt(errors.reduce((sum, each) => sum + each ** 2, 0) / errors.length) };
  });
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const text = [
    `${used.length} trainings, ${lengths.join(', ')} steps, seeds ${[...seeds].join(', ')}`,
    `A(s) = A − ${common.shortfall.toPrecision(4)}·(s^−${common.exponent.toPrecision(4)} − ${referenceSteps}^−${common.exponent.toPrecision(4)}), off by ${percent(common.residual)} (root mean square)`,
    ...leftOut.map(
      ({ steps, error }) => `without the trainings of ${steps} steps, those are predicted within ${percent(error)}`,
    ),
    '',
    columns([
      ['reached / by the law', ...lengths.map((steps) => `${steps} steps`), 'law of its own'],
      ...groups.map(({ group, means, alone }) => [
        group,
        ...means.map(({ reached, byLaw }) => `${percent(reached)} / ${percent(byLaw)}`),
        `b ${alone.shortfall.toPrecision(3)}, β ${alone.exponent.toPrecision(3)}, off by ${percent(alone.residual)}`,
      ]),
    ]),
  ].join('\n');
  const { levels, ...law } = common;
  return {
    text,
    figures: {
      ...law,
      levels: Object.fromEntries(levels),
      groups: groups.map(({ group, means }) => ({ group, means })),
      leftOut,
    },
  };
}
