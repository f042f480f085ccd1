import { describe, expect, it } from 'vitest';
import { simulationReport } from '../../../bin/report/simulation.js';
import { builtInScheme, roundCsv, simulate, simulationOptions, type RoundRecord } from '../../../lib/simulate/index.js';
import { scenario } from '../../support/scenarios.js';

const { cell, settings } = scenario('simulation.boundEvery=4');
const schemes = [builtInScheme('joint'), builtInScheme('random')];
const records = [...simulate(cell, simulationOptions(settings), schemes, { seed: 3 })];

describe('the page of a simulation', () => {
  const page = simulationReport('a cell', records);

  it('is the same for the same rounds and asks for nothing from elsewhere', () => {
    expect(simulationReport('a cell', structuredClone(records))).toBe(page);
    expect(page).not.toMatch(/https?:|<script|<link|<img|url\(/u);
  });

  it('has the rounds as CSV, and as a table', () => {
    const encoded = /base64,(?<data>[^"]+)"/u.exec(page)!.groups!['data']!;
    expect(Buffer.from(encoded, 'base64').toString()).toBe([...roundCsv(records)].join(''));
    expect(page.match(/<tr>/gu)).toHaveLength(2 + records.length + 1 + 1);
  });

  it('says first which scheme is fastest, and gives every chart words', () => {
    expect(page).toMatch(
      /<p>shortest mean round of 2 schemes: joint takes [\d.]+ ms a round on average, within all limits in every round/u,
    );
    expect(page.match(/role="img" aria-label="[^"]+"/gu)).toHaveLength(4);
    expect(page.match(/class="line s1"/gu)!.length).toBeGreaterThanOrEqual(4);
  });

  it('shows names as they are, whatever is in them', () => {
    const hostile = records.map((record): RoundRecord => ({ ...record, scheme: `<b onclick='x'>"&` }));
    const text = simulationReport('</title><script>', hostile);
    expect(text).not.toMatch(/<b onclick|<script/u);
    expect(text).toContain('&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;');
  });

  it('leaves gaps where no round took place, and says when none did', () => {
    const none = records.map((record): RoundRecord => ({ ...record, outcome: 'no-plan', delaySeconds: null }));
    expect(simulationReport('a cell', none)).toContain('No round took place within all limits.');
    const holes = records.map((record): RoundRecord =>
      record.round % 3 === 1 ? { ...record, delaySeconds: null } : record,
    );
    expect(simulationReport('a cell', holes)).not.toMatch(/NaN|null/u);
  });

  it('stays small for many rounds', () => {
    const many = Array.from({ length: 20_000 }, (_, k): RoundRecord => ({ ...records[k % records.length]!, round: k }));
    expect(simulationReport('a cell', many).length).toBeLessThan(10e6);
  });
});
