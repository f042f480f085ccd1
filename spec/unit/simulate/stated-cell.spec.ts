import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DevicePlan, OperatingPoint, PlanningProblem } from '../../../lib/models/index.js';
import {
  builtInScheme,
  certifiedBound,
  checkScheme,
  SchemeAnswerError,
  simulate,
  simulationOptions,
  World,
  type SimulationScheme,
} from '../../../lib/simulate/index.js';
import { scenario } from '../../support/scenarios.js';

const small = scenario('simulation.rounds=3', 'simulation.boundEvery=1');
const options = simulationOptions(small.settings);
const joint = builtInScheme('joint');
type Changed = Record<string, unknown> & { devices: Record<string, unknown>[] };

const mine = (change: Partial<SimulationScheme>): SimulationScheme => ({
  name: 'mine',
  description: 'for this test',
  decide: joint.decide,
  ...change,
});

/** A scheme whose cell is a copy that was changed. */
const withCell = (change: (cell: Changed) => unknown) =>
  mine({ cell: (problem) => (change(problem as unknown as Changed) ?? problem) as PlanningProblem });

function run(scheme: SimulationScheme, of = small) {
  return [...simulate(of.cell, simulationOptions(of.settings), [scheme], { seed: 3, details: true })];
}

function issuesOf(scheme: SimulationScheme): readonly string[] {
  try {
    run(scheme);
  } catch (error) {
    if (error instanceof SchemeAnswerError) return error.issues;
    throw error;
  }
  return [];
}

const world = new World(small.cell, options, 3);
const plain = world.at(0).problem(new Set())!;

/** Something else of the same kind. */
function another(value: unknown): unknown {
  if (typeof value === 'number') return value === 0 || !Number.isFinite(value) ? 1 : value * 2;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return `${value}x`;
  if (typeof value === 'function') return () => 0;
  if (Array.isArray(value)) {
    const [head, ...rest] = value as unknown[];
    return value.length > 0 ? [another(head), ...rest] : [1];
  }
  if (ArrayBuffer.isView(value)) return (value as Float64Array).map((each) => each * 0.5 + 1e-9);
  if (typeof value === 'object' && value !== null) {
    const [[key, first] = ['odd', 0]] = Object.entries(value);
    return { ...value, [key]: another(first) };
  }
  return 1;
}

/** Paths of all keys of a value, lists and typed arrays as a whole. */
function pathsOf(value: object, above: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, each]: [string, unknown]): string[][] => {
    const path = [...above, key];
    const isSection = typeof each === 'object' && each !== null && !Array.isArray(each) && !ArrayBuffer.isView(each);
    return isSection ? [path, ...pathsOf(each, path)] : [path];
  });
}

function changeAt(target: object, path: readonly string[]): void {
  const at = path.slice(0, -1).reduce((value, key) => (value as Record<string, object>)[key]!, target);
  const record = at as Record<string, unknown>;
  record[path.at(-1)!] = another(record[path.at(-1)!]);
}

describe('the cell that a scheme states', () => {
  it('has nothing of its own: every key that is changed is refused by name, of the cell and of each device', () => {
    const free = new Set(['devices']);
    const ofCell = pathsOf(plain).filter(([first]) => !free.has(first!));
    const ofDevice = pathsOf(plain.devices[1]!);
    expect(ofCell.length).toBeGreaterThan(15);
    expect(ofDevice.length).toBeGreaterThan(25);
    for (const path of ofCell) {
      const issues = issuesOf(withCell((cell) => changeAt(cell, path)));
      // A tie more is a restriction, which a scheme may make.
      if (path[0] === 'tiedRatios' && !plain.tiedRatios) continue;
      expect(issues.join('\n'), path.join('.')).toContain(path[0]!);
    }
    for (const path of ofDevice) {
      const issues = issuesOf(withCell((cell) => changeAt(cell.devices[1]!, path)));
      const named = path[0] === 'name' ? 'devices: must be those' : `device \`${plain.devices[1]!.name}\`: ${path[0]!}`;
      expect(issues.join('\n'), path.join('.')).toContain(named);
    }
  });

  it.each<[string, (cell: Changed) => unknown, RegExp]>([
    ['another rate law', (cell) => void (cell.devices[0]!['uplink'] = { kind: 'linear', slope: 1e9 }), /uplink/u],
    ['a key that there is not', (cell) => ({ ...cell, gift: 5 }), /^gift: must be as in the cell/mu],
    ['a limit that is gone', (cell) => ({ ...cell, serverMemoryBytes: undefined }), /^serverMemoryBytes/mu],
    ['a device less', (cell) => ({ ...cell, devices: cell.devices.slice(1) }), /^devices: must be those/mu],
    ['devices in another order', (cell) => void cell.devices.reverse(), /^devices: must be those/mu],
    ['a point of its own', (cell) => ({ ...cell, upPoints: [{ name: 'x', ratio: 1e-9 }] }), /^upPoints\[0\]/mu],
    [
      'points twice',
      (cell) => ({ ...cell, upPoints: [...(cell['upPoints'] as unknown[]), (cell['upPoints'] as unknown[])[0]] }),
      /order/u,
    ],
    ['no points', (cell) => ({ ...cell, downPoints: [] }), /^downPoints: found a list of 0/mu],
    [
      'a batched server',
      (cell) => ({ ...cell, sharing: 'batched' }),
      /^sharing: found "batched"; must be allocated or/mu,
    ],
    ['a word for a tie', (cell) => ({ ...cell, tiedRatios: 'yes' }), /^tiedRatios/mu],
    ['a class', (cell) => ({ ...cell, accuracy: new Map() }), /^accuracy/mu],
  ])('%s is refused', (_what, change, message) => {
    const scheme = withCell(change);
    expect(issuesOf(scheme).join('\n')).toMatch(message);
    expect(checkScheme(scheme, small.cell, options).join('\n')).toContain('cell: ');
  });

  it('may have some of the points, and is then judged by the world’s own', () => {
    const last = (cell: Changed) => ({
      ...cell,
      upPoints: (cell['upPoints'] as OperatingPoint[]).slice(-1).map((point) => ({ ...point })),
      downPoints: (cell['upPoints'] as OperatingPoint[]).slice(-1),
    });
    const restricted = run(withCell(last));
    const whole = run(joint);
    expect(new Set(restricted.flatMap(({ perDevice }) => perDevice!.map(({ upPoint }) => upPoint)))).toEqual(
      new Set([plain.upPoints.at(-1)!.name]),
    );
    const bounded = restricted.filter(({ regret }) => regret !== null);
    expect(bounded.length).toBe(whole.filter(({ regret }) => regret !== null).length);
    for (const { regret } of bounded) expect(regret!).toBeGreaterThan(-1e-9);
    const delay = (records: typeof whole) => records.reduce((sum, { delaySeconds }) => sum + delaySeconds!, 0);
    expect(delay(restricted)).toBeGreaterThan(delay(whole));
  });

  it('may have equal shares of the server, and no compression as the package’s own scheme has', () => {
    const equal = run(withCell((cell) => ({ ...cell, sharing: 'equal' })));
    expect(equal.flatMap(({ perDevice }) => perDevice!.map(({ serverShare }) => serverShare))).toEqual(
      Array(15).fill(1 / 5),
    );
    const own = builtInScheme('no-compression');
    const plainly = run({ ...own, name: 'mine' }).map((record) => ({ ...record, scheme: own.name }));
    expect(plainly).toEqual(run(own));
  });

  it('keeps the pins of the file in terms of the points that are left', () => {
    const pinned = scenario('simulation.rounds=1', 'codec.points[1].name=middle', 'devices[0].pinned.point=middle');
    const without = (k: number) =>
      withCell((cell) => {
        const points = (cell['upPoints'] as OperatingPoint[]).filter((_, index) => index !== k);
        return { ...cell, upPoints: points, downPoints: points };
      });
    const names = (scheme: SimulationScheme) => run(scheme, pinned)[0]!.perDevice!.map(({ upPoint }) => upPoint);
    expect(names(without(0)).slice(0, 4)).toEqual(names(joint).slice(0, 4));
    expect(() => run(without(1), pinned)).toThrow(/upPoints: walker-1 is pinned to one that is missing/u);
  });
});

describe('what a scheme decides', () => {
  it('never runs faster than the proven bound of the world’s own cell, whatever it answers', () => {
    const seen = { run: 0, broken: 0, refused: 0 };
    const odd = fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 2, 3, 12, -1, 0.5, 1e-12, 1e6, 1e12, 1e308, NaN, Infinity, true) },
    );
    const keys = ['blocks', 'upPoint', 'downPoint', 'bandwidthHz', 'serverShare', 'transmitPowerWatt'] as const;
    const first = joint.decide({
      ...{ round: 0, seconds: 0, problem: plain, serverShares: 'large', points: 'large', seed: 3 },
      random: { integer: () => 0 } as never,
    })!;
    const short = { ...options, rounds: 1, boundEvery: 0, misfit: 'keep' as const };
    const bound = certifiedBound(plain);
    const scaled = fc.constantFrom(0.3, 0.9, 1, 1.05, 3);
    const changeOf = fc.record({
      out: fc.boolean(),
      odd: fc.tuple(...keys.map(() => odd)),
      scale: fc.record({ bandwidthHz: scaled, serverShare: scaled, blocks: fc.integer({ min: -1, max: 1 }) }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom('kept', 'scaled', 'odd'),
        fc.array(changeOf, { minLength: 5, maxLength: 5 }),
        (mode, changes) => {
          const devices = first.devices.map((each, n): DevicePlan => {
            const { out, odd: values, scale } = changes[n]!;
            if (mode === 'kept') return { ...each, ...(out && n === 0 && { participates: false }) };
            if (mode === 'odd') {
              const own = keys.flatMap((key, k) => (values[k] === undefined ? [] : [[key, values[k]] as const]));
              return { ...each, ...(Object.fromEntries(own) as object) };
            }
            const { bandwidthHz, serverShare, blocks } = scale;
            return {
              ...each,
              bandwidthHz: each.bandwidthHz * bandwidthHz,
              serverShare: each.serverShare * serverShare,
              blocks: each.blocks + blocks,
            };
          });
          const own = mine({ decide: () => ({ devices }), share: ({ plan }) => ({ plan }) });
          try {
            const [record] = [...simulate(small.cell, short, [own], { seed: 3 })];
            if (record!.outcome === 'run') {
              seen.run++;
              expect(record!.delaySeconds!).toBeGreaterThanOrEqual(bound * (1 - 1e-9));
            } else seen.broken++;
          } catch (error) {
            if (!(error instanceof SchemeAnswerError)) throw error;
            seen.refused++;
          }
        },
      ),
      { numRuns: 300, seed: 17 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
  });

  it('breaks a limit with a split outside the file’s range, and with two points where ratios are tied', () => {
    const ranged = scenario('simulation.rounds=1', 'simulation.misfit=keep', 'split={ minimum: 2, maximum: 5 }');
    const answer = (change: Partial<DevicePlan>) =>
      mine({
        decide: ({ problem }) => ({
          devices: problem.devices.map(() => ({
            ...{ participates: true, blocks: 2, upPoint: 1, downPoint: 1 },
            bandwidthHz: problem.bandwidthHz / problem.devices.length,
            ...{ serverShare: 1 / problem.devices.length, ...change },
          })),
        }),
        share: ({ plan }) => ({ plan }),
      });
    const limits = (change: Partial<DevicePlan>) =>
      new Set(run(answer(change), ranged)[0]!.violations.map(({ limit }) => limit));
    expect(limits({}).has('split')).toBe(false);
    expect(limits({ blocks: 1 }).has('split')).toBe(true);
    expect(limits({ downPoint: 0 }).has('tied-ratios')).toBe(true);
  });

  it('is asked of the package’s own schemes as they are: nobody changes them', () => {
    expect(() => Object.assign(builtInScheme('joint'), { cell: () => undefined })).toThrow(TypeError);
    expect(Object.isFrozen(builtInScheme('random'))).toBe(true);
  });
});
