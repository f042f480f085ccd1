import { formatQuantity } from '../../lib/io/index.js';
import { roundColumns, roundCsv, summarise, type RoundRecord, type SchemeSummary } from '../../lib/simulate/index.js';
import { escaped, lineChart, type Series } from './chart.js';

/** Rows of the table of rounds that the page shows; the download has all. */
const mostRows = 500;
/** Points of a line: more would not be told apart. */
const mostPoints = 2000;

/**
 * A simulation as one page: charts, the tables behind them and the rounds as CSV, nothing from elsewhere and no script. The same
 * bytes for the same rounds.
 */
export function simulationReport(title: string, records: readonly RoundRecord[]): string {
  const summaries = summarise(records);
  const bySchemes = summaries.map(({ scheme }) => ({
    name: scheme,
    rounds: records.filter((record) => record.scheme === scheme),
  }));
  const line = (pick: (record: RoundRecord) => number | null): Series[] =>
    bySchemes.map(({ name, rounds }) => ({
      name,
      points: thinned(rounds.map((record) => [record.round, pick(record)] as const)),
    }));
  const csv = [...roundCsv(records)].join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(answerOf(summaries))}</p>
<h2>Schemes</h2>
${summaryTable(summaries)}
<h2>Delay</h2>
${lineChart(
  line(({ delaySeconds }) => delaySeconds),
  { title: 'Delay of each round', description: describe(summaries), xLabel: 'round', yLabel: 'seconds' },
)}
${lineChart(distribution(bySchemes), { title: 'Distribution of the delay', description: 'Part of the rounds that took no longer.', xLabel: 'seconds', yLabel: 'part of the rounds' })}
<h2>Use</h2>
${lineChart(
  line(({ uplinkBits, downlinkBits }) => (uplinkBits + downlinkBits) / 8e6),
  {
    title: 'Traffic of each round',
    description: 'All devices together, both directions.',
    xLabel: 'round',
    yLabel: 'MB',
  },
)}
${lineChart(
  line(({ memoryUse }) => memoryUse),
  {
    title: 'Memory of the fullest device',
    description: 'Part of its limit.',
    xLabel: 'round',
    yLabel: 'part of the limit',
  },
)}
<h2>Rounds</h2>
<p><a download="rounds.csv" href="data:text/csv;charset=utf-8;base64,${Buffer.from(csv).toString('base64')}">All ${records.length} rounds as CSV</a></p>
${roundTable(records)}
</main>
</body>
</html>
`;
}

function answerOf(summaries: readonly SchemeSummary[]): string {
  const ran = summaries.filter(({ meanDelaySeconds }) => meanDelaySeconds !== null);
  const [best] = [...ran].sort((a, b) => a.meanDelaySeconds! - b.meanDelaySeconds!);
  if (!best) return 'No round took place within all limits.';
  const complete =
    best.run === best.rounds && best.incomplete === 0
      ? 'within all limits in every round'
      : `within all limits in ${best.run} of ${best.rounds} rounds`;
  const regret =
    best.meanRegret === null
      ? ''
      : `; that is at most ${formatQuantity(best.meanRegret, 'fraction')} above what foresight of each round could reach (mean over the ${best.boundedRounds} rounds with a proven bound)`;
  const among = ran.length > 1 ? `shortest mean round of ${ran.length} schemes: ` : '';
  return `${among}${best.scheme} takes ${formatQuantity(best.meanDelaySeconds!, 'time')} a round on average, ${complete}${regret}.`;
}

function describe(summaries: readonly SchemeSummary[]): string {
  return summaries
    .map(
      ({ scheme, meanDelaySeconds }) =>
        `${scheme}: ${meanDelaySeconds === null ? 'no round' : `${formatQuantity(meanDelaySeconds, 'time')} on average`}`,
    )
    .join('; ');
}

/** The share of rounds with at most each delay. */
function distribution(
  schemes: readonly { readonly name: string; readonly rounds: readonly RoundRecord[] }[],
): Series[] {
  return schemes.map(({ name, rounds }) => {
    const delays = rounds.flatMap(({ delaySeconds }) => delaySeconds ?? []).sort((a, b) => a - b);
    return { name, points: thinned(delays.map((delay, k) => [delay, (k + 1) / delays.length] as const)) };
  });
}

function thinned(points: Series['points']): Series['points'] {
  const every = Math.ceil(points.length / mostPoints);
  return every <= 1 ? points : points.filter((_, k) => k % every === 0 || k === points.length - 1);
}

function summaryTable(summaries: readonly SchemeSummary[]): string {
  const time = (value: number | null) => (value === null ? '–' : formatQuantity(value, 'time'));
  const share = (value: number | null) => (value === null ? '–' : formatQuantity(value, 'fraction'));
  const rows = summaries.map((each) => [
    each.scheme,
    `${each.run} of ${each.rounds}`,
    String(each.broken),
    String(each.incomplete),
    time(each.meanDelaySeconds),
    time(each.ninetyFifthDelaySeconds),
    each.meanTrafficBits === null ? '–' : formatQuantity(each.meanTrafficBits / 8, 'memory'),
    each.meanEnergyJoule === null ? '–' : formatQuantity(each.meanEnergyJoule, 'energy'),
    share(each.meanAccuracy),
    String(each.decisions),
    share(each.meanRegret),
  ]);
  const head = [
    'scheme',
    'rounds within limits',
    'broken',
    'with devices out',
    'mean delay',
    '95 % below',
    'traffic',
    'energy',
    'accuracy',
    'decisions',
    'regret',
  ];
  return tableOf('Schemes, a round on average', head, rows);
}

function roundTable(records: readonly RoundRecord[]): string {
  const shown = records.slice(0, mostRows);
  const rows = shown.map((record) =>
    roundColumns.map((column) => {
      const value = column.of(record);
      return typeof value === 'number' ? String(Number(value.toPrecision(6))) : (value ?? '');
    }),
  );
  const caption =
    shown.length < records.length ? `The first ${shown.length} of ${records.length}` : `All ${records.length}`;
  return tableOf(
    `${caption}; units are in the names`,
    roundColumns.map(({ name }) => name),
    rows,
  );
}

function tableOf(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) =>
    row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('');
  const columns = head.map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption><thead><tr>${columns}</tr></thead><tbody>
${body}
</tbody></table></div>
`;
}

const style = `
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --grid: #ddd;
  --series-0: #0b62a4; --series-1: #b3324a; --series-2: #22762f; --series-3: #7a4a90; --series-4: #8f5600; --series-5: #006f6f; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #161616; --grid: #444;
  --series-0: #6db5ee; --series-1: #f18ba0; --series-2: #7fd08c; --series-3: #cfa6e0; --series-4: #e8b061; --series-5: #63d3d3; } }
@media print { :root { --ink: #000; --paper: #fff; --grid: #ccc; } .scroll { overflow: visible; max-height: none; } }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
svg { width: 100%; height: auto; fill: var(--ink); font-size: 12px; }
.title { font-size: 14px; }
.grid { stroke: var(--grid); fill: none; }
.line { fill: none; stroke-width: 2; }
${Array.from({ length: 6 }, (_, k) => `.s${k} { stroke: var(--series-${k}); }`).join('\n')}
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; list-style: none; }
.legend svg { width: 36px; height: 10px; margin-right: 0.4rem; }
.scroll { overflow: auto; max-height: 24rem; }
table { border-collapse: collapse; font-size: 0.85rem; }
caption { text-align: left; }
th, td { padding: 0.2rem 0.6rem; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--grid); }
a { color: var(--series-0); }
`;
