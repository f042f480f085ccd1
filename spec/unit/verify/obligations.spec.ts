/* A forger respects no types. */
/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment */
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256 } from '../../../lib/verify/index.js';
import { verifyWithout } from '../../../lib/verify/verify.js';
import type { Forged } from '../../support/certificates.js';
import { obligationsOf } from '../../support/obligations.js';

const obligations = obligationsOf('lib/verify');

const law = { usedHertz: 1, efficiencyLimit: 1, snr: [] };

/** One choice a device, 10 bits up at 1 bit/s/Hz: a share of b Hz takes 10/b + 1 s; two devices share 20 Hz. */
function device(name: string) {
  const choice = (value: number) => [value, value];
  return {
    name,
    optional: false,
    leastShare: 0,
    mostShare: null,
    uplink: law,
    downlink: law,
    leftOutUse: [0],
    limits: [{ name: 'memory', most: 5, size: 5 }],
    choices: {
      blocks: [1, 2],
      upPoint: [0, 0],
      downPoint: [0, 0],
      seconds: [choice(1)],
      uplinkBits: [choice(10)],
      downlinkBits: [choice(0)],
      serverSeconds: choice(0),
      sharedUse: [choice(5)],
      ownUse: [choice(5)],
      uplinkEfficiencyLimit: [null, null],
    },
  };
}

function witnesses(...shares: readonly number[]) {
  return [shares, shares];
}

function honest(): Forged {
  const decision = () => ({ choice: 0, share: 10, serverShare: 0.5 });
  return {
    format: 'sft-opt certificate',
    version: 5,
    problemSha256: '',
    problem: {
      kind: 'split-fine-tuning',
      isBatched: false,
      stages: [1],
      aggregationSeconds: 0,
      shares: 20,
      hasWholeShares: false,
      limitTolerance: 1e-9,
      limits: [{ name: 'memory of the server', most: 10, size: 10 }],
      devices: [device('a'), device('b')],
    },
    claims: {
      plan: { roundSeconds: 2.000001, slack: 1e-9, devices: [decision(), decision()] },
      bound: {
        roundSeconds: 1.9,
        byStages: false,
        nodes: [{ prices: [1, 0, 0, 0], at: witnesses(11, 11), without: [[0, 1], []] }],
      },
    },
  };
}

/** For each obligation what breaks just it; `true` keeps the hash of the honest problem. */
const forgeries: Record<string, (forged: Forged) => unknown> = {
  'problem hash': (forged) => {
    forged.problem.devices[0].name = 'another';
    return true;
  },
  participation: ({ claims }) => void (claims.plan.devices[0] = null),
  'shares not negative': ({ problem, claims }) => {
    for (const { choices } of problem.devices) choices.serverSeconds = [1, 1];
    claims.plan.devices[0].serverShare = -1;
    claims.plan.devices[1].serverShare = 2;
    claims.plan.roundSeconds = 2.6;
    claims.bound = null;
  },
  'whole shares': ({ problem, claims }) => {
    problem.shares = 2;
    problem.hasWholeShares = true;
    for (const each of problem.devices) each.uplink = { ...law, usedHertz: 10 };
    for (const entry of claims.plan.devices) entry.share = 0.9;
    claims.plan.roundSeconds = 2.2;
    claims.bound = null;
  },
  'least share': ({ problem }) => void (problem.devices[0].leastShare = 11),
  'largest share': ({ problem }) => void (problem.devices[0].mostShare = 9),
  tolerance: ({ claims }) => {
    claims.plan.slack = 1e-6;
    for (const entry of claims.plan.devices) entry.share = 10.000005;
  },
  'all shares': ({ claims }) => {
    for (const entry of claims.plan.devices) entry.share = 11.2;
    claims.plan.roundSeconds = 1.9;
  },
  'server share': ({ problem, claims }) => {
    for (const { choices } of problem.devices) choices.serverSeconds = [1, 1];
    for (const entry of claims.plan.devices) entry.serverShare = 1;
    claims.plan.roundSeconds = 3.1;
    claims.bound = null;
  },
  'shared limit': ({ problem }) => void (problem.limits[0].most = 9),
  'own limit': ({ problem, claims }) => {
    problem.devices[0].limits[0].most = 4;
    claims.bound = null;
  },
  'round delay': ({ claims }) => void (claims.plan.roundSeconds = 1.95),
  deadline: ({ problem }) => void (problem.deadlineSeconds = 1.95),
  'prices not negative': ({ claims }) => {
    const node = { prices: [-1, 0, 0, 0], without: [[0, 1], []] };
    claims.bound = { roundSeconds: 3, byStages: false, nodes: [node] };
  },
  'choices dropped': ({ claims }) => {
    const node = { prices: [0, 0, 0, 0], without: [[0, 1], []] };
    claims.bound = { roundSeconds: 3, byStages: false, nodes: [node] };
  },
  'every part refuted': ({ claims }) => void (claims.bound = { roundSeconds: 3, byStages: false, nodes: [] }),
};

async function written(forged: Forged): Promise<Forged> {
  forged.problemSha256 = await sha256(canonicalJson(forged.problem));
  return forged;
}

async function forgery(obligation: string): Promise<string> {
  const forged = await written(honest());
  const keepsHash = forgeries[obligation]!(forged) === true;
  return JSON.stringify(keepsHash ? forged : await written(forged));
}

describe('obligations', () => {
  it('are those of the source', () => {
    expect(Object.keys(forgeries).sort()).toEqual([...obligations].sort());
  });

  it('are met by the honest certificate', async () => {
    expect((await verifyWithout(new Set(), JSON.stringify(await written(honest())))).reason).toBeUndefined();
  });

  it.each(obligations)('%s: its forgery is refused, and passes where it is not checked', async (obligation) => {
    const text = await forgery(obligation);
    expect((await verifyWithout(new Set(), text)).verified).toBe(false);
    expect((await verifyWithout(new Set([obligation]), text)).reason).toBeUndefined();
  });

  it.each(obligations)('%s: nothing else stands for it', async (obligation) => {
    const others = new Set(obligations.filter((name) => name !== obligation));
    expect((await verifyWithout(others, await forgery(obligation))).verified).toBe(false);
  });

  /** All may be left out. With X = 1.9 every device alone, with all of the band, is late or in time by what it computes. */
  async function optional(seconds: number, edit: (forged: Forged) => void): Promise<string> {
    const forged = honest();
    for (const each of forged.problem.devices) {
      each.optional = true;
      each.choices.seconds = [[seconds, seconds]];
    }
    const node = {
      prices: [0, 0, 0, 0],
      without: [
        [0, 1],
        [0, 1],
      ],
    };
    forged.claims = { bound: { roundSeconds: 1.9, byStages: false, nodes: [node] } };
    edit(forged);
    return JSON.stringify(await written(forged));
  }

  it('participation: a plan of nobody is none', async () => {
    const nobody = await optional(1, ({ claims }) => {
      claims.plan = { roundSeconds: 0, slack: 0, devices: [null, null] };
      claims.bound = null;
    });
    expect((await verifyWithout(new Set(), nobody)).reason).toContain('participation');
    expect((await verifyWithout(new Set(['participation']), nobody)).reason).toBeUndefined();
    const one = await optional(1, ({ claims }) => {
      const alone = { choice: 0, share: 19, serverShare: 0 };
      claims.plan = { roundSeconds: 1.6, slack: 0, devices: [null, alone] };
      claims.bound = null;
    });
    expect((await verifyWithout(new Set(), one)).reason).toBeUndefined();
  });

  it('participation: where all may be left out a bound has to hold for whoever takes part', async () => {
    const reasonOf = async (text: string) => (await verifyWithout(new Set(), text)).reason;
    expect(await reasonOf(await optional(1.5, () => undefined))).toBeUndefined();
    expect(await reasonOf(await optional(1, () => undefined))).toContain('does not prove');
    const oneInTime = await optional(1.5, ({ problem }) => (problem.devices[1].choices.seconds = [[2, 1]]));
    expect(await reasonOf(oneInTime)).toContain('does not prove');
    const nobodyOpen = await optional(1, ({ problem, claims }) => {
      for (const each of problem.devices) each.limits[0].most = 1;
      claims.bound.roundSeconds = null;
    });
    expect(await reasonOf(nobodyOpen)).toBeUndefined();
  });

  /** Choice 0 of a device is dropped for the other one, which takes 20 s: nothing is in time then. */
  async function dropped(seconds: number, edit: (choices: Forged) => void): Promise<string | undefined> {
    const forged = honest();
    for (const each of forged.problem.devices) {
      each.choices.seconds = [[20, 20]];
      each.choices.serverSeconds = [1, 1];
      each.choices.uplinkEfficiencyLimit = [1, 1];
      edit(each.choices);
    }
    const nodes = [
      { prices: [0, 0, 0, 0], without: [[0], [0]] },
      { prices: [0, 0, 0, 0], without: [[1], []] },
    ];
    forged.claims = { bound: { roundSeconds: seconds, byStages: false, nodes } };
    return (await verifyWithout(new Set(), JSON.stringify(await written(forged)))).reason;
  }

  it('choices dropped: another one that is as good in everything may stand for a choice', async () => {
    expect(await dropped(19, () => undefined)).toBeUndefined();
  });

  // Without the first the claim is true; in the first respect where the other is worse it must not be believed.
  it.each<[string, (choices: Forged) => void]>([
    ['seconds', (choices) => (choices.seconds[0][0] = 1)],
    ['uplinkBits', (choices) => (choices.uplinkBits[0][1] = 11)],
    ['downlinkBits', (choices) => (choices.downlinkBits[0][1] = 1)],
    ['serverSeconds', (choices) => (choices.serverSeconds[1] = 2)],
    ['sharedUse', (choices) => (choices.sharedUse[0][0] = 4)],
    ['ownUse', (choices) => (choices.ownUse[0][0] = 4)],
    ['uplinkEfficiencyLimit', (choices) => (choices.uplinkEfficiencyLimit[1] = 0.5)],
  ])('choices dropped: a choice is not as good if it is worse in %s', async (_name, edit) => {
    // Within 100 s a choice is in time: nothing but the other choice can stand for it.
    expect(await dropped(100, edit)).toContain('does not prove');
  });

  it('choices dropped: a share at which no time is left proves nothing', async () => {
    const forged = honest();
    for (const each of forged.problem.devices) each.choices.serverSeconds = [0.1, 0.1];
    const node = { prices: [1, 1, 0, 0], at: witnesses(1, 1), without: [[0, 1], []] };
    forged.claims = { bound: { roundSeconds: 3, byStages: false, nodes: [node] } };
    const text = JSON.stringify(await written(forged));
    expect((await verifyWithout(new Set(), text)).reason).toContain('does not prove');
  });
});
