import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { chartLibrary } from '../../bin/report/chart/library.js';
import { lineChart } from '../../bin/report/chart/lines.js';
import { pdfOf } from '../../bin/report/pdf.js';
import { svgFile } from '../../bin/report/svg-file.js';
import { pageHtml } from '../../bin/report/page.js';
import { roundCsv } from '../../lib/simulate/index.js';
import { allReports, someRounds } from '../support/report-pages.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
if (browser === undefined) {
  console.warn('skipped: pages in a browser need Chromium at /usr/bin/chromium, which is absent');
}
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kinds = ['simulation', 'plan', 'sweep', 'compare', 'training', 'validation'] as const;
const directory = mkdtempSync(join(tmpdir(), 'sft-opt-report-'));
let instance: Browser;

describe.skipIf(browser === undefined)('pages in Chromium', () => {
  beforeAll(async () => {
    const reports = allReports(await chartLibrary());
    for (const kind of kinds) writeFileSync(join(directory, `${kind}.html`), pageHtml(reports[kind]!));
    instance = await chromium.launch({ executablePath: browser!, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(async () => {
    await instance.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Opens a page, and gathers whatever it says or asks for. */
  async function opened(kind: string, width: number, colorScheme: 'light' | 'dark' = 'light') {
    const context = await instance.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const said: string[] = [];
    const address = pathToFileURL(join(directory, `${kind}.html`)).href;
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== address) said.push(`asks for ${request.url()}`);
    });
    await page.goto(address);
    return { page, said, close: () => context.close() };
  }

  /** What axe finds, as rule and element; other colours change the contrasts alone. */
  async function findings(page: Page, colours: 'light' | 'dark'): Promise<string[]> {
    // By the protocol of the browser: the page's own policy runs no script but its own.
    await page.evaluate(axe);
    const options = colours === 'light' ? {} : { runOnly: ['color-contrast', 'link-in-text-block'] };
    return await page.evaluate<string[]>(`axe.run(${JSON.stringify(options)}).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 200))))`);
  }

  /** Labels of charts that are cut off or lie over one another. */
  function overlaps(page: Page): Promise<string[]> {
    return page.evaluate<string[]>(`[...document.querySelectorAll('svg.plot')]
      .filter((svg) => svg.getBoundingClientRect().height > 0)
      .flatMap((svg) => {
        const texts = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
        const box = svg.getBoundingClientRect();
        const found = texts.filter(([, { left, right }]) => left < box.left - 1 || right > box.right + 1).map(([text]) => 'cut: ' + text);
        texts.forEach(([a, p], k) => texts.slice(k + 1).forEach(([b, q]) => {
          const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
          const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
          if (across > 1 && down > 3) found.push(a + ' over ' + b);
        }));
        return found.map((text) => svg.getAttribute('aria-label').slice(0, 40) + ': ' + text);
      })`);
  }

  it.each(kinds.flatMap((kind) => [1280, 768, 360].map((width) => [kind, width] as const)))(
    '%s at %i pixels: nothing said, nothing asked for, nothing wider than the screen, charts of one kind, labels apart',
    async (kind, width) => {
      const { page, said, close } = await opened(kind, width);
      const seen = await page.evaluate<{ wide: number; charts: number[]; small: string[] }>(`(() => {
        const charts = [...document.querySelectorAll('svg.plot')].filter((svg) => svg.getBoundingClientRect().height > 0);
        const small = charts.flatMap((svg) => [...svg.querySelectorAll('text')])
          .filter((text) => text.getBoundingClientRect().height > 0)
          .filter((text) => Number.parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a < 9.5)
          .map((text) => text.textContent);
        return { wide: document.documentElement.scrollWidth, charts: charts.map((svg) => svg.getBoundingClientRect().width), small };
      })()`);
      expect(said).toEqual([]);
      expect(seen.wide).toBe(width);
      expect(seen.charts.length).toBe(await page.locator('figure').count());
      for (const wide of seen.charts) expect(wide).toBeGreaterThan(300);
      expect(seen.small).toEqual([]);
      expect(await overlaps(page)).toEqual([]);
      await close();
    },
  );

  it.each(kinds.flatMap((kind) => (['light', 'dark'] as const).map((colours) => [kind, colours] as const)))(
    '%s in %s colours: axe finds nothing, tables open too',
    async (kind, colours) => {
      const { page, close } = await opened(kind, 1280, colours);
      await page.evaluate(`document.querySelectorAll('details').forEach((each) => { each.open = true; })`);
      expect(await findings(page, colours)).toEqual([]);
      await close();
    },
  );

  it('the keyboard reaches every link, button, slider, fold and table', async () => {
    const { page, close } = await opened('simulation', 1280);
    const wanted = await page.evaluate<number>(`(() => {
      const all = [...document.querySelectorAll('a[href], button, input, summary, [tabindex]')];
      const seen = all.filter((each) => each.checkVisibility({ contentVisibilityAuto: true }) && each.getClientRects().length > 0);
      seen.forEach((each, k) => each.setAttribute('data-k', k));
      return seen.length;
    })()`);
    const reached = new Set<string>();
    for (let k = 0; k < wanted + 5; k++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate<string | null>(`document.activeElement.getAttribute('data-k')`);
      if (at !== null) reached.add(at);
    }
    expect(wanted).toBeGreaterThan(20);
    expect(reached.size).toBe(wanted);
    await close();
  });

  it('a chart is read off with the arrow keys', async () => {
    const { page, close } = await opened('simulation', 1280);
    const figure = page.locator('figure').first();
    await figure.locator('input').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const cells = await figure.locator('tbody tr').nth(2).locator('td').allTextContents();
    const said = await figure.locator('output').textContent();
    for (const cell of cells) expect(said).toContain(cell);
    await close();
  });

  it('what is saved is the CSV of all rounds, and what a table shows', async () => {
    const { page, close } = await opened('simulation', 1280);
    const saved = async (name: string) => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
      return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
    };
    const rounds = await saved('Save as CSV: All');
    expect(rounds).toEqual({ name: 'rounds.csv', text: [...roundCsv(someRounds())].join('') });
    const table = await saved('Save as CSV: How often');
    expect(table.name).toBe('bottlenecks.csv');
    expect(table.text.split('\n')[0]).toBe('scheme,device,rounds');
    expect(table.text.trim().split('\n').length).toBe(
      await page.locator('table[data-file="bottlenecks.csv"] tr').count(),
    );
    await close();
  });

  it('a figure is printed as PDF of one page of its own size, and without Chromium it is said', async () => {
    const words = { title: 'Delay & more', description: 'd', xLabel: 'x', yLabel: 'y' };
    const lines = ['one', '<two>'].map((name, k) => ({ name, points: [[0, k] as const, [1, 2] as const] }));
    const svg = svgFile(lineChart(await chartLibrary(), lines, words, { fileName: 'f.csv' }));
    vi.stubEnv('SFT_OPT_CHROMIUM', browser);
    const pdf = Buffer.from(await pdfOf(svg)).toString('latin1');
    expect(pdf.startsWith('%PDF-')).toBe(true);
    expect(pdf.match(/\/Type \/Page\b(?!s)/gu)).toHaveLength(1);
    const [, width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/u.exec(pdf)!;
    const [, pixels] = /width="(\d+)"/u.exec(svg)!;
    expect(Math.abs(Number(width) - 0.75 * Number(pixels))).toBeLessThan(2);
    expect(Number(height)).toBeGreaterThan(200);
    vi.stubEnv('SFT_OPT_CHROMIUM', '/nowhere/chromium');
    await expect(pdfOf(svg)).rejects.toThrow('PDF needs Chromium: /nowhere/chromium is not there');
    vi.unstubAllEnvs();
  });

  it('an SVG file is well-formed XML', async () => {
    const hostile = `"><script>&amp;'\u{1F600}`;
    const words = { title: hostile, description: hostile, xLabel: hostile, yLabel: hostile };
    const lines = [hostile, 'two'].map((name, k) => ({ name, points: [[0, k] as const, [1, 2] as const] }));
    const svg = svgFile(lineChart(await chartLibrary(), lines, words, { fileName: 'f.csv' }));
    const { page, close } = await opened('plan', 800);
    const [root, title, scripts] = await page.evaluate<string[]>(`(() => {
      const file = new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml');
      return [file.documentElement.nodeName, file.querySelector('title').textContent, String(file.querySelectorAll('script').length)];
    })()`);
    expect([root, title, scripts]).toEqual(['svg', hostile, '0']);
    await close();
  });

  it('light and dark change over, and paper is light', async () => {
    const { page, close } = await opened('plan', 1280, 'dark');
    const paper = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(await paper()).toBe('rgb(22, 22, 22)');
    await page.getByRole('button', { name: 'Dark or light' }).click();
    expect(await paper()).toBe('rgb(255, 255, 255)');
    await page.getByRole('button', { name: 'Dark or light' }).click();
    await page.emulateMedia({ media: 'print' });
    expect(await paper()).toBe('rgb(255, 255, 255)');
    expect(await page.locator('button').first().isVisible()).toBe(false);
    await close();
  });
});
