/**
 * The page of a simulation of 1,000 rounds and 100 devices under three schemes: its size, how soon Chromium can use it, what axe finds,
 * and whether it is the same bytes again. Rounds are those of a real simulation of `rounds` rounds, repeated under further numbers
 * where `--simulate` is less than 1,000. Run: npx tsx bench/report.ts [--simulate rounds] [--out file]
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { chartLibrary } from '../bin/report/chart/library.js';
import { simulationReport } from '../bin/report/contents/simulation.js';
import { pageHtml } from '../bin/report/page.js';
import { readScenarioFile } from '../lib/io/index.js';
import { builtInScheme, roundCsv, simulate, simulationOptions, type RoundRecord } from '../lib/simulate/index.js';

const rounds = 1000;
const devices = 100;
const { values } = parseArgs({
  options: {
    simulate: { type: 'string', default: '100' },
    out: { type: 'string', default: 'bench/results/report.json' },
  },
});
const simulated = Math.min(rounds, Number(values.simulate));

/** The reference scenario with 100 devices. */
function records(): RoundRecord[] {
  const text = readFileSync(new URL('../examples/simulation/plaza.yaml', import.meta.url), 'utf8');
  const settings = [
    'devices[0].count=67',
    'devices[1].count=33',
    `simulation.rounds=${simulated}`,
    'radio.bandwidth=60 MHz',
  ];
  const outcome = readScenarioFile(text, { settings });
  if (!outcome.ok) throw new Error(outcome.issues.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  const { cell, settings: simulation } = outcome.scenario;
  const schemes = (['joint', 'equal-bandwidth', 'random'] as const).map((name) => builtInScheme(name));
  const found = [...simulate(cell, simulationOptions(simulation), schemes, { seed: 1, details: true })];
  if (new Set(found.flatMap(({ perDevice = [] }) => perDevice.map(({ device }) => device))).size < devices) {
    console.warn(`fewer than ${devices} devices took part`);
  }
  return schemes.flatMap(({ name }) => {
    const own = found.filter(({ scheme }) => scheme === name);
    return Array.from({ length: rounds }, (_, round): RoundRecord => ({ ...own[round % own.length]!, round }));
  });
}

/** Milliseconds from asking for the page until it is drawn and a slider answers, and what is wrong with it. */
async function usable(page: Page, address: string) {
  const start = performance.now();
  await page.goto(address);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const drawn = performance.now() - start;
  const input = page.locator('figure input').first();
  await input.focus();
  await page.keyboard.press('ArrowRight');
  const said = await page.locator('figure output').first().textContent();
  if (!/\d/u.test(said ?? '')) throw new Error(`the slider says ${said}`);
  return { drawnMilliseconds: Math.round(drawn), usableMilliseconds: Math.round(performance.now() - start) };
}

const all = records();
const library = await chartLibrary();
const before = process.cpuUsage();
const html = pageHtml(simulationReport(library, 'plaza, 100 devices', all));
const used = process.cpuUsage(before);
const again = pageHtml(simulationReport(library, 'plaza, 100 devices', structuredClone(all)));
const folder = mkdtempSync(join(tmpdir(), 'sft-opt-bench-'));
const path = join(folder, 'page.html');
writeFileSync(path, html);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const opened = [];
  for (let k = 0; k < 5; k++) {
    const page = await context.newPage();
    opened.push(await usable(page, pathToFileURL(path).href));
    await page.close();
  }
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(path).href) said.push(request.url());
  });
  await page.goto(pathToFileURL(path).href);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save as CSV: All' }).click(),
  ]);
  const csv = readFileSync(await download.path(), 'utf8');
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  const findings = await page.evaluate<string[]>('axe.run().then(({ violations }) => violations.map(({ id }) => id))');
  const elements = await page.evaluate<number>('document.querySelectorAll("*").length');
  const result = {
    command: `npx tsx bench/report.ts --simulate ${simulated}`,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]!.model}, ${cpus().length} processors, shared with other work`,
    rounds,
    simulatedRounds: simulated,
    devices,
    schemes: 3,
    bytes: Buffer.byteLength(html),
    csvBytes: Buffer.byteLength(csv),
    csvIsWhole: csv === [...roundCsv(all)].join(''),
    sha256: createHash('sha256').update(html).digest('hex'),
    sameBytesAgain: again === html,
    processorSecondsToMake: Math.round((used.user + used.system) / 1e4) / 100,
    elements,
    opened,
    axeFindings: findings,
    saidOrAskedFor: said,
  };
  console.log(JSON.stringify(result, undefined, 2));
  writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
