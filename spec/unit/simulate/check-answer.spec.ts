import { describe, expect, it } from 'vitest';
import type { DevicePlan, Plan } from '../../../lib/models/index.js';
import {
  builtInScheme,
  checkScheme,
  SchemeAnswerError,
  simulate,
  simulationOptions,
  type SchemeState,
  type SimulationScheme,
} from '../../../lib/simulate/index.js';
import { scenario } from '../../support/scenarios.js';

const cell = scenario('simulation.rounds=2', 'simulation.boundEvery=0');
const options = simulationOptions(cell.settings);

const honest = ({ problem }: SchemeState): Plan => ({
  devices: problem.devices.map(() => ({
    participates: true,
    blocks: 2,
    upPoint: 0,
    downPoint: 0,
    bandwidthHz: problem.bandwidthHz / problem.devices.length,
    serverShare: 1 / problem.devices.length,
  })),
});

const mine = (change: Partial<SimulationScheme>): SimulationScheme => ({
  name: 'mine',
  description: 'for this test',
  decide: honest,
  share: ({ plan }) => ({ plan }),
  ...change,
});

/** Answers as a module in JavaScript may give them. */
const decides = (answer: (state: SchemeState) => unknown) => mine({ decide: answer as SimulationScheme['decide'] });
const shares = (answer: (state: SchemeState & { plan: Plan }) => unknown) =>
  mine({ share: answer as NonNullable<SimulationScheme['share']> });
const cells = (answer: unknown) => mine({ cell: (() => answer) as NonNullable<SimulationScheme['cell']> });
const second = (change: Partial<Record<keyof DevicePlan, unknown>>) =>
  decides((state) => ({
    devices: honest(state).devices.map((each, n) => (n === 1 ? { ...each, ...change } : each)),
  }));

function run(scheme: SimulationScheme, of = cell) {
  return [...simulate(of.cell, simulationOptions(of.settings), [scheme], { seed: 3, details: true })];
}

function refusalOf(scheme: SimulationScheme): SchemeAnswerError {
  try {
    run(scheme);
  } catch (error) {
    if (error instanceof SchemeAnswerError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const device = 'device `walker-2`';
const thrown = (what: unknown) =>
  decides(() => {
    throw what;
  });
const unspeakable = Object.create(null) as unknown;
const closed = new Proxy(new Error('no'), {
  get: () => {
    throw new Error('not to be read');
  },
});
/** As long as a list can be: reading it would take all memory. */
const endless = new Array<undefined>(2 ** 32 - 1);
const growing = (devices: readonly unknown[]) => {
  let asked = 0;
  return new Proxy([...devices], {
    get: (list, key) => (key === 'length' && asked++ === 0 ? 99 : (Reflect.get(list, key) as unknown)),
  });
};

const faults: readonly (readonly [string, SimulationScheme, string])[] = [
  ['throws', decides(() => JSON.parse('{')), 'decide in round 0: throws: '],
  ['throws a text', thrown('no'), 'decide in round 0: throws: no'],
  ['throws nothing', thrown(undefined), 'throws: undefined'],
  ['throws a symbol', thrown(Symbol('no')), 'throws: Symbol(no)'],
  ['throws what has no text', thrown(unspeakable), 'throws: what it throws cannot be shown'],
  ['throws an error that cannot be read', thrown(closed), 'throws: what it throws cannot be shown'],
  ['a list without end', decides(() => ({ devices: endless })), 'found 4294967295 decisions for 5 devices'],
  ['a list of two lengths', decides((s) => ({ devices: growing(honest(s).devices) })), '99 decisions for 5'],
  ['a promise that fails', decides(() => Promise.reject(new Error('no'))), 'decide in round 0: found a promise'],
  ['a promise', decides((state) => Promise.resolve(honest(state))), 'found a promise; must be the plan itself'],
  ['null', decides(() => null), 'found null; must be a plan'],
  ['false', decides(() => false), 'found false; must be a plan'],
  ['a text', decides(() => 'joint'), 'found "joint"; must be a plan'],
  ['no list', decides(() => ({ devices: 5 })), 'devices: found 5; must be a list'],
  ['a list alone', decides((state) => honest(state).devices), 'devices: found undefined; must be a list'],
  ['too few', decides((state) => ({ devices: honest(state).devices.slice(1) })), 'found 4 decisions for 5 devices'],
  ['too many', decides((s) => ({ devices: [...honest(s).devices, honest(s).devices[0]] })), '6 decisions for 5'],
  ['a hole', decides(() => ({ devices: new Array(5) })), 'device `walker-1`: found undefined; must be a decision'],
  ['a word', second({ participates: 'yes' }), `${device}: participates: found "yes"; must be true or false`],
  ['part of a block', second({ blocks: 2.5 }), `${device}: blocks: found 2.5; must be a whole number from 0 to 12`],
  ['too many blocks', second({ blocks: 13 }), `${device}: blocks: found 13`],
  ['blocks as text', second({ blocks: '2' }), `${device}: blocks: found "2"`],
  ['a wrong point', second({ upPoint: 99 }), `${device}: upPoint: found 99; must be a position in upPoints, 0 to 2`],
  ['a negative point', second({ downPoint: -1 }), `${device}: downPoint: found -1`],
  ['no point', second({ downPoint: undefined }), `${device}: downPoint: found undefined`],
  ['bandwidth NaN', second({ bandwidthHz: NaN }), `${device}: bandwidthHz: found NaN; must be a finite number of Hz`],
  ['bandwidth below 0', second({ bandwidthHz: -1 }), `${device}: bandwidthHz: found -1`],
  ['bandwidth without end', second({ bandwidthHz: Infinity }), `${device}: bandwidthHz: found Infinity`],
  ['a share below 0', second({ serverShare: -0.1 }), `${device}: serverShare: found -0.1`],
  ['a share NaN', second({ serverShare: NaN }), `${device}: serverShare: found NaN`],
  ['no power', second({ transmitPowerWatt: 0 }), `${device}: transmitPowerWatt: found 0`],
  ['share throws', shares(() => JSON.parse('{')), 'share in round 0: throws: '],
  ['share promises', shares(({ plan }) => Promise.resolve({ plan })), 'share in round 0: found a promise'],
  ['share without plan', shares(() => ({})), 'share in round 0: found undefined; must be a plan'],
  ['share with the plan', shares(({ plan }) => plan), 'share in round 0: found undefined; must be a plan'],
  [
    'share moves a cut',
    shares(({ plan }) => ({ plan: { devices: plan.devices.map((each) => ({ ...each, blocks: 3 })) } })),
    'blocks: found 3; must stay 2 on the small time scale',
  ],
  [
    'share takes another point',
    shares(({ plan }) => ({ plan: { devices: plan.devices.map((each) => ({ ...each, upPoint: 1 })) } })),
    'upPoint: found 1; must stay 0',
  ],
  ['a cell of nothing', cells(null), 'cell: found null; must be a planning problem'],
  ['a cell promised', cells(Promise.resolve({})), 'cell: found a promise'],
  [
    'a cell with points without end',
    mine({ cell: (problem) => ({ ...problem, upPoints: endless as never }) }),
    'upPoints: found a list of 4294967295; must be a list of points',
  ],
  [
    'a cell with devices without end',
    mine({ cell: (problem) => ({ ...problem, devices: endless as never }) }),
    'devices: must be those of the cell',
  ],
  [
    'a cell without devices',
    cells({ devices: [], upPoints: [], downPoints: [] }),
    'devices: must be those of the cell',
  ],
];

describe('answers of schemes of one’s own', () => {
  it.each(faults)('%s', (_what, scheme, message) => {
    const error = refusalOf(scheme);
    expect(error.code).toBe('scheme-answer');
    expect(error.scheme).toBe('mine');
    expect(error.message).toContain('scheme `mine`, ');
    expect(error.message).toContain(message);
    expect(checkScheme(scheme, cell.cell, options)).not.toEqual([]);
  });

  it('name every device at once', () => {
    const all = decides((state) => ({ devices: honest(state).devices.map((each) => ({ ...each, blocks: 0.5 })) }));
    expect(refusalOf(all).issues).toHaveLength(5);
  });

  it('keep what a scheme threw as the cause', () => {
    const cause = new TypeError('no idea');
    const error = refusalOf(
      decides(() => {
        throw cause;
      }),
    );
    expect(error.cause).toBe(cause);
  });

  it('in order are run as they are, and as often as the package’s own', () => {
    const own = run(mine({}));
    expect(own.map(({ outcome }) => outcome)).not.toContain('no-plan');
    const joint = builtInScheme('joint');
    const wrapped = run({ ...joint, name: 'mine' });
    const plain = run(joint);
    expect(wrapped.map((record) => ({ ...record, scheme: 'joint' }))).toEqual(plain);
  });

  it('are read once: what is looked at is what is used', () => {
    let reads = 0;
    const shifty = decides((state) => ({
      devices: honest(state).devices.map((each) => ({
        ...each,
        get blocks() {
          return reads++ % 2 === 0 ? 2 : 99;
        },
      })),
    }));
    expect(() => run(shifty)).toThrow('blocks: found 99');
    let asked = 0;
    const once = decides((state) => ({
      devices: honest(state).devices.map((each) => ({
        ...each,
        get bandwidthHz() {
          asked++;
          return each.bandwidthHz;
        },
      })),
    }));
    const records = run(once);
    expect(asked).toBe(5 * records.filter(({ replanned }) => replanned !== null).length);
    expect(records.every(({ outcome }) => outcome === 'run')).toBe(run(mine({})).every((r) => r.outcome === 'run'));
    const falling = decides(() => ({
      get devices(): unknown {
        throw new Error('not now');
      },
    }));
    expect(() => run(falling)).toThrow('decide in round 0: throws: not now');
  });

  it('do not say how much effort they took', () => {
    const boasting = shares(({ plan }) => ({ plan, steps: -7, delaySeconds: 0, regret: 0, outcome: 'run' }));
    expect(run(boasting)).toEqual(run(mine({})));
    expect(run(boasting).map(({ steps }) => steps)).toEqual([null, null]);
  });

  it('cannot be changed after they were given', () => {
    const given: { bandwidthHz: number }[] = [];
    const late = mine({
      decide: (state) => {
        const plan = honest(state);
        given.push(...plan.devices);
        return plan;
      },
      share: ({ plan }) => {
        for (const each of given) each.bandwidthHz = 1;
        return { plan };
      },
    });
    expect(run(late)).toEqual(run(mine({})));
  });

  it.each(['equal', 'batched'])('say nothing of the server where it is shared by the rule %s', (sharing) => {
    const ruled = scenario('simulation.rounds=2', 'simulation.boundEvery=0', `server.sharing=${sharing}`);
    const greedy = mine({
      decide: (state) => ({ devices: honest(state).devices.map((each) => ({ ...each, serverShare: 1e9 })) }),
    });
    expect(run(greedy, ruled)).toEqual(run(mine({}), ruled));
    const [first] = run(greedy, ruled);
    const share = sharing === 'equal' ? 1 / 5 : 1;
    expect(first!.perDevice!.map(({ serverShare }) => serverShare)).toEqual(Array(5).fill(share));
  });
});
