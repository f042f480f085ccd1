import type { ValidationReport } from '../../../harness/validate/index.js';
import type { ErrorSummary } from '../../../lib/statistics/index.js';
import { planChoice, type PlanChoice } from '../../../lib/validation/index.js';
import { barChart } from '../chart/bars.js';
import { dotChart, type DotGroup } from '../chart/dots.js';
import type { ChartLibrary } from '../chart/library.js';
import { figure, table, type Report } from '../page.js';
import { counted, unitFor } from './units.js';

/** What a profile foresees against what real trainings took. */
export function validationReport(library: ChartLibrary, report: ValidationReport): Report {
  const { summary, cases, model, profileHash, profileCreated } = report;
  const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
  const unit = unitFor(
    'time',
    cases.flatMap(({ round }) => [round.predicted, round.measured]),
  );
  const scenarios = [...new Set(cases.map(({ scenario }) => scenario))];
  const groups = scenarios.map((scenario): DotGroup => ({
    name: scenario,
    points: cases
      .filter((one) => one.scenario === scenario)
      .map(({ name, round }) => ({ name, x: round.measured / unit.size, y: round.predicted / unit.size })),
  }));
  const ends = cases.flatMap(({ round }) => [round.measured / unit.size, round.predicted / unit.size]);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const isWide = most > 20 * least;
  const scatter = dotChart(
    library,
    groups,
    {
      title: 'Predicted against measured round',
      description: `${counted(cases.length, 'plan')}; on the line prediction and measurement agree. Mean error ${percent(summary.round.mape)}, worst ${percent(summary.round.worst)}.`,
      xLabel: `measured, ${unit.name}`,
      yLabel: `predicted, ${unit.name}`,
    },
    {
      line: {
        name: 'agreement',
        points: [
          [least, least],
          [most, most],
        ],
      },
      scale: isWide ? 'log' : 'linear',
      fileName: 'rounds.csv',
    },
  );
  const errors: readonly (readonly [string, ErrorSummary])[] = [
    ['round, as measured', summary.round],
    ['round, calibrated speed', summary.normalised],
    ['the same, no links', summary.compute],
    ...Object.entries(summary.stages).map(([stage, each]) => [`stage: ${stage}`, each] as const),
    ['traffic', summary.traffic],
    ['device peak memory', summary.deviceMemory],
    ['server peak memory', summary.serverMemory],
  ];
  const bars = barChart(
    library,
    errors.map(([name, { mape }]) => ({ name, values: [100 * mape] })),
    {
      title: 'Mean error of each figure',
      description: 'A tick is the worst single error.',
      xLabel: 'mean of |predicted / measured − 1|, %',
      yLabel: 'figure',
    },
    {
      parts: ['mean'],
      marks: { name: 'worst', values: errors.map(([, { worst }]) => 100 * worst) },
      fileName: 'errors.csv',
    },
  );
  return {
    title: `Validation of ${model}`,
    answer: `The profile foresees the round of ${counted(cases.length, 'plan')} with a mean error of ${percent(summary.round.mape)} and a worst of ${percent(summary.round.worst)}; ${choiceText(planChoice(cases))}.`,
    remarks: [`Profile ${profileHash.slice(0, 16)} of ${profileCreated}; measured ${report.created}.`],
    sections: [
      { heading: 'Rounds', parts: [figure(scatter)] },
      {
        heading: 'Errors',
        parts: [
          figure(bars),
          table({
            caption: 'Predicted over measured, less one',
            columns: ['figure', 'mean size', 'worst', 'mean with sign', 'count'],
            rows: errors.map(([name, { mape, worst, bias, count }]) => [name, mape, worst, bias, count]),
            fileName: 'error-table.csv',
          }),
        ],
      },
      {
        heading: 'Plans',
        parts: [
          table({
            caption: 'Every plan',
            columns: [
              'plan',
              'scenario',
              'devices',
              'cuts',
              'predicted, s',
              'measured, s',
              'links',
              'repeats',
              'not steady',
            ],
            rows: cases.map((one) => [
              one.name,
              one.scenario,
              one.devices,
              one.cuts.join(' '),
              one.round.predicted,
              one.round.measured,
              one.linkShare,
              one.repeats,
              one.unsteady.join(', '),
            ]),
            fileName: 'plans.csv',
          }),
        ],
      },
    ],
  };
}

/** What choosing the plan that is predicted best costs, where there is a choice. */
function choiceText(choice: PlanChoice | undefined): string {
  if (!choice) return 'no scenario has several plans to choose from';
  const { scenarios, ratio } = choice;
  const where =
    scenarios === 1 ? 'in the scenario of several plans' : `in each of ${scenarios} scenarios of several plans`;
  if (ratio <= 1) return `${where} the one predicted best is the fastest measured`;
  const longer = Number((100 * (ratio - 1)).toPrecision(3));
  return `${where} the one predicted best takes at most ${longer} % longer than the fastest measured`;
}
