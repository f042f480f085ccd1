import { formatQuantity, significant } from '../../lib/io/index.js';
import type { BaselineReport, PlanReport } from '../../lib/plan/index.js';
import type { Paint } from '../terminal.js';
import { columns } from './columns.js';

const headings: Readonly<Record<BaselineReport['group'], string>> = {
  'one-restricted': 'what each decision is worth: one restricted, the others optimised',
  'one-free': 'one decision optimised, the others common or equal',
  'none-free': 'compressed, nothing optimised per device',
  uncompressed: 'conventional schemes, uncompressed',
  random: 'for scale',
};

const header = ['worth of', 'scheme', 'round', 'no faster than', 'traffic', 'delay saved', 'traffic saved', ''];

/** What other schemes would take, and what the plan saves against them. */
export function renderBaselines({ baselines }: Pick<PlanReport, 'baselines'>, paint: Paint): string {
  if (baselines.length === 0) return '';
  const [head, ...rows] = columns([header, ...baselines.map(rowOf)], [2, 3, 4, 5, 6]).split('\n');
  const lines = [`  ${head}`];
  baselines.forEach(({ group }, k) => {
    if (group !== baselines[k - 1]?.group) lines.push(paint('dim', `  ${headings[group]}`));
    lines.push(`  ${rows[k]}`);
  });
  return [paint('bold', 'against other schemes'), ...lines, ...remarks(baselines).map((text) => `  (${text})`)].join(
    '\n',
  );
}

function rowOf(baseline: BaselineReport): string[] {
  const { decision, name, totalSeconds, boundSeconds, bitsPerRound, trafficSaved } = baseline;
  return [
    decision ?? '',
    name + (baseline.outside && totalSeconds !== undefined ? ' *' : ''),
    totalSeconds === undefined ? '–' : formatQuantity(totalSeconds, 'time'),
    boundSeconds === undefined ? '–' : formatQuantity(boundSeconds, 'time'),
    bitsPerRound === undefined ? '–' : formatQuantity(bitsPerRound / 8, 'memory'),
    savedText(baseline),
    trafficSaved === undefined ? '–' : percent(trafficSaved),
    noteOf(baseline),
  ];
}

/** The saving; a range where the scheme's best plan is known only to lie between its plan and its bound. */
function savedText({ delaySaved, leastDelaySaved }: BaselineReport): string {
  if (delaySaved === undefined) return '–';
  const most = percent(delaySaved);
  if (leastDelaySaved === undefined) return most;
  const least = percent(Math.max(0, leastDelaySaved));
  return least === most || delaySaved < 0 ? most : `${least.replace(' %', '')} to ${most}`;
}

function percent(share: number): string {
  return `${significant(Math.round(1e5 * share) / 1e3)} %`;
}

function noteOf({ status, note }: BaselineReport): string {
  if (note === undefined) return '';
  return status === 'does-not-apply' ? `does not apply: ${note}` : note;
}

function remarks(baselines: readonly BaselineReport[]): string[] {
  const outside = baselines.some(({ outside, totalSeconds }) => outside && totalSeconds !== undefined);
  const moreTraffic = baselines.some(({ trafficSaved }) => trafficSaved !== undefined && trafficSaved < 0);
  return [
    ...(outside ? ['*: not among the plans of this file, so that it may be faster than the plan'] : []),
    ...(moreTraffic
      ? ['traffic saved below 0: the plan sends more because that makes the round shorter; `traffic.maximum` limits it']
      : []),
    'published for split fine-tuning: up to 80.2 % of the delay and 93.6 % of the traffic saved',
  ];
}
