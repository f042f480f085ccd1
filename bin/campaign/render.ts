import { formatQuantity } from '../../lib/io/index.js';
import { columns } from '../render/columns.js';
import { agreementText, type Campaign, type PointResult } from './campaign.js';

/** What each scheme reached, with what its intervals mean. */
export function renderCampaign(campaign: Campaign, results: readonly PointResult[]): string {
  const reference = campaign.schemes[0]!.name;
  const header = [...campaign.keys, 'scheme', 'seeds', 'delay', `saved by ${reference}`, 'regret', 'rounds run'];
  const rows = results.map(({ point, scheme, runs, delaySeconds, saved }) => {
    const regrets = runs.flatMap(({ summary }) => summary.meanRegret ?? []);
    const run = runs.reduce((sum, { summary }) => sum + summary.run, 0);
    const all = runs.reduce((sum, { summary }) => sum + summary.rounds, 0);
    return [
      ...campaign.points[point]!.values,
      scheme,
      String(runs.length),
      delaySeconds ? withHalf(delaySeconds.mean, delaySeconds.halfWidth, 'time') : '–',
      saved ? withHalf(saved.mean, saved.halfWidth, 'fraction') : '–',
      regrets.length > 0 ? formatQuantity(regrets.reduce((a, b) => a + b) / regrets.length, 'fraction') : '–',
      `${run} of ${all}`,
    ];
  });
  const alike = agreementText(results);
  const comparisons = results.filter(({ saved }) => saved).length;
  return [columns([header, ...rows]), '', ...remarks(campaign, comparisons), ...(alike === '' ? [] : [alike])].join(
    '\n',
  );
}

function remarks(campaign: Campaign, comparisons: number): string[] {
  const percent = (share: number) => `${Number((100 * share).toPrecision(5))} %`;
  const looking =
    campaign.halfWidth === undefined
      ? ''
      : `, for savings no narrower than by the deviation of the first ${campaign.seeds.least} seeds (Stein), as that says how many are run`;
  const several = comparisons > 1 ? `; ${comparisons} comparisons, not corrected for their number` : '';
  return [
    `±: half of Student’s interval at ${percent(campaign.confidence)}${looking}; savings are paired by seed${several}`,
  ];
}

function withHalf(mean: number, half: number | null, dimension: 'time' | 'fraction'): string {
  const text = formatQuantity(mean, dimension);
  return half === null ? text : `${text} ± ${formatQuantity(half, dimension)}`;
}
