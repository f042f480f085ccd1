import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { chartLibrary, type ChartLibrary } from '../../../../bin/report/chart/library.js';
import { lineChart } from '../../../../bin/report/chart/lines.js';
import { barChart } from '../../../../bin/report/chart/bars.js';
import { simulationReport } from '../../../../bin/report/contents/simulation.js';
import { TrainingRounds } from '../../../../bin/report/contents/training-rounds.js';
import { trainingReport } from '../../../../bin/report/contents/training.js';
import { validationReport } from '../../../../bin/report/contents/validation.js';
import { pageHtml, type Report } from '../../../../bin/report/page.js';
import { svgFile } from '../../../../bin/report/svg-file.js';
import { roundCsv, type RoundRecord } from '../../../../lib/simulate/index.js';
import { allReports, someRounds, someTraining, someValidation } from '../../../support/report-pages.js';

interface Node {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
  readonly innerHTML: string;
}
const documentOf = (html: string) => (parseHTML(html) as unknown as { document: Node }).document;
const all = (node: Node, selector: string) => [...node.querySelectorAll(selector)];

const unescaped = (html: string) => {
  const names: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return html.replaceAll(/&(?<name>[\w#]+);/gu, (whole, name: string) => names[name] ?? whole);
};

let library: ChartLibrary;
let reports: Record<string, Report>;
const rounds = someRounds();
beforeAll(async () => {
  library = await chartLibrary();
  reports = allReports(library);
});

const kinds = ['simulation', 'plan', 'sweep', 'compare', 'training', 'decoder', 'validation'];

/** Values on an axis from its tick labels: the scale as a reader sees it. */
function readAxis(svg: Node, axis: 'x' | 'y'): (pixel: number) => number {
  const group = all(svg, 'g').filter(
    (g) => all(g, 'text').length > 1 && (all(g, 'text')[0]!.getAttribute('transform') ?? '').includes('translate('),
  );
  const ticks = group.map((g) =>
    all(g, 'text').map((text) => {
      const [, x, y] = /translate\(([-\d.]+),([-\d.]+)\)/u.exec(text.getAttribute('transform')!)!;
      return { x: Number(x), y: Number(y), value: Number(text.textContent.replaceAll(',', '').replace('−', '-')) };
    }),
  );
  const own = ticks.find(([a, b]) => (axis === 'x' ? a!.x !== b!.x : a!.y !== b!.y))!;
  const [a, b] = [own[0]!, own.at(-1)!];
  return (pixel) => a.value + ((pixel - a[axis]) / (b[axis] - a[axis])) * (b.value - a.value);
}

it('the page of a decoder shows perplexity, that of a vision model does not', () => {
  const [decoder, vision] = [reports['decoder']!, reports['training']!].map(pageHtml);
  expect(decoder).toContain('Perplexity after each round');
  expect(decoder).toContain('On held-out words, at least 1.133.');
  expect(decoder).toContain('and a perplexity of 1.133 on 100 held-out targets');
  expect(vision).not.toContain('erplexity');
});

it('pages of one round, one device and one plan are written as such, with nothing that is no number', () => {
  const training = new TrainingRounds();
  for (const record of someTraining()) {
    if (record.kind === 'round' && record.round === 0)
      training.record({ ...record, devices: [0], adapterSeconds: [0.1] });
    else if ('round' in record && record.round === 0 && !('device' in record && record.device === 1))
      training.record(record);
  }
  const one = someValidation();
  const validation = validationReport(library, { ...one, cases: one.cases.slice(0, 1) });
  const simulation = simulationReport(library, 'a cell', rounds.filter(({ round }) => round === 0).slice(0, 1));
  const texts = [trainingReport(library, 'a training', training, ['phone']), validation, simulation].map(pageHtml);
  expect(texts[0]).toContain('1 round of 1.2 s reaches an accuracy of 40 % on 100 held-out targets; its loss was 2.');
  expect(texts[0]).toContain('1 device.');
  expect(texts[1]).toContain('the round of 1 plan with');
  expect(texts[1]).toContain('; no scenario has several plans to choose from.');
  expect(texts[1]).toContain('1 plan; on the line prediction and measurement agree.');
  expect(texts[2]).toContain('All rounds of all schemes, 1 row;');
  for (const text of texts) {
    expect(text.replaceAll(/<[^>]*>/gu, '|')).not.toMatch(/\b1 (?:rounds|devices|plans|rows)\b/u);
    expect(text.split('<script>')[0]).not.toMatch(/>[^<]*(?:NaN|undefined)|="[^"]*(?:NaN|undefined)/u);
  }
});

it('a validation says what its choice of plans cost, and of how many scenarios', () => {
  const answer = (change: (k: number, round: { predicted: number; measured: number }) => object) => {
    const one = someValidation();
    const cases = one.cases.map((each, k) => ({ ...each, ...change(k, each.round) }));
    return validationReport(library, { ...one, cases }).answer;
  };
  expect(answer(() => ({}))).toContain(
    '; in each of 2 scenarios of several plans the one predicted best is the fastest',
  );
  const alone = (k: number) => ({ scenario: k < 3 ? `scenario ${k}` : 'scenario 2' });
  expect(answer(alone)).toContain('; in the scenario of several plans the one predicted best is the fastest measured.');
  const swapped = answer((k, { measured }) => ({ round: { predicted: 9 - k, measured } }));
  // Of the second scenario plan 3 is predicted best: 4 × 1.1 s against 3 × 1.05 s. Of the first plan 1: 2 s against 0.95 s.
  expect(swapped).toContain(
    '; in each of 2 scenarios of several plans the one predicted best takes at most 111 % longer',
  );
});

it.each([
  [
    [1, 2],
    ['1', '2'],
  ],
  [
    [0, 1, 2, 3, 4, 5, 6, 7],
    ['0', '1', '2', '3', '4', '5', '6', '7'],
  ],
  [[3], ['3']],
  [Array.from({ length: 60 }, (_, k) => k), ['0', '10', '20', '30', '40', '50']],
  [[0.5, 1], undefined],
])('rounds %j have no ticks between them', (xs, wanted) => {
  const words = { title: 't', description: 'd', xLabel: 'round', yLabel: 'y' };
  const drawn = lineChart(library, [{ name: 'a', points: xs.map((x) => [x, 1000 + 500 * x] as const) }], words, {
    fileName: 'a.csv',
  });
  for (const svg of [drawn.wide, drawn.narrow]) {
    const texts = all(documentOf(`<html><body>${svg}</body></html>`), 'text');
    const ticks = texts
      .filter((text) => /translate\([-\d.]+,(?:280|200)\)/u.test(text.getAttribute('transform') ?? ''))
      .map(({ textContent }) => textContent)
      .filter((shown) => !shown.startsWith('round'));
    expect(ticks.length).toBeGreaterThan(0);
    if (wanted) for (const tick of ticks) expect(tick).toMatch(/^\d+$/u);
    if (wanted && svg === drawn.wide) expect(ticks).toEqual(expect.arrayContaining(wanted));
  }
});

describe('every page', () => {
  it.each(kinds)('%s: the same bytes for the same results, nothing from elsewhere', (kind) => {
    const page = pageHtml(reports[kind]!);
    expect(pageHtml(allReports(library)[kind]!) === page).toBe(true);
    const document = documentOf(page);
    const foreign = /https?:|<link|<img|@import|url\(|>[^<]*(?:NaN|undefined)|="[^"]*(?:NaN|undefined)/u;
    const [body] = page.replaceAll('http://www.w3.org/2000/svg', '').split('<script>');
    expect(foreign.exec(body!)?.[0]).toBeUndefined();
    expect(all(document, 'script')).toHaveLength(1);
    expect(all(document, 'script')[0]!.getAttribute('src')).toBeNull();
  });

  it.each(kinds)('%s: words and a table for every chart, headings in order', (kind) => {
    const document = documentOf(pageHtml(reports[kind]!));
    const figures = all(document, 'figure');
    expect(figures.length).toBeGreaterThanOrEqual(2);
    for (const figure of figures) {
      expect(all(figure, 'svg[role=img]')).toHaveLength(2);
      for (const svg of all(figure, 'svg[role=img]')) expect(svg.getAttribute('aria-label')).toMatch(/\w\. ?\S/u);
      expect(all(figure, 'table tbody tr').length).toBeGreaterThan(0);
    }
    expect(document.querySelector('.answer')!.textContent).toMatch(/^[^\n]{20,}\.$/u);
  });

  it('the script is about 3 kB', () => {
    const script = documentOf(pageHtml(reports['plan']!)).querySelector('script')!.textContent;
    expect(script.length).toBeLessThan(4000);
  });
});

describe('charts', () => {
  it('draw the values that the table has, read off by the labels of the axes', () => {
    const points = [
      [0, 3],
      [10, 14.5],
      [20, 7.25],
      [40, 0.5],
    ] as const;
    const words = { title: 't', description: 'd', xLabel: 'x', yLabel: 'y' };
    const { wide, narrow } = lineChart(library, [{ name: 'one', points }], words, { fileName: 'f.csv' });
    for (const svg of [wide, narrow].map((text) => documentOf(`<body>${text}</body>`).querySelector('svg')!)) {
      const [x, y] = [readAxis(svg, 'x'), readAxis(svg, 'y')];
      const path = all(svg, 'path')
        .map((each) => each.getAttribute('d')!)
        .find((d) => (d.match(/L/gu) ?? []).length === 3 && !d.includes('Z'))!;
      const drawn = [...path.matchAll(/([-\d.]+),([-\d.]+)/gu)].map(([, px, py]) => [x(Number(px)), y(Number(py))]);
      drawn.forEach(([px, py], k) => {
        expect(px).toBeCloseTo(points[k]![0], 0);
        expect(Math.abs(py! - points[k]![1])).toBeLessThan(0.05);
      });
      expect(drawn).toHaveLength(4);
    }
  });

  it('stack bars to their sums', () => {
    const bars = [
      { name: 'a', values: [1, 2, 3] },
      { name: 'b', values: [4, null, 0.5] },
    ];
    const words = { title: 't', description: 'd', xLabel: 'x', yLabel: 'y' };
    const { wide } = barChart(library, bars, words, { parts: ['p', 'q', 'r'], fileName: 'f.csv' });
    const svg = documentOf(`<body>${wide}</body>`).querySelector('svg')!;
    const x = readAxis(svg, 'x');
    const ends = new Map<string, number>();
    for (const rect of all(svg, 'rect')) {
      const end = x(Number(rect.getAttribute('x')) + Number(rect.getAttribute('width')));
      ends.set(rect.getAttribute('y')!, Math.max(ends.get(rect.getAttribute('y')!) ?? 0, end));
    }
    const found = [...ends.values()].sort((a, b) => a - b);
    expect(Math.abs(found[0]! - 4.5)).toBeLessThan(0.05);
    expect(Math.abs(found[1]! - 6)).toBeLessThan(0.05);
  });

  it('are files of their own in plain colours', () => {
    const words = { title: 'a & b', description: 'd', xLabel: 'x', yLabel: 'y' };
    const series = ['one', '<two>'].map((name, k) => ({ name, points: [[0, k] as const, [1, 2] as const] }));
    const file = svgFile(lineChart(library, series, words, { fileName: 'f.csv' }));
    expect(file).not.toMatch(/var\(|<two>|class="cursor"/u);
    expect(file).toMatch(/&lt;two&gt;/u);
    expect(file).toMatch(/^<svg [^>]*width="720" height="\d+/u);
  });
});

describe('the page of a simulation', () => {
  it('says first which scheme is fastest', () => {
    const document = documentOf(pageHtml(reports['simulation']!));
    expect(document.querySelector('.answer')!.textContent).toMatch(
      /^Shortest mean round of 3 schemes: joint takes [\d.]+ ms a round on average, within all limits in every round/u,
    );
  });

  it('has all rounds as CSV, character by character', () => {
    const document = documentOf(pageHtml(reports['simulation']!));
    const data = document.querySelector('template[data-file="rounds.csv"]')!;
    expect(unescaped(data.innerHTML)).toBe([...roundCsv(rounds)].join(''));
  });

  it('says where a round without all devices made the mean', () => {
    const some = rounds.map((each) =>
      each.round === 1 ? { ...each, satOut: [{ device: 'x', because: 'waits' as const }] } : each,
    );
    const answer = simulationReport(library, 'a cell', some).answer;
    expect(answer).toMatch(/ in \d+ of \d+ rounds \(in 1 of all some device sat out\)/u);
  });

  it('counts bottlenecks as the records have them', () => {
    const document = documentOf(pageHtml(reports['simulation']!));
    const table = document.querySelector('table[data-file="bottlenecks.csv"]')!;
    const found = all(table, 'tbody tr').map((row) => all(row, 'td').map(({ textContent }) => textContent));
    for (const [scheme, device, count] of found) {
      const own = rounds.filter((each) => each.scheme === scheme && each.bottleneck === device);
      expect(Number(count)).toBe(own.length);
    }
    const withOne = rounds.filter(({ bottleneck }) => bottleneck !== null);
    expect(found.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(withOne.length);
  });

  it('shows names as they are, whatever is in them', () => {
    const hostile = `</template><script>alert(1)</script><b onclick='x'>"&=1+2`;
    const named = rounds.map((record): RoundRecord => ({
      ...record,
      scheme: hostile,
      bottleneck: record.bottleneck && hostile,
    }));
    const page = pageHtml(simulationReport(library, hostile, named));
    expect(page.match(/<script/gu)).toHaveLength(1);
    expect(page).not.toMatch(/<b onclick/u);
    expect(documentOf(page).querySelector('h1')!.textContent).toBe(hostile);
  });

  it('leaves gaps where no round took place, and says when none did', () => {
    const none = rounds.map((record): RoundRecord => ({
      ...record,
      outcome: 'no-plan',
      delaySeconds: null,
      bottleneck: null,
      stages: null,
    }));
    expect(pageHtml(simulationReport(library, 'a cell', none)).includes('No round took place within all limits.')).toBe(
      true,
    );
    const holes = rounds.map((record): RoundRecord =>
      record.round % 3 === 1 ? { ...record, delaySeconds: null } : record,
    );
    expect(
      />[^<]*(?:NaN|null)|="[^"]*NaN/u.exec(
        pageHtml(simulationReport(library, 'a cell', holes)).split('<script>')[0]!,
      )?.[0],
    ).toBeUndefined();
    expect(pageHtml(simulationReport(library, 'nothing', [])).includes('No round took place')).toBe(true);
  });

  it('tells several seeds apart, in whatever order their rounds come', () => {
    const two = [...rounds.map((record): RoundRecord => ({ ...record, seed: 4 })), ...rounds].reverse();
    const document = documentOf(pageHtml(simulationReport(library, 'a cell', two)));
    const names = all(document, 'figure')[0]!;
    const legend = all(names, '.legend li').map(({ textContent }) => textContent);
    expect(legend.sort()).toEqual(
      ['fixed-cut', 'joint', 'random'].flatMap((name) => [3, 4].map((seed) => `${name}, seed ${seed}`)),
    );
    const [first] = all(all(document, 'figure')[0]!, 'tbody tr td:first-child');
    expect(first!.textContent).toBe('0');
  });

  it('stays small for many rounds', () => {
    const many = Array.from({ length: 3000 }, (_, k): RoundRecord => ({ ...rounds[k % rounds.length]!, round: k }));
    expect(pageHtml(simulationReport(library, 'a cell', many)).length).toBeLessThan(3e6);
  });
});
