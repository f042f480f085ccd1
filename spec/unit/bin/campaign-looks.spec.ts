import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCampaign, type Campaign } from '../../../bin/campaign/campaign.js';
import { renderCampaign } from '../../../bin/campaign/render.js';
import { Ledger } from '../../../bin/campaign/ledger.js';
import type { NamedTask } from '../../../bin/campaign/tasks.js';
import { studentQuantile } from '../../../lib/statistics/index.js';
import type { SchemeSummary } from '../../../lib/simulate/index.js';

const directory = mkdtempSync(join(tmpdir(), 'sft-opt-looks-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A delay that the seed alone decides; null where a scheme never runs a round. */
const delays: Readonly<Record<string, (seed: number) => number | null>> = {
  first: () => 1,
  steady: (seed) => 2 + 1e-6 * (seed % 2),
  // The saving, 1 − 1/delay, is 0.4 or 0.6: its standard deviation is 0.1.
  wide: (seed) => 1 / (1 - (seed % 2 === 0 ? 0.4 : 0.6)),
  wild: (seed) => 1 / (1 - (seed % 2 === 0 ? 0.1 : 0.9)),
  never: () => null,
};
/** All alike; and as wide, but the first seeds have a delay at two of them alone, which differ little. */
const sparse: Readonly<Record<string, (seed: number) => number | null>> = {
  constant: () => 2,
  sparse: (seed) => (seed < 3 ? null : seed < 5 ? 1 / (1 - 0.4 - 0.01 * (seed % 2)) : delays['wide']!(seed)),
};

const summaryOf = ({ task, scheme }: NamedTask) =>
  ({
    scheme: scheme.name,
    rounds: 1,
    run: 1,
    meanDelaySeconds: { ...delays, ...sparse }[scheme.name]!(task.seed),
  }) as SchemeSummary;

const campaign: Campaign = {
  keys: ['place'],
  points: [1, 2].map((place) => ({
    values: [String(place)],
    origin: { document: { place }, simulation: {}, files: {} },
  })),
  schemes: Object.keys(delays).map((name) => ({ given: name, name })),
  seeds: { first: 1, least: 4, most: 60 },
  halfWidth: 0.05,
  confidence: 0.95,
};

async function run(name: string, shown: NamedTask[] = []) {
  const ledger = await Ledger.open(join(directory, name));
  const results = await runCampaign(campaign, ledger, async (missing) => {
    await Promise.all(missing.map((task) => ledger.put(task, summaryOf(task))));
    shown.push(...missing);
    return true;
  });
  return results!.map(({ point, scheme, runs, saved }) => ({ point, scheme, seeds: runs.length, saved }));
}

describe('seeds of a campaign that stops by itself', () => {
  it('go to the schemes whose saving is not known narrowly enough, and to the first', async () => {
    const ran: NamedTask[] = [];
    const results = await run('looks', ran);
    // Deviation 0.1 of the first four, divided by √3 in place of √4; and a deviation of 0.4 asks for more than there may be.
    const needed = (deviation: number) =>
      Math.ceil(((studentQuantile(0.975, 3) * deviation * 2) / Math.sqrt(3) / 0.05) ** 2);
    expect(needed(0.1)).toBe(55);
    expect(needed(0.4)).toBeGreaterThan(60);
    for (const point of [0, 1]) {
      const seeds = Object.fromEntries(
        results.filter((row) => row.point === point).map((row) => [row.scheme, row.seeds]),
      );
      expect(seeds).toEqual({ first: 60, steady: 4, wide: 55, wild: 60, never: 4 });
    }
    expect(ran).toHaveLength(2 * (60 + 4 + 55 + 60 + 4));
    expect(new Set(ran.map(({ id }) => id)).size).toBe(ran.length);
    expect(results.map(({ scheme }) => scheme)).toEqual([...Object.keys(delays), ...Object.keys(delays)]);
  });

  it('are no more than the looks need: the second look of each is its last where the first seeds vary like all', async () => {
    const looked: number[] = [];
    const ledger = await Ledger.open(join(directory, 'few'));
    await runCampaign(campaign, ledger, async (missing) => {
      looked.push(missing.length);
      await Promise.all(missing.map((task) => ledger.put(task, summaryOf(task))));
      return true;
    });
    // Four seeds of five schemes; up to 55 of three; up to 60 of two: at two points each.
    expect(looked).toEqual([2 * 4 * 5, 2 * 51 * 3, 2 * 5 * 2]);
  });

  it('have intervals by what was known at the first look, also where first seeds have no value', async () => {
    const ledger = await Ledger.open(join(directory, 'sparse'));
    const two = { ...campaign, schemes: ['first', 'sparse'].map((name) => ({ given: name, name })) };
    const results = await runCampaign({ ...two, seeds: { first: 1, least: 4, most: 12 } }, ledger, async (missing) => {
      await Promise.all(missing.map((task) => ledger.put(task, summaryOf(task))));
      return true;
    });
    const { runs, saved } = results!.find(({ scheme }) => scheme === 'sparse')!;
    expect(runs).toHaveLength(12);
    expect(saved!.count).toBe(10);
    // Two values that differ by 0.01, with one degree of freedom: t·s.
    const first = (studentQuantile(0.975, 1) * 0.01) / Math.SQRT2;
    const values = runs.flatMap(({ summary }) => (summary.meanDelaySeconds ? [1 - 1 / summary.meanDelaySeconds] : []));
    const mean = values.reduce((a, b) => a + b) / 10;
    const deviation = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 9);
    const all = studentQuantile(0.975, 9) * deviation;
    expect(saved!.halfWidth).toBeCloseTo(Math.max(first, all) / Math.sqrt(10), 12);
    const firstFour = values.slice(0, 4);
    const middle = firstFour.reduce((a, b) => a + b) / 4;
    const wrong = studentQuantile(0.975, 3) * Math.sqrt(firstFour.reduce((s, v) => s + (v - middle) ** 2, 0) / 3);
    expect(wrong).toBeGreaterThan(1.05 * Math.max(first, all));
  });

  it('that all agree are said to prove nothing of rarer ones', async () => {
    const ledger = await Ledger.open(join(directory, 'alike'));
    const names = (other: string) => ({
      ...campaign,
      schemes: ['first', other].map((name) => ({ given: name, name })),
      seeds: { first: 1, least: 4, most: 4 },
    });
    const texts = await Promise.all(
      ['constant', 'wide'].map(async (other) => {
        const results = await runCampaign(names(other), ledger, async (missing) => {
          await Promise.all(missing.map((task) => ledger.put(task, summaryOf(task))));
          return true;
        });
        return renderCampaign(names(other), results!);
      }),
    );
    expect(texts[0]).toContain('50 % ± 0 %');
    expect(texts[0]).toMatch(/\n± 0: all seeds that were run agree; rarer ones that do not are not excluded$/u);
    expect(texts[1]).not.toContain('± 0:');
  });

  it('come to the same where all, some or none of the results were known before', async () => {
    const ran: NamedTask[] = [];
    const known = await run('looks', ran);
    expect(ran).toHaveLength(0);
    const ledger = await Ledger.open(join(directory, 'half'));
    await runCampaign({ ...campaign, seeds: { first: 1, least: 3, most: 40 } }, ledger, async (missing) => {
      await Promise.all(missing.map((task) => ledger.put(task, summaryOf(task))));
      return true;
    });
    expect(await run('half')).toEqual(known);
    expect(await run('none')).toEqual(known);
  });
});
