import { describe, expect, it } from 'vitest';
import { readScenarioFile, schemeNames, type ResolvedScenario } from '../../../lib/io/index.js';
import {
  limitTolerance,
  planViolations,
  roundDelay,
  type Plan,
  type PlanningProblem,
} from '../../../lib/models/index.js';
import { boundPlan, planBandwidth, verifyBound } from '../../../lib/plan/index.js';
import { randomStream } from '../../../lib/random/index.js';
import {
  builtInScheme,
  checkScheme,
  roundColumns,
  roundCsv,
  shareBySqp,
  simulate,
  simulationOptions,
  summarise,
  World,
  type RoundRecord,
  type SimulationScheme,
} from '../../../lib/simulate/index.js';
import { changedScenario, scenario, smallScenario } from '../../support/scenarios.js';

function run(of: ResolvedScenario, schemes: readonly SimulationScheme[] = [builtInScheme('joint')], details = false) {
  return [...simulate(of.cell, simulationOptions(of.settings), schemes, { seed: of.start.file.seed, details })];
}

function worldOf(of: ResolvedScenario): World {
  return new World(of.cell, simulationOptions(of.settings), of.start.file.seed);
}

const nobody = new Set<string>();

describe('a world', () => {
  it('gives one more device without changing the others', () => {
    const small = worldOf(scenario());
    const text = changedScenario(({ devices }) => {
      devices.unshift({ name: 'newcomer', distance: '40 m' });
      Object.assign(devices[1]!, { count: 7 });
    });
    const outcome = readScenarioFile(text);
    if (!outcome.ok) throw new Error('the changed scenario is wrong');
    const large = worldOf(outcome.scenario);
    for (let round = 0; round < 12; round++) {
      const before = small.at(round).devices;
      const after = new Map(large.at(round).devices.map((device) => [device.name, device]));
      expect(before).toHaveLength(5);
      for (const device of before) expect(after.get(device.name)).toEqual(device);
    }
  });

  it('starts static devices at the distance of the file, and moves the others', () => {
    const of = scenario();
    const world = worldOf(of);
    const distance = (round: number, name: string) =>
      world.at(round).devices.find((device) => device.name === name)!.channel.distanceMetre;
    for (const { name, link } of of.start.summaries) expect(distance(0, name)).toBeCloseTo(link.distanceMetre!, 9);
    expect(distance(9, 'desk')).toBeCloseTo(60, 9);
    expect(distance(9, 'walker-1')).not.toBe(distance(0, 'walker-1'));
  });

  it('keeps a gain that was measured, of an entry or of a member', () => {
    const of = scenario('devices[walker-2].gain=-90 dB', 'devices[desk].gain=-80 dB', 'devices[desk].distance=null');
    const world = worldOf(of);
    for (const round of [0, 3, 9]) {
      const gains = new Map(world.at(round).devices.map(({ name, gain }) => [name, gain]));
      expect(gains.get('walker-2')).toBeCloseTo(1e-9, 20);
      expect(gains.get('desk')).toBeCloseTo(1e-8, 20);
      expect(gains.get('walker-1')).not.toBeCloseTo(1e-9, 20);
    }
  });

  it('slows, squeezes and removes devices by their traces', () => {
    const of = scenario(
      'simulation.devices.desk={ throughput: [[8, 0.5]], memory: [[8, 0.25]], from: 4 }',
      'devices[desk].memory=1 GiB',
    );
    const world = worldOf(of);
    expect(
      world
        .at(0)
        .problem(nobody)!
        .devices.map(({ name }) => name),
    ).not.toContain('desk');
    const desk = (round: number) =>
      world
        .at(round)
        .problem(nobody)!
        .devices.find(({ name }) => name === 'desk')!;
    expect(desk(2).costs.forwardSeconds[3]).toBeCloseTo(2 * desk(1).costs.forwardSeconds[3]!, 12);
    expect(desk(2).codecTimeFactor).toBeCloseTo(2 * desk(1).codecTimeFactor, 12);
    expect([1, 2].map((round) => desk(round).memoryBytes)).toEqual([2 ** 30, 2 ** 28]);
  });

  it('with measured gains and no motion is the problem of the file', () => {
    const text = changedScenario(({ devices, simulation }) => {
      devices.forEach((device) => {
        Reflect.deleteProperty(device, 'distance');
        Object.assign(device, { gain: '-95 dB' });
      });
      Object.assign(simulation, { devices: {} });
    });
    const outcome = readScenarioFile(text);
    if (!outcome.ok) throw new Error('the changed scenario is wrong');
    expect(worldOf(outcome.scenario).at(7).problem(nobody)).toEqual(outcome.scenario.start.problem);
  });

  it('looks ahead as it says: expected, quantile, forecast and worst gains', () => {
    const world = (outlook: string) =>
      worldOf(scenario(`simulation.replan.outlook=${outlook}`, 'simulation.replan.horizon=10'));
    const uplinksOf = ({ devices }: PlanningProblem) =>
      devices.map(({ uplink }) => (uplink.kind === 'shannon' ? uplink.snrBandwidthHz : NaN));
    const uplinks = (outlook: string) => uplinksOf(world(outlook).at(0).outlook(nobody)!);
    const [now, expected, quantile, forecast] = ['now', 'expected', 'quantile', 'forecast'].map(uplinks);
    // The desk stands still: nothing ahead is uncertain.
    for (const other of [expected!, quantile!, forecast!]) expect(other[4]).toBeCloseTo(now![4]!, 3);
    expected!.slice(0, 4).forEach((gain, n) => expect(quantile![n]).toBeLessThan(gain));
    expect(forecast).not.toEqual(expected);
    const along = Array.from({ length: 10 }, (_, k) => {
      const settings = ['simulation.replan.outlook=forecast', `simulation.replan.horizon=${2 * k || 1}`];
      // Half of the horizon is where a forecast is for; the first is of now.
      return k === 0
        ? now!
        : uplinksOf(
            worldOf(scenario(...settings))
              .at(0)
              .outlook(nobody)!,
          );
    });
    const least = now!.map((_, n) => Math.min(...along.map((uplinks) => uplinks[n]!)));
    expect(uplinks('worst')).toEqual(least);
    expect(least.slice(0, 4).some((each, n) => each < 0.9 * now![n]!)).toBe(true);
  });

  it('keeps to three steps of the small time scale on average where shadowing is correlated 0.9', () => {
    const changes = ['pathLoss={ model: uma, sight: obstructed }', 'bandwidth=10 MHz'].map((each) => `radio.${each}`);
    const moving = `simulation.motion={ model: waypoint, radius: 250 m, speed: ${(-50 * Math.log(0.9)) / 4} }`;
    const settings = ['simulation.replan={ every: 20 }', 'simulation.boundEvery=0', 'simulation.rounds=60', moving];
    const cell = ['devices[0].count=11', 'simulation.shadowing.decorrelation=50 m', 'simulation.serverShares=small'];
    const [summary] = summarise(run(scenario(...changes, ...settings, ...cell)));
    const { meanSteps } = summary!;
    expect(meanSteps).toBeGreaterThan(1);
    expect(meanSteps).toBeLessThanOrEqual(3);
  });

  it('averages over fades where it is asked to: more fades, no outlook', () => {
    const problem = worldOf(scenario('simulation.fading=blocks')).at(1).problem(nobody)!;
    const samples = problem.devices.map(({ uplink }) => (uplink.kind === 'faded' ? uplink.snrBandwidthHz.length : 1));
    expect(samples).toEqual([64, 64, 64, 64, 1]);
  });
});

describe('a simulation', () => {
  const records = run(scenario(), [builtInScheme('joint'), builtInScheme('fixed-cut')], true);
  const joint = records.filter(({ scheme }) => scheme === 'joint');

  it('gives the same records again, and to one scheme the same as beside another', () => {
    expect(run(scenario(), [builtInScheme('joint')], true)).toEqual(joint);
  });

  it('decides at the start and at the interval, and not in between', () => {
    expect(
      joint
        .map(({ replanned }) => replanned)
        .map((reason) => reason?.[0] ?? '-')
        .join(''),
    ).toBe('s----i----i-');
  });

  it('reports what the models say of the plans, with every limit kept', () => {
    const world = worldOf(scenario());
    for (const record of records) {
      expect(record.outcome).toBe('run');
      const problem = world.at(record.round).problem(nobody)!;
      const plan = planOf(record, problem);
      const { totalSeconds, chainSeconds } = roundDelay(problem, plan);
      expect(record.delaySeconds).toBeCloseTo(totalSeconds, 12);
      expect(planViolations(problem, plan, totalSeconds)).toEqual([]);
      const longest = problem.devices.findIndex(({ name }) => name === record.bottleneck);
      expect(chainSeconds[longest]).toBe(Math.max(...chainSeconds));
    }
  });

  it('has bounds that another bound of the same round confirms, below every scheme’s delay', () => {
    const bounded = records.filter(({ boundSeconds }) => boundSeconds !== null);
    expect(bounded).toHaveLength(8);
    const world = worldOf(scenario());
    for (const { round, boundSeconds, delaySeconds, regret } of bounded) {
      const problem = world.at(round).problem(nobody)!;
      const again = boundPlan(problem);
      expect(verifyBound(problem, again.certificate).valid).toBe(true);
      expect(boundSeconds! / again.boundSeconds).toBeCloseTo(1, 4);
      expect(boundSeconds!).toBeLessThanOrEqual(delaySeconds! * (1 + limitTolerance));
      expect(regret).toBeCloseTo(delaySeconds! / boundSeconds! - 1, 12);
    }
  });

  it('re-planned in every round is within what the planner’s own gap leaves', () => {
    const always = run(scenario('simulation.replan.every=1', 'simulation.boundEvery=1'));
    const sparse = run(scenario('simulation.boundEvery=1'));
    always.forEach((record, k) => {
      expect(record.regret).toBeLessThan(0.03);
      expect(record.boundSeconds! / sparse[k]!.boundSeconds!).toBeCloseTo(1, 4);
    });
    expect(summarise(always)[0]!.meanRegret!).toBeLessThan(summarise(sparse)[0]!.meanRegret!);
  });

  it('writes as CSV what the columns say', () => {
    const [head, ...rows] = [...roundCsv(joint)].map((line) => line.trimEnd().split(','));
    expect(head).toEqual(roundColumns.map(({ name }) => name));
    expect(rows).toHaveLength(12);
    for (const row of rows) expect(row).toHaveLength(head!.length);
    expect(Number(rows[4]![head!.indexOf('delay_s')])).toBe(joint[4]!.delaySeconds);
  });

  it('summarises: rounds add up and the mean is that of the rounds', () => {
    const [summary] = summarise(joint);
    const delays = joint.map(({ delaySeconds }) => delaySeconds!);
    expect(summary).toMatchObject({ scheme: 'joint', rounds: 12, run: 12, broken: 0, missed: 0, decisions: 3 });
    expect(summary!.meanDelaySeconds).toBeCloseTo(delays.reduce((a, b) => a + b) / 12, 12);
  });
});

describe('policies', () => {
  it('name a device whose memory shrinks, and decide anew, drop it, or run with the limit broken', () => {
    const tight = 'simulation.devices={ walker-2: { memory: [[0, 1], [8, 0.02]] } }';
    const records = (policy: string) =>
      run(scenario(tight, `simulation.misfit=${policy}`, 'simulation.replan.every=null'));
    const dropped = records('drop');
    expect(dropped.slice(0, 2).every(({ satOut }) => satOut.length === 0)).toBe(true);
    for (const { satOut, devices } of dropped.slice(2)) {
      expect(satOut).toEqual([{ device: 'walker-2', because: 'device-memory' }]);
      expect(devices).toBe(4);
    }
    for (const { outcome, violations } of records('keep').slice(2)) {
      expect(outcome).toBe('broken');
      expect(violations.map(({ device, limit }) => `${device} ${limit}`)).toContain('walker-2 device-memory');
    }
    // No plan fits into that memory: the device sits out, the others are decided for, once.
    const replanned = records('replan').slice(2);
    expect(replanned.map((record) => record.replanned)).toEqual(['misfit', ...Array<null>(9).fill(null)]);
    for (const { satOut, devices, outcome } of replanned) {
      expect(satOut).toEqual([{ device: 'walker-2', because: 'no-choice' }]);
      expect([devices, outcome]).toEqual([4, 'run']);
    }
  });

  it('leave out a device that fits no cut at all by name, decide for newcomers meanwhile, and take it in when it fits', () => {
    const changes = '{ walker-2: { memory: [[0, 0.02], [24, 1]] }, desk: { from: 12 } }';
    const settings = [`simulation.devices=${changes}`, 'simulation.replan={}'];
    for (const scheme of ['joint', 'fixed-cut', 'random'] as const) {
      const records = run(scenario(...settings), [builtInScheme(scheme)]);
      const early = records.slice(0, 6);
      expect(early.map(({ satOut }) => satOut)).toEqual(
        early.map(() => [{ device: 'walker-2', because: 'no-choice' }]),
      );
      expect(early.map(({ devices }) => devices)).toEqual([3, 3, 3, 4, 4, 4]);
      expect(records.slice(6).every(({ satOut, devices }) => satOut.length === 0 && devices === 5)).toBe(true);
      const reasons = records.flatMap(({ replanned, round }) => (replanned === null ? [] : [`${round} ${replanned}`]));
      expect(reasons).toEqual(['0 start', '3 newcomer', '6 newcomer']);
      expect(records.every(({ outcome }) => outcome === 'run')).toBe(true);
    }
  });

  it('re-plan cures what a smaller split fits', () => {
    const tighter = 'simulation.devices={ walker-2: { memory: [[0, 1], [8, 0.3]] } }';
    const records = run(scenario(tighter, 'simulation.replan.every=null', 'devices[walker-2].pinned={}'));
    expect(records.every(({ outcome, satOut }) => outcome === 'run' && satOut.length === 0)).toBe(true);
  });

  it('newcomers are decided for at once, or wait', () => {
    const late = 'simulation.devices={ desk: { from: 8 } }';
    const at = (policy: string) => run(scenario(late, `simulation.newcomers=${policy}`));
    expect(at('replan')[2]).toMatchObject({ replanned: 'newcomer', devices: 5 });
    const waiting = at('wait');
    expect(waiting[2]).toMatchObject({ replanned: null, devices: 4, satOut: [{ device: 'desk', because: 'waits' }] });
    expect(waiting[5]).toMatchObject({ replanned: 'interval', devices: 5 });
  });

  it('newcomers that wait have their part in the next decision, whatever it is for', () => {
    const late = 'simulation.devices={ walker: { until: 12 }, desk: { from: 8 } }';
    const wait = 'simulation.newcomers=wait';
    // Nobody is left that has a decision: it is made for those that are there, once.
    const alone = run(scenario(late, wait, 'simulation.replan={}'));
    expect(alone[2]!.satOut).toEqual([{ device: 'desk', because: 'waits' }]);
    expect(alone[3]).toMatchObject({ outcome: 'run', replanned: 'newcomer', devices: 1, satOut: [] });
    expect(alone.slice(4).every(({ outcome, replanned }) => outcome === 'run' && replanned === null)).toBe(true);
    // A plan that fits no more is replaced by one for all.
    const squeezed = 'simulation.devices={ walker-2: { memory: [[0, 1], [12, 0.3]] }, desk: { from: 8 } }';
    const misfit = run(scenario(squeezed, wait, 'simulation.replan={}', 'server.throughput=0.1 TFLOP/s'));
    expect(misfit[2]!.satOut).toEqual([{ device: 'desk', because: 'waits' }]);
    expect(misfit[3]).toMatchObject({ outcome: 'run', replanned: 'misfit', devices: 5, satOut: [] });
    const loss = run(
      scenario('simulation.devices={ desk: { from: 8 } }', wait, 'simulation.replan={ loss: 0.1 %, least: 2 }'),
    );
    const joined = loss.findIndex(({ replanned, round }) => replanned === 'loss' && round >= 2);
    expect(joined).toBeGreaterThan(0);
    expect(loss[joined]).toMatchObject({ devices: 5, satOut: [] });
  });

  it('triggers fire on the change of a gain and on a loss against the bound, not sooner than allowed', () => {
    const gain = run(scenario('simulation.replan={ gainChange: 3 dB, least: 3 }'));
    expect(gain.filter(({ replanned }) => replanned === 'gain').length).toBeGreaterThan(0);
    const decided = gain.flatMap(({ replanned, round }) => (replanned ? [round] : []));
    decided.slice(1).forEach((round, k) => expect(round - decided[k]!).toBeGreaterThanOrEqual(3));
    const loss = run(scenario('simulation.replan={ loss: 2 % }', 'simulation.boundEvery=1'));
    expect(loss.some(({ replanned }) => replanned === 'loss')).toBe(true);
    for (const { replanned, regret } of loss) if (!replanned) expect(regret).toBeLessThan(0.02 + 1e-6);
  });

  it('a battery that is used up takes its device away', () => {
    const records = run(scenario('simulation.devices={ walker-1: { battery: 5 J } }'), [builtInScheme('joint')], true);
    const energy = records.map(({ perDevice }) => perDevice!.find(({ device }) => device === 'walker-1')?.energyJoule);
    const gone = energy.indexOf(undefined);
    expect(gone).toBeGreaterThan(0);
    const used = (count: number) => energy.slice(0, count).reduce<number>((sum, each) => sum + (each ?? 0), 0);
    expect(used(gone)).toBeGreaterThanOrEqual(5);
    expect(used(gone - 1)).toBeLessThan(5);
    expect(energy.slice(gone).every((each) => each === undefined)).toBe(true);
  });

  it('says that nobody is there', () => {
    const records = run(
      scenario('devices=[{ name: desk, distance: 60 m }]', 'simulation.devices={ desk: { until: 20 } }'),
    );
    expect(records.map(({ outcome }) => outcome)).toEqual([
      ...Array<string>(5).fill('run'),
      ...Array<string>(7).fill('nobody'),
    ]);
  });

  it('server shares each round are never slower than those of the large time scale', () => {
    const large = run(scenario());
    const small = run(scenario('simulation.serverShares=small'));
    expect(small[0]!.delaySeconds).toBeLessThanOrEqual(large[0]!.delaySeconds! * (1 + 1e-6));
    expect(summarise(small)[0]!.meanDelaySeconds!).toBeLessThan(summarise(large)[0]!.meanDelaySeconds!);
  });
});

describe('operating points on the small time scale', () => {
  const small = ['simulation.serverShares=small', 'simulation.points=small'];

  it('are the best of all at the cuts in force', () => {
    const of = scenario(...small, 'server.throughput=400 GFLOP/s');
    const world = worldOf(of);
    const records = run(of, [builtInScheme('joint')], true);
    const kept = records.filter(({ replanned }) => replanned === null);
    expect(kept.length).toBeGreaterThan(7);
    for (const record of kept) {
      const problem = world.at(record.round).problem(nobody)!;
      const { devices } = planOf(record, problem);
      let best = Infinity;
      expect(problem.tiedRatios).toBe(true);
      for (let combination = 0; combination < 3 ** devices.length; combination++) {
        const plan = {
          devices: devices.map((decision, n) => ({
            ...decision,
            upPoint: Math.floor(combination / 3 ** n) % 3,
            downPoint: Math.floor(combination / 3 ** n) % 3,
            serverShare: 0,
          })),
        };
        const found = planBandwidth(problem, plan, { method: 'scalar' }).plan;
        if (!found) continue;
        const { totalSeconds } = roundDelay(problem, found);
        if (planViolations(problem, found, totalSeconds).length === 0) best = Math.min(best, totalSeconds);
      }
      expect(record.delaySeconds! / best - 1).toBeLessThan(1e-3);
      expect(record.delaySeconds! / best - 1).toBeGreaterThan(-1e-6);
    }
    const cutsOf = ({ perDevice }: RoundRecord) => perDevice!.map(({ blocks }) => blocks);
    for (const [k, record] of records.entries()) {
      if (k > 0 && record.replanned === null) expect(cutsOf(record)).toEqual(cutsOf(records[k - 1]!));
    }
    expect(new Set(records.flatMap(cutsOf)).size).toBeGreaterThan(1);
    const changes = records.filter(
      (record, k) =>
        record.replanned === null &&
        record.perDevice!.some(({ upPoint }, n) => upPoint !== records[k - 1]!.perDevice![n]!.upPoint),
    );
    expect(changes.length).toBeGreaterThan(2);
  });

  it.each(['joint', 'fixed-cut', 'equal-bandwidth', 'ratio-alone', 'fixed-ratio'] as const)(
    '%s: a round is never slower than with the points in force',
    (name) => {
      const world = worldOf(scenario(...small));
      const { decide, share, cell: own } = builtInScheme(name);
      expect(own).toBeUndefined();
      const state = (round: number, points: 'large' | 'small') => ({
        ...{ round, seconds: 0, problem: world.at(round).problem(nobody)!, seed: 1 },
        ...{ random: randomStream(1, 'test'), serverShares: 'small' as const, points },
      });
      const plan = decide(state(0, 'small'))!;
      for (let round = 1; round < 8; round++) {
        const seconds = (points: 'large' | 'small') => {
          const at = state(round, points);
          const found = (share ?? shareBySqp)({ ...at, plan });
          return found ? roundDelay(at.problem, found.plan).totalSeconds : Infinity;
        };
        expect(seconds('small')).toBeLessThanOrEqual(seconds('large') * (1 + 1e-6));
      }
    },
  );

  it.each(schemeNames)('%s conforms', (name) => {
    const of = scenario(...small);
    expect(checkScheme(builtInScheme(name), of.cell, simulationOptions(of.settings))).toEqual([]);
  });

  it('need the server’s shares there too', () => {
    const outcome = readScenarioFile(smallScenario, { settings: ['simulation.points=small'] });
    expect(outcome.ok ? [] : outcome.issues.map(({ path }) => path)).toEqual(['simulation.points']);
  });
});

function planOf(
  record: RoundRecord,
  problem: { readonly upPoints: readonly { name: string }[]; readonly downPoints: readonly { name: string }[] },
): Plan {
  const point = (points: readonly { name: string }[], name: string) => points.findIndex((each) => each.name === name);
  return {
    devices: record.perDevice!.map(({ blocks, upPoint, downPoint, bandwidthHz, serverShare }) => ({
      participates: true,
      blocks,
      upPoint: point(problem.upPoints, upPoint),
      downPoint: point(problem.downPoints, downPoint),
      bandwidthHz,
      serverShare,
    })),
  };
}
