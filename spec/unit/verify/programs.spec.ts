import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certifyProgram } from '../../../lib/certify/index.js';
import { verifyCertificate, verifyProgram } from '../../../lib/verify/index.js';
import { Reader } from '../../../lib/verify/reader.js';
import { randomStream } from '../../../lib/random/index.js';
import { forgeProgram, programForgeries } from '../../support/forged-programs.js';
import { obligationsOf } from '../../support/obligations.js';
import { programKinds, sampleProgram } from '../../support/programs.js';

const programObligations = [...obligationsOf('lib/verify/programs'), 'every part refuted'];
const python = spawnSync('python3', ['--version']).status === 0;
const checker = 'docs/certificate/check_certificate.py';

const samples = programKinds.flatMap((kind) =>
  [1, 2, 3, 4].map((seed) => {
    const { program, integers } = sampleProgram(seed, kind);
    const made = certifyProgram(program, { integers, maxNodes: 2000 });
    return { kind, seed, made, text: JSON.stringify(made.certificate) };
  }),
);

/** What the second checker says of each text: proven or refused. */
function judged(texts: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'programs-'));
  try {
    const paths = texts.map((text, k) => {
      const path = join(folder, `${k}.json`);
      writeFileSync(path, text);
      return path;
    });
    const script = `
import sys; sys.path.insert(0, ${JSON.stringify(join(process.cwd(), 'docs/certificate'))})
import check_certificate
for path in sys.stdin.read().split():
    print({0: 'proven', 3: 'refused', 2: 'unreadable'}[check_certificate.main(path)], file=sys.stderr)
`;
    const run = spawnSync('python3', ['-c', script], { input: paths.join('\n'), encoding: 'utf8' });
    return run.stderr.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('certificates of programs', () => {
  it('are verified for every kind', async () => {
    for (const { kind, seed, made, text } of samples) {
      expect(made.reason, `${kind} ${seed}`).toBeUndefined();
      expect((await verifyCertificate(text)).reason, `${kind} ${seed}`).toBeUndefined();
    }
  });

  it.skipIf(!python)(`are proven by ${checker}, too`, () => {
    expect(judged(samples.map(({ text }) => text))).toEqual(samples.map(() => 'proven'));
  });

  it.skipIf(!python)('are refused when forged, or prove what is forged, for both checkers alike', async () => {
    const random = randomStream(3, 'forged programs');
    const texts: string[] = [];
    const verdicts: boolean[] = [];
    const made = new Map<string, number>();
    for (let k = 0; k < 600; k++) {
      const kind = programForgeries[k % programForgeries.length]!;
      const other = samples[Math.floor(random.uniform() * samples.length)]!;
      let text: string | undefined;
      // Few certificates have what some ways forge.
      for (let tries = 0; text === undefined && tries < 20; tries++) {
        const sample = samples[Math.floor(random.uniform() * samples.length)]!;
        const forged = forgeProgram(sample.text, other.text, kind, random);
        if (forged !== sample.text) text = forged;
      }
      if (text === undefined) continue;
      made.set(kind, (made.get(kind) ?? 0) + 1);
      texts.push(text);
      verdicts.push((await verifyCertificate(text)).verified);
    }
    for (const kind of programForgeries) expect(made.get(kind) ?? 0, kind).toBeGreaterThan(0);
    expect(judged(texts).map((answer) => answer === 'proven')).toEqual(verdicts);
    expect(verdicts.filter((isAccepted) => isAccepted).length).toBeLessThan(verdicts.length / 4);
  });
});

const none = { columns: [], values: [] };
/** min x₀ over 0 ≤ x₀ ≤ 1, and what a case changes. */
const base = {
  kind: 'quadratic-program',
  constant: 0,
  linear: [1],
  hessian: [none],
  matrix: [],
  constraintLower: [],
  constraintUpper: [],
  lower: [0],
  upper: [1],
  integers: [],
};
/** x₀ ≤ 1 by a row. */
const row = { matrix: [{ columns: [0], values: [1] }], constraintLower: [null], constraintUpper: [1] };
const curved = { hessian: [{ columns: [0], values: [1] }] };
const bound = (value: number | null, ...nodes: object[]): object => ({ bound: { value, nodes } });
const point = (value: number, x: number): object => ({ point: { value, tolerance: 0, x: [x] } });
const ray = (...d: number[]): object => ({ point: { value: 0, tolerance: 0, x: d.map(() => 0) }, ray: d });
const open = { lower: [null], upper: [null] };

/** For each obligation a false claim that only it stops. */
const falsehoods: Record<string, { problem: object; claims: object }> = {
  'bounds kept': { problem: base, claims: point(-1, -1) },
  'rows kept': { problem: { ...base, ...row, upper: [null] }, claims: point(2, 2) },
  'integers whole': { problem: { ...base, integers: [0] }, claims: point(0.5, 0.5) },
  'value reached': { problem: base, claims: point(0.5, 1) },
  'ray within bounds': { problem: base, claims: ray(-1) },
  'ray within rows': { problem: { ...base, ...open, ...row, linear: [-1] }, claims: ray(1) },
  'ray flat': { problem: { ...base, ...open, ...curved, linear: [-1] }, claims: ray(1) },
  'ray descends': { problem: { ...base, ...open, linear: [0] }, claims: ray(1) },
  'hessian convex': {
    problem: { ...base, linear: [0], hessian: [{ columns: [0], values: [-1] }] },
    claims: bound(0, { rows: [] }),
  },
  'objective in steps': {
    problem: { ...base, linear: [0.5], lower: [1], upper: [3], integers: [0] },
    claims: { bound: { value: 1, step: 1, nodes: [{ rows: [] }] } },
  },
  'leaf proven': { problem: { ...base, ...row }, claims: bound(null, { over: '0', rows: [0] }) },
  'every part refuted': { problem: base, claims: bound(null) },
  // min t with t ≥ |x − ½|: with x whole it would be ½.
  'branching on integers': {
    problem: {
      ...base,
      linear: [0, 1],
      lower: [0, 0],
      upper: [1, 1],
      hessian: [none, none],
      matrix: [
        { columns: [0, 1], values: [1, 1] },
        { columns: [0, 1], values: [-1, 1] },
      ],
      constraintLower: [0.5, -0.5],
      constraintUpper: [null, null],
    },
    claims: bound(0.5, { variable: 0, at: 0 }, { rows: [-1, 0] }, { rows: [0, -1] }),
  },
};

describe('obligations of the checker of programs', () => {
  const verify = (problem: object, claims: object, excluded: string[] = []) =>
    verifyProgram(new Reader(problem, 'problem'), new Reader(claims, 'claims', { excluded: new Set(excluded) }));

  it('are those of the source', () => {
    expect(Object.keys(falsehoods).sort()).toEqual([...programObligations].sort());
  });

  it.each(programObligations)('%s: a falsehood passes without it and no other', (obligation) => {
    const { problem, claims } = falsehoods[obligation]!;
    expect(() => verify(problem, claims)).toThrow();
    const others = programObligations.filter((other) => other !== obligation);
    expect(() => verify(problem, claims, others)).toThrow();
    expect(() => verify(problem, claims, [obligation])).not.toThrow();
  });

  it('accepts the truth beside each falsehood', () => {
    expect(verify(base, point(1, 1)).value).toBe(1);
    expect(verify(base, bound(0, { rows: [] })).bound).toBe(0);
    expect(verify({ ...base, ...open }, ray(-1)).isUnbounded).toBe(true);
    expect(verify({ ...base, lower: [2] }, bound(null, {})).bound).toBe(Infinity);
    expect(verify({ ...base, ...row, lower: [2], upper: [null] }, bound(null, { over: '0', rows: [1] })).bound).toBe(
      Infinity,
    );
  });
});

describe('hostile certificates of programs', () => {
  const around = (problem: object, claims: object): string =>
    JSON.stringify(certified({ ...base, ...problem }, claims));
  const certified = (problem: object, claims: object) => ({
    format: 'sft-opt certificate',
    version: 5,
    problemSha256: 'x',
    problem,
    claims,
  });
  const reasonOf = (problem: object, claims: object): string => {
    try {
      verifyProgram(new Reader({ ...base, ...problem }, 'problem'), new Reader(claims, 'claims', { work: 1e6 }));
      return 'accepted';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('are refused by name', async () => {
    expect((await verifyCertificate(around({}, point(1, 1)))).reason).toContain('not the hash');
    expect(reasonOf({ linear: [NaN] }, point(1, 1))).toContain('problem.linear.0');
    expect(reasonOf({}, { point: { value: 1, tolerance: 0, over: '0', x: ['1'] } })).toContain('positive');
    expect(reasonOf({}, { point: { value: 1, tolerance: 0, x: ['9'.repeat(200_000)] } })).toContain('digits');
    expect(reasonOf({}, { point: { value: 1, tolerance: 0.5, x: [1] } })).toContain('tolerance');
    expect(reasonOf({}, bound(0, { variable: 0, at: 0.5 }))).toContain('claims.bound.nodes.0');
    expect(reasonOf({ hessian: [{ columns: [1], values: [1] }] }, point(1, 1))).toContain('columns');
    const lopsided = [
      { columns: [0, 1], values: [1, 1] },
      { columns: [1], values: [1] },
    ];
    const two = { linear: [1, 1], lower: [0, 0], upper: [1, 1] };
    expect(reasonOf({ ...two, hessian: lopsided }, bound(0, { rows: [] }))).toContain('symmetric');
  });

  it('cost no more work than they may', () => {
    // A node for every cut and a leaf for each: work grows with the text, not faster.
    const n = 2000;
    const problem = {
      linear: new Array<number>(n).fill(1),
      lower: new Array<number>(n).fill(0),
      upper: new Array<number>(n).fill(1),
      hessian: new Array<object>(n).fill(none),
      integers: [0],
    };
    const leaf = { rows: [] };
    const nodes: object[] = [];
    for (let k = 0; k < 600; k++) nodes.push({ variable: 0, at: k }, leaf);
    expect(reasonOf(problem, bound(0, ...nodes, leaf))).toContain('work');
    // No diagonal is dominant, and no factor is given: it has to be eliminated.
    const places = Array.from({ length: 300 }, (_, k) => k);
    const hessian = places.map((i) => ({ columns: places, values: places.map((j) => 1 / (1 + i + j)) }));
    const large = {
      ...problem,
      linear: new Array<number>(300).fill(1),
      lower: new Array<number>(300).fill(0),
      upper: new Array<number>(300).fill(1),
    };
    expect(reasonOf({ ...large, hessian }, bound(0, leaf))).toMatch(/work|semidefinite/u);
  });
});
