/* A forger respects no types. */
/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/restrict-plus-operands */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256, verifyCertificate } from '../../../lib/verify/index.js';
import { verifyPlan } from '../../../lib/plan/certify/index.js';
import { copyOf, sampleCertificate, type Forged } from '../../support/certificates.js';

const seeds = Array.from({ length: 32 }, (_, k) => k + 1);
const samples = await Promise.all(seeds.map((seed) => sampleCertificate(seed, { tree: seed % 2 === 0 })));
const bounded = samples.filter(({ certificate }) => certificate.claims.bound);
const finite = bounded.filter(
  ({ certificate }) => certificate.claims.plan && certificate.claims.bound!.roundSeconds !== null,
);

/** The hash of a changed problem made right again, so that another obligation has to notice. */
async function rehashed(forged: Forged): Promise<string> {
  forged.problemSha256 = await sha256(canonicalJson(forged.problem));
  return JSON.stringify(forged);
}

const reasonOf = async (text: string) => (await verifyCertificate(text)).reason;

describe('certificates', () => {
  it('are verified, for every way of sharing, with blocks and without, feasible or not, by one dual or a tree', async () => {
    for (const { certificate, problem, kind } of samples) {
      const verdict = await verifyPlan(problem, certificate);
      expect(verdict.reason, kind).toBeUndefined();
      if (verdict.planSeconds !== undefined) expect(verdict.boundSeconds!).toBeLessThan(verdict.planSeconds);
    }
    const kinds = samples.map(({ kind }) => kind);
    for (const part of ['allocated', 'equal', 'batched', 'blocks', 'infeasible', 'tree', 'dual']) {
      expect(kinds.filter((kind) => kind.includes(part)).length, part).toBeGreaterThan(1);
    }
  });

  it('lose no more than 1e-9 of the bound that the planner claims', () => {
    for (const { certificate, plannedBound, kind } of finite) {
      if (kind.endsWith('tree')) continue;
      expect(certificate.claims.bound!.roundSeconds, kind).toBeGreaterThanOrEqual(plannedBound * (1 - 1e-9));
    }
    expect(finite.length).toBeGreaterThan(12);
  });

  it('prove no more than they should: a bound at or above the plan is refused', async () => {
    for (const { certificate, kind } of finite) {
      const forged = copyOf(certificate);
      forged.claims.bound.roundSeconds = certificate.claims.plan!.roundSeconds * (1 + 1e-12);
      forged.claims.plan = null;
      expect(await reasonOf(JSON.stringify(forged)), kind).toMatch(/does not prove|is outside/u);
    }
  });

  it('prove what is so where every device may be left out', async () => {
    // Infeasible whatever is left out, and one that can be solved.
    for (const seed of [136, 516, 780, 60]) {
      const { certificate, problem, kind } = await sampleCertificate(seed, { tree: true });
      expect(problem.devices.every(({ optional }) => optional)).toBe(true);
      const verdict = await verifyPlan(problem, certificate);
      expect(verdict.reason, kind).toBeUndefined();
      expect(verdict.boundSeconds, kind).toBeGreaterThanOrEqual((verdict.planSeconds ?? Infinity) * (1 - 2e-6));
    }
  });

  it("take the planner's division of thresholds over where it goes beyond the claim", async () => {
    const { certificate } = await sampleCertificate(35, { tree: false });
    const { bound, plan } = certificate.claims;
    expect(bound?.roundSeconds).toBeGreaterThan(plan!.roundSeconds * (1 - 3e-5));
  });

  it('are about one problem only', async () => {
    const [first, second] = finite;
    const forged = copyOf(first!.certificate);
    forged.problemSha256 = second!.certificate.problemSha256;
    expect(await reasonOf(JSON.stringify(forged))).toContain('not the hash of the problem');
    expect((await verifyPlan(second!.problem, first!.certificate)).reason).toContain('another problem');
  });
});

describe('forged plans', () => {
  const change = (edit: (plan: Forged, problem: Forged) => void) => async () => {
    let tried = 0;
    for (const { certificate } of finite) {
      const forged = copyOf(certificate);
      const before = JSON.stringify(forged);
      edit(forged.claims.plan, forged.problem);
      if (JSON.stringify(forged) === before) continue;
      tried++;
      expect(await reasonOf(await rehashed(forged))).toMatch(/not shown to keep|expected|is outside/u);
    }
    expect(tried).toBeGreaterThan(3);
  };
  const taking = (plan: Forged) => plan.devices.filter((device: Forged) => device !== null);

  it(
    'claim a shorter round',
    change((plan) => (plan.roundSeconds *= 1 - 1e-9)),
  );
  it(
    'use more than the band',
    change((plan, problem) => {
      const used = taking(plan).reduce((sum: number, device: Forged) => sum + device.share, 0);
      if (used > 0) problem.shares = problem.hasWholeShares ? used - 1 : used * (1 - 1e-6);
    }),
  );
  it(
    'leave out a device that must take part',
    change((plan, problem) => {
      const n = problem.devices.findIndex((device: Forged) => !device.optional);
      if (n >= 0) plan.devices[n] = null;
    }),
  );
  it(
    'exceed a limit of a device',
    change((plan, problem) => {
      const n = plan.devices.findIndex((device: Forged) => device !== null);
      const { limits, choices } = problem.devices[n];
      if (limits.length > 0) limits[0].most = choices.ownUse[0][plan.devices[n].choice] - 1e-3;
    }),
  );
  it(
    'exceed what all may take together',
    change((plan, problem) => {
      problem.limits.forEach((limit: Forged, k: number) => {
        const used = plan.devices.reduce((sum: number, device: Forged, n: number) => {
          const { choices, leftOutUse } = problem.devices[n];
          return sum + (device ? choices.sharedUse[k][device.choice] : leftOutUse[k]);
        }, 0);
        limit.most = used - 1e-6 * (limit.size + 1);
      });
    }),
  );
  it(
    'exceed the largest share of a device',
    change((plan, problem) => {
      const n = plan.devices.findIndex((device: Forged) => device !== null && device.share > 0);
      problem.devices[n].mostShare = plan.devices[n].share * (1 - 1e-6);
      problem.devices[n].leastShare = 0;
    }),
  );
  it(
    'miss the deadline',
    change((plan, problem) => (problem.deadlineSeconds = plan.roundSeconds * (1 - 1e-6))),
  );
  it(
    'name a choice that is not there',
    change((plan, problem) => {
      const n = plan.devices.findIndex((device: Forged) => device !== null);
      plan.devices[n].choice = problem.devices[n].choices.blocks.length;
    }),
  );
});

describe('damaged and hostile files', () => {
  const text = JSON.stringify(finite[0]!.certificate);

  it.each([
    ['nothing', ''],
    ['no JSON', text.slice(0, -20)],
    ['another format', text.replace('sft-opt certificate', 'sft-opt diploma')],
    ['another version', text.replace('"version":5', '"version":4')],
    ['an unknown member', text.replace('"version":5', '"version":5,"note":"trust me"')],
    ['NaN', text.replace(/"most":[\d.]+/u, '"most":NaN')],
    ['a huge exponent', text.replace(/"most":[\d.]+/u, '"most":1e999')],
    ['a number too large', text.replace(/"most":[\d.]+/u, '"most":1e51')],
    ['a number too small', text.replace(/"limitTolerance":[\d.e-]+/u, '"limitTolerance":1e-320')],
    ['deep nesting', `${'['.repeat(1e6)}${']'.repeat(1e6)}`],
    ['no claims', text.replace(/"claims":.*$/u, '"claims":{"plan":null,"bound":null}}')],
    ['a list for an object', text.replace(/"claims":.*$/u, '"claims":[]}')],
  ])('refuses %s and says why', async (_name, damaged) => {
    const verdict = await verifyCertificate(damaged);
    expect(verdict.verified).toBe(false);
    expect(verdict.reason).toBeTruthy();
    expect(verdict.proven).toEqual([]);
  });

  it('refuses what is too long before it reads it', async () => {
    expect(await verifyCertificate(text, { maximumLength: 100 })).toMatchObject({ verified: false });
  });

  it('never throws for a file with one byte changed, and never proves more than before', async () => {
    const whole = await verifyCertificate(text);
    let accepted = 0;
    for (let k = 0; k < 300; k++) {
      const at = (k * 7919) % text.length;
      const verdict = await verifyCertificate(
        `${text.slice(0, at)}${'0123456789-e.,"}{'[k % 17]}${text.slice(at + 1)}`,
      );
      if (!verdict.verified) continue;
      accepted++;
      expect(verdict.problemSha256).toBe(whole.problemSha256);
      expect(verdict.boundSeconds).toBeLessThan(whole.planSeconds!);
    }
    expect(accepted).toBeLessThan(200);
  });
});

describe('forged trees', () => {
  const trees = finite.filter(({ certificate }) => certificate.claims.bound!.nodes.length > 1);
  const edits: [string, (nodes: Forged) => boolean, RegExp][] = [
    [
      'a leaf that is missing',
      (nodes) => nodes.pop() !== undefined,
      /left without a node|does not prove|entries|expected/u,
    ],
    ['a leaf too many', (nodes) => nodes.push(nodes.at(-1)) > 0, /more nodes than parts/u],
    [
      'more dropped than is proven',
      (nodes) => {
        const node = nodes.find((entry: Forged) => entry.without);
        if (!node) return false;
        node.without = node.without.map(() => Array.from({ length: 60 }, (_, j) => j));
        return true;
      },
      /does not prove|harmless|more nodes/u,
    ],
    [
      'a negative price',
      (nodes) => {
        nodes.find((entry: Forged) => entry.prices).prices[0] = -1e-9;
        return true;
      },
      /negative/u,
    ],
    [
      'no prices at all',
      (nodes) => {
        const priced = nodes.filter((entry: Forged) => entry.prices?.[0] > 0);
        for (const node of priced) node.prices.fill(0);
        return priced.length > 0;
      },
      /does not prove|harmless/u,
    ],
  ];
  it.each(edits)('%s is refused', async (_name, edit, reason) => {
    let refused = 0;
    for (const { certificate } of trees) {
      const forged = copyOf(certificate);
      if (!edit(forged.claims.bound.nodes)) continue;
      // Evidence may show more than it was used for: the claim is still true then.
      const found = await reasonOf(JSON.stringify(forged));
      expect(found ?? 'harmless').toMatch(reason);
      refused += Number(found !== undefined);
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('harmless changes are accepted: children in another order, prices in another unit', async () => {
    let tried = 0;
    for (const { certificate } of trees) {
      const forged = copyOf(certificate);
      const { nodes } = forged.claims.bound;
      for (const { prices } of nodes) {
        prices?.forEach((price: number, i: number) => (prices[i] = 4 * price));
      }
      const k = nodes.length - 3;
      const isPair = nodes[k]?.device !== undefined && nodes[k + 1].prices && nodes[k + 2].prices;
      if (isPair) {
        nodes[k].choices = Array.from({ length: 61 }, (_, j) => j - 1).filter((j) => !nodes[k].choices.includes(j));
        [nodes[k + 1], nodes[k + 2]] = [nodes[k + 2], nodes[k + 1]];
        tried++;
      }
      expect(await reasonOf(JSON.stringify(forged))).toBeUndefined();
    }
    expect(tried).toBeGreaterThan(0);
  });
});

describe('the second checker', () => {
  const python = '.cache/peers/bin/python3';
  const usable = existsSync(python) && spawnSync(python, ['-c', 'import mpmath']).status === 0;
  if (!usable) console.warn('skipped: Python with mpmath is not here (scripts/setup-peers.sh)');

  it.skipIf(!usable)('agrees on whole and on forged certificates', { timeout: 240_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    try {
      for (const { certificate, kind } of samples.slice(0, 12)) {
        const path = join(folder, 'proof.json');
        writeFileSync(path, JSON.stringify(certificate));
        expect(
          spawnSync(python, ['docs/certificate/check_certificate.py', path], { encoding: 'utf8' }).stdout,
          kind,
        ).toMatch(/^proven/u);
        const forged = copyOf(certificate);
        if (!certificate.claims.plan) continue;
        forged.claims.plan.roundSeconds *= 1 - 1e-9;
        writeFileSync(path, JSON.stringify(forged));
        expect(spawnSync(python, ['docs/certificate/check_certificate.py', path]).status, kind).toBe(3);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
