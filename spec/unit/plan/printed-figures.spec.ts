import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { parseProblemFile } from '../../../lib/io/index.js';
import { planBandwidth, solvePlan, type PlanReport } from '../../../lib/plan/index.js';

/* Files whose right figures are known from brute force, the exact method and an independent model. */

vi.setConfig({ testTimeout: 120_000 });

const read = (name: string, ...settings: string[]) =>
  parseProblemFile(readFileSync(new URL(`../../fixtures/planner/${name}.yaml`, import.meta.url), 'utf8'), { settings });
const exact = { method: 'exact', baselines: false, whatIf: 'never' } as const;
const secondsOf = (report: PlanReport) => report.answer?.delay.totalSeconds ?? Infinity;
const roundOf = (name: string, ...settings: string[]) => secondsOf(solvePlan(read(name, ...settings), exact));
const remediesOf = (name: string, options: object = {}) =>
  solvePlan(read(name), { ...exact, ...options }).infeasibility!.remedies;
const named = (name: string, limit: string) =>
  remediesOf(name).find(({ changes }) => changes.length === 1 && changes[0]!.limit === limit)!;

describe('what-if', () => {
  it('one MHz more is the file with one MHz more, spread power and all', () => {
    const report = solvePlan(read('whatif-20'), { ...exact, whatIf: 'always' });
    const row = report.whatIf.find(({ change }) => change === '1 MHz more bandwidth')!;
    expect(secondsOf(report)).toBeCloseTo(31.214, 3);
    expect(row.totalSeconds).toBeCloseTo(31.199, 3);
    expect(row.totalSeconds! / roundOf('whatif-21')).toBeCloseTo(1, 6);
  });

  it('equal shares follow the band and the number of devices', () => {
    const { whatIf } = solvePlan(read('pinned-equal-whatif'), { ...exact, whatIf: 'always' });
    const row = (change: string) => whatIf.find((each) => each.change === change)!.totalSeconds;
    expect(row('1 MHz more bandwidth')).toBeCloseTo(7.575, 3);
    expect(row('without phone-1')).toBeCloseTo(5.624, 3);
  });
});

describe('remedies', () => {
  it('a band suffices as it is printed', () => {
    expect(roundOf('band-remedy-applied')).toBe(Infinity);
    const { settings, isLeast } = named('band-remedy', 'bandwidth');
    expect(isLeast).toBe(true);
    expect(roundOf('band-remedy', ...settings)).toBeLessThanOrEqual(31);
    const hertz = named('band-remedy', 'bandwidth').changes[0]!.to;
    expect(roundOf('band-remedy', `radio.bandwidth=${0.998 * hertz}`)).toBe(Infinity);
    expect(roundOf('45b-25MHz')).toBeLessThan(Infinity);
  });

  it('an accuracy is not given away', () => {
    const { changes, settings, message } = named('u146', 'accuracy');
    expect(changes[0]!.to).toBeGreaterThanOrEqual(0.599076);
    expect(roundOf('u146-own')).toBeLessThan(Infinity);
    expect(roundOf('u146', ...settings)).toBeLessThan(Infinity);
    expect(message).toBe('an accuracy limit of 59.9076 % (now 59.9925 %) suffices');
  });

  it('a time limit changes nothing where the answer is found in time', () => {
    const [limited, open] = [{ timeLimitSeconds: 600 }, {}].map((options) => remediesOf('u109', options));
    expect(limited!.length).toBe(1);
    expect(limited).toEqual(open);
    expect(limited![0]!.wasStopped).toBe(false);
  });

  it('says that the time limit came first', () => {
    const report = solvePlan(read('band-remedy'), { ...exact, timeLimitSeconds: 1e-3 });
    for (const { isLeast, wasStopped } of report.infeasibility?.remedies ?? [])
      expect(isLeast || wasStopped).toBe(true);
    if (report.infeasibility) expect(report.infeasibility.isComplete).toBe(false);
  });

  it.each([
    ['u173', 'device-memory'],
    ['21b-395MiB', 'device-memory'],
    ['21b-395MiB', 'accuracy'],
  ])('%s is cured by its %s', (name, limit) => {
    const { settings, isLeast } = named(name, limit);
    expect(isLeast).toBe(true);
    expect(roundOf(name, ...settings)).toBeLessThan(Infinity);
  });

  it('one MiB more on the smallest device is all that 21b lacks, and the remedy says so', () => {
    const { to } = named('21b-395MiB', 'device-memory').changes[0]!;
    expect(to / 2 ** 20).toBeGreaterThan(395);
    expect(to / 2 ** 20).toBeLessThanOrEqual(396);
    expect(roundOf('21b-395MiB')).toBe(Infinity);
    expect(roundOf('21b-395MiB', 'devices[raspberry-pi].memory=396 MiB')).toBeCloseTo(105.8, 1);
  });

  it('memory that no device of u173 has makes it feasible', () => {
    expect(roundOf('u173')).toBe(Infinity);
    expect(roundOf('u173-more-memory')).toBeLessThan(Infinity);
  });

  it('counts the server’s memory as the file does', () => {
    const tight = read('21b-395MiB', 'devices[raspberry-pi].memory=1 GiB', 'server.memory=700 MiB');
    const { infeasibility } = solvePlan(tight, exact);
    const remedy = infeasibility!.remedies.find(({ changes }) => changes[0]!.limit === 'server-memory')!;
    expect(remedy.changes[0]!.from).toBe(700 * 2 ** 20);
    const cured = read('21b-395MiB', 'devices[raspberry-pi].memory=1 GiB', ...remedy.settings);
    expect(secondsOf(solvePlan(cured, exact))).toBeLessThan(Infinity);
  });
});

describe('the price of the band', () => {
  it.each(['u034', 'u062', 'u081'])('%s: both sides are those of re-solved bandwidths', (name) => {
    const cell = read(name);
    const { answer } = solvePlan(cell, { baselines: false, whatIf: 'never' });
    const { plan, bandPrice } = answer!;
    const { bandwidthHz } = cell.problem;
    const at = (hertz: number) =>
      planBandwidth(read(name, `radio.bandwidth=${hertz}`).problem, plan, { method: 'scalar' }).totalSeconds;
    const [step, here] = [100, at(bandwidthHz)];
    expect(bandPrice!.more! / ((at(bandwidthHz + step) - here) / step)).toBeCloseTo(1, 2);
    expect(bandPrice!.less! / ((here - at(bandwidthHz - step)) / step)).toBeCloseTo(1, 2);
  });

  it('can be above nothing where power is spread and a share is at its limit', () => {
    const { answer } = solvePlan(read('u062'), { baselines: false, whatIf: 'never' });
    expect(answer!.bandPrice!.more! / 1.9e-8).toBeCloseTo(1, 1);
    expect(answer!.bandPrice!.less).toBeLessThan(0);
  });

  it('is told for one block where the band comes in blocks', () => {
    const cell = read('u037');
    const { answer } = solvePlan(cell, { baselines: false, whatIf: 'never' });
    expect(answer!.bandPrice).toMatchObject({ unit: 'block', blockHz: cell.problem.resourceBlockHz });
  });
});
