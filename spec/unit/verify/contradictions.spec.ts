/* A forger respects no types. */
/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return */
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256, verifyCertificate } from '../../../lib/verify/index.js';
import { claimPlan } from '../../../lib/verify/plan.js';
import { CertificateError } from '../../../lib/verify/reader.js';
import { quickRandom } from '../../support/quick-random.js';
import { samples } from '../../support/samples.js';

const law = { usedHertz: 1, efficiencyLimit: 1, snr: [] as number[] };

function problemOf(count: number, own: object = {}, ofDevice: object = {}, deviceCount = 1): any {
  const zeros = () => new Array<number>(count).fill(0);
  const choices = {
    ...{
      blocks: zeros(),
      upPoint: zeros(),
      downPoint: zeros(),
      serverSeconds: zeros(),
      sharedUse: [zeros()],
      ownUse: [],
    },
    ...{ seconds: [zeros()], uplinkBits: [zeros()], downlinkBits: [zeros()] },
    uplinkEfficiencyLimit: new Array<null>(count).fill(null),
  };
  const device = { name: 'a', optional: false, leastShare: 0, uplink: law, downlink: law };
  return {
    kind: 'split-fine-tuning',
    isBatched: false,
    stages: [1],
    aggregationSeconds: 0,
    shares: 1,
    hasWholeShares: false,
    limitTolerance: 1e-9,
    limits: [{ name: 'memory', most: 1, size: 1 }],
    devices: Array.from({ length: deviceCount }, () => ({
      ...device,
      leftOutUse: [0],
      limits: [],
      choices,
      ...ofDevice,
    })),
    ...own,
  };
}

async function verdictOf(problem: object, claims: object, version = 5) {
  const problemSha256 = await sha256(canonicalJson(problem));
  return verifyCertificate(JSON.stringify({ format: 'sft-opt certificate', version, problemSha256, problem, claims }));
}

const noPlan = {
  bound: { roundSeconds: 1, byStages: false, nodes: [{ prices: [0, 0, 0, 0], without: [[]] }] },
};

describe('what is proven of one problem', () => {
  // Each: a plan of nothing to send, and the claim that there is none of a second or less.
  it.each([
    ['a device that may have no bandwidth', problemOf(1, {}, { mostShare: 0 }), 0],
    ['no resource block', problemOf(1, { shares: 0, hasWholeShares: true }), 0],
  ])('is no plan together with the proof that there is none: %s', async (_name, problem, share) => {
    const plan = { roundSeconds: 0, slack: 0, devices: [{ choice: 0, share, serverShare: 0 }] };
    const [found, none] = [await verdictOf(problem, { plan }), await verdictOf(problem, noPlan)];
    expect(found.verified && none.verified).toBe(false);
  });

  it('is nothing beyond 2^52 whole shares, whose sums doubles do not hold', async () => {
    const blocks = 2 ** 53;
    const cell = (shares: number, leastShare: number) => {
      const problem = problemOf(1, { shares, hasWholeShares: true, limitTolerance: 0 }, {}, 4);
      problem.devices = problem.devices.map((device: any, n: number) => ({
        ...device,
        leastShare: n === 0 ? leastShare : 1,
      }));
      return problem;
    };
    const planOf = (first: number) => ({
      plan: {
        ...{ roundSeconds: 0, slack: 0 },
        devices: [first, 1, 1, 1].map((share) => ({ choice: 0, share, serverShare: 0 })),
      },
    });
    // One after another, 2^53 + 1 + 1 + 1 is 2^53 in doubles.
    const refused = await verdictOf(cell(blocks, blocks), planOf(blocks));
    expect(refused).toMatchObject({ verified: false, reason: expect.stringContaining('problem.shares') as string });
    const most = 2 ** 52;
    expect(await verdictOf(cell(most, most - 3), planOf(most - 3))).toMatchObject({ verified: true });
    expect(await verdictOf(cell(most, most - 3), planOf(most - 2))).toMatchObject({ verified: false });
  });

  it('never contradicts itself, whatever the problem and the evidence', async () => {
    const random = { uniform: quickRandom(20) };
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random.uniform() * list.length)]!;
    const counts = { plans: 0, bounds: 0, pairs: 0 };
    for (let k = 0; k < samples(250, 600); k++) {
      const hasBlocks = random.uniform() < 0.4;
      const isBatched = random.uniform() < 0.4;
      const problem = problemOf(
        pick([1, 2]),
        {
          isBatched,
          stages: isBatched ? pick([[1], [1, 2, 1], [1, 1e40], [0.5]]) : [1],
          shares: hasBlocks ? pick([0, 1, 3]) : pick([0.5, 1, 3, 1e50, 1e-50]),
          hasWholeShares: hasBlocks,
          aggregationSeconds: pick([0, -0, 1]),
          limits: [{ name: 'memory', most: pick([0, -1, 1, 1e50]), size: pick([0, 1]) }],
          limitTolerance: pick([0, 1e-6]),
        },
        { leastShare: pick([0, 0, 1]), mostShare: pick([null, 0, 1, 1e-50]) },
        pick([1, 1, 2]),
      );
      problem.devices = problem.devices.map((device: any) => {
        const count = device.choices.blocks.length;
        const row = (most = 1) => Array.from({ length: count }, () => most * pick([0, 0, 1, 0.5, 1e-50, 1e50]));
        const table = (rows: number) => Array.from({ length: rows }, () => row());
        const stages = problem.stages.length;
        return {
          ...device,
          optional: random.uniform() < 0.3,
          uplink: { ...law, snr: pick([[], [1], [1e50, 1]]), usedHertz: pick([1, 0.5, 1e-50]) },
          leftOutUse: [pick([0, 0, -1, 1])],
          limits: [{ name: 'own', most: pick([0, 1]), size: 0 }],
          choices: {
            ...device.choices,
            ...{ seconds: table(stages), uplinkBits: table(stages), downlinkBits: table(stages), serverSeconds: row() },
            ...{ sharedUse: [row(pick([1, -1]))], ownUse: [row()] },
          },
        };
      });
      let best = Infinity;
      for (let draw = 0; draw < 25; draw++) {
        const decisions = problem.devices.map((device: any) => {
          const choice = Math.floor(random.uniform() * device.choices.blocks.length);
          if (device.optional && random.uniform() < 0.3) return null;
          return { choice, share: pick([0, 0.5, 1, 3, problem.shares]), serverShare: pick([0, 0.5, 1]) };
        });
        try {
          const slack = pick([0, problem.limitTolerance as number]);
          best = Math.min(best, claimPlan(problem, { devices: decisions, slack })?.roundSeconds ?? Infinity);
        } catch (error) {
          if (!(error instanceof CertificateError)) throw error;
        }
      }
      counts.plans += Number(best < Infinity);
      for (let draw = 0; draw < 24; draw++) {
        const prices = Array.from({ length: 4 }, () => pick([0, 0, 0, 1, 1e-3, 1e50]));
        const table = (entries: readonly unknown[]) =>
          problem.devices.map(({ choices, optional }: any) =>
            Array.from({ length: (choices.blocks.length as number) + Number(optional) }, () => pick(entries)),
          );
        const at = table([null, 0, 1, 0.5]);
        // All of one device, or of all that takes part.
        const emptied = pick([...problem.devices.keys(), NaN]);
        const without = problem.devices.map((_: unknown, n: number) =>
          Number.isNaN(emptied) ? [0, 1] : n === emptied ? [-1, 0, 1] : pick([[], [], [0]]),
        );
        const roundSeconds = pick([null, 0, 1, best < Infinity ? best : 3]);
        const nodes = [{ prices, at, stage: table([null, 1, 2]), without }];
        const claims = { bound: { roundSeconds, byStages: random.uniform() < 0.5, nodes } };
        const { verified, boundSeconds } = await verdictOf(problem, claims);
        if (!verified) continue;
        counts.bounds++;
        counts.pairs += Number(best < Infinity);
        if (best < Infinity) expect(boundSeconds, JSON.stringify({ problem, claims })).toBeLessThan(best);
      }
    }
    expect(counts.plans).toBeGreaterThan(samples(8, 25));
    expect(counts.bounds).toBeGreaterThan(samples(400, 1000));
    expect(counts.pairs).toBeGreaterThan(samples(6, 20));
  });
});

describe('texts that ask for much', () => {
  const zeros = (length: number, value = 0): number[] => new Array<number>(length).fill(value);
  const none = { columns: [], values: [] };
  const empty = (n: number): object[] => new Array<object>(n).fill(none);
  const program = (n: number, own: object = {}) => ({
    ...{ kind: 'quadratic-program', constant: 0, linear: zeros(n, 1), hessian: empty(n), matrix: [], integers: [] },
    ...{ constraintLower: [], constraintUpper: [], lower: zeros(n), upper: zeros(n, 1) },
    ...own,
  });

  it('a denominator of many digits below many entries is refused before it is spread', async () => {
    const leaf = { over: '1'.repeat(100_000), rows: [] };
    const claims = { bound: { value: 0, nodes: [leaf] } };
    expect((await verdictOf(program(20_000), claims)).reason).toContain('words');
  });

  it('a Hessian takes room for the variables that it has entries of', async () => {
    const n = 100_000;
    const claims = { bound: { value: 0, nodes: [{ rows: [] }] } };
    const diagonal = { columns: [n - 1], values: [1] };
    expect(await verdictOf(program(n, { hessian: [...empty(n - 1), diagonal] }), claims)).toMatchObject({
      verified: true,
    });
    // Neither of two is dominant: what has entries has to be eliminated.
    const pairs = zeros(2000).map((_, k) => ({ columns: [k - (k % 2), k - (k % 2) + 1], values: [1, 1] }));
    pairs.forEach((row, k) => (row.values[k % 2] = 0.99));
    const hessian = [...pairs, ...empty(n - 2000)];
    expect((await verdictOf(program(n, { hessian }), claims)).reason).toContain('work');
  });

  it('more values than are read are counted first', async () => {
    expect((await verifyCertificate(','.repeat(16_000_001))).reason).toContain('values');
  });

  it('parts of a tree that wait take bounded room', async () => {
    const problem = problemOf(1, {}, {}, 5000);
    const nodes = zeros(10_000).map(() => ({ device: 0, choices: [] }));
    const claims = { bound: { roundSeconds: 0, byStages: false, nodes } };
    expect((await verdictOf(problem, claims)).reason).toContain('memory');
  });
});
