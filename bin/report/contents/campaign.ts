import { formatQuantity } from '../../../lib/io/index.js';
import { agreementText, type Campaign, type PointResult } from '../../campaign/campaign.js';
import { resultColumnNames, resultRows, runRows } from '../../campaign/table.js';
import { csvText } from '../../csv.js';
import type { ChartLibrary } from '../chart/library.js';
import { figure, filled, table, text, type Part, type Report } from '../page.js';
import { campaignFigures } from './campaign-figures.js';

/** What each scheme reached at each point of a campaign, with intervals. */
export function campaignReport(
  library: ChartLibrary,
  title: string,
  campaign: Campaign,
  results: readonly PointResult[],
): Report {
  const figures = campaignFigures(library, campaign, results);
  const of = (name: string): Part[] =>
    figures.filter(({ column }) => column === name).map((each) => figure(each.figure));
  const runs = runRows(campaign, results);
  return {
    title,
    answer: answerOf(campaign, results),
    remarks: [intervalText(campaign, results), agreementText(results)].filter((remark) => remark !== ''),
    sections: filled([
      { heading: 'Delay', parts: of('delay_s') },
      { heading: 'Saved', parts: of('saved') },
      { heading: 'Traffic, energy and accuracy', parts: [...of('traffic_bit'), ...of('energy_J'), ...of('accuracy')] },
      { heading: 'Time to accuracy', parts: of('time_to_accuracy_s') },
      { heading: 'Regret', parts: of('regret') },
      {
        heading: 'Results',
        parts: [
          table({
            caption: 'What each scheme reached; ± is in the columns of half-widths',
            columns: resultColumnNames(campaign),
            rows: resultRows(campaign, results),
            fileName: 'results.csv',
          }),
          {
            kind: 'data',
            what: `All ${runs.rows.length} runs, a row for each point, scheme and seed`,
            fileName: 'runs.csv',
            csv: csvText(runs.names, runs.rows),
          },
          ...(figures.some(({ isPart }) => isPart)
            ? [text('Values of further keys are in the tables alone: charts show the first ones.')]
            : []),
        ],
      },
    ]),
  };
}

function answerOf(campaign: Campaign, results: readonly PointResult[]): string {
  const reference = campaign.schemes[0]!.name;
  const own = results.filter(({ scheme, delaySeconds }) => scheme === reference && delaySeconds);
  if (own.length === 0) return `No round of ${reference} took place within all limits.`;
  const delays = own.map(({ delaySeconds }) => delaySeconds!.mean);
  const takes = `${reference} takes ${between(delays, 'time')} a round on average`;
  const others = results.filter(({ saved }) => saved);
  if (others.length === 0) return `${takes}.`;
  const words = [...new Set(others.map(({ scheme }) => scheme))].map((scheme) => {
    const saved = others.filter((result) => result.scheme === scheme).map((result) => result.saved!);
    const clear = saved.filter(({ mean, halfWidth }) => halfWidth !== null && Math.abs(mean) > halfWidth).length;
    const certain =
      saved.length === 1 ? (clear ? '' : ', not told apart') : `, told apart at ${clear} of ${saved.length} points`;
    return `${between(
      saved.map(({ mean }) => mean),
      'fraction',
    )} against ${scheme}${certain}`;
  });
  return `${takes}; it saves ${words.join('; ')}.`;
}

function between(values: readonly number[], dimension: 'time' | 'fraction'): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [low, high] = [formatQuantity(least, dimension), formatQuantity(most, dimension)];
  return low === high ? low : `${low} to ${high}`;
}

function intervalText(campaign: Campaign, results: readonly PointResult[]): string {
  const percent = (share: number) => `${Number((100 * share).toPrecision(5))} %`;
  const comparisons = results.filter(({ saved }) => saved).length;
  const looks =
    campaign.halfWidth === undefined
      ? ''
      : `, for savings no narrower than by the deviation of the first ${campaign.seeds.least} seeds (Stein)`;
  const several = comparisons > 1 ? ` ${comparisons} comparisons are not corrected for their number.` : '';
  return `Bands and bars are Student’s intervals at ${percent(campaign.confidence)}${looks}; savings are paired by seed: one less the mean round of the first scheme over that of the other.${several}`;
}
