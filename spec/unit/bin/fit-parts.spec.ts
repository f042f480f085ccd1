import { describe, expect, it } from 'vitest';
import { accuracyBlock, pairedBlock, pasteable } from '../../../bin/fit/block.js';
import { IntoError, withParts } from '../../../bin/fit/into.js';
import { CsvError, readCsv } from '../../../bin/fit/csv.js';
import { fitHtml, fitSvg } from '../../../bin/fit/figure.js';
import { operatingPoints } from '../../../bin/fit/points.js';
import { renderFit } from '../../../bin/fit/report.js';
import { readRuns, RunsError } from '../../../bin/fit/runs.js';
import { withEntries } from '../../../bin/fit/splice.js';
import { parseProblemFile } from '../../../lib/io/index.js';
import { accuracy, fitAccuracy, type AccuracyModel } from '../../../lib/models/index.js';
import { randomStream } from '../../../lib/random/index.js';

const noFile = () => '';

/** Runs as a study writes them: seven tied points at two cuts with three seeds. */
function studyCsv(): string {
  const random = randomStream(9, 'csv');
  const rows = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].flatMap((kept) =>
    [2, 4].flatMap((cut) =>
      [1, 2, 3].map((seed) => {
        const ratio = 0.15 * kept ** 0.8;
        const reached = 0.92 - 0.002 * ratio ** -0.8 * Math.exp(-0.2 * cut) + 0.002 * random.normal();
        return [`"run, ${seed}"`, cut, kept, 4, kept, 4, seed, ratio, ratio, reached.toFixed(4)].join(',');
      }),
    ),
  );
  return ['id,cut,kept_up,bits_up,kept_down,bits_down,seed,ratio_up,ratio_down,accuracy', ...rows, ''].join('\r\n');
}

describe('comma-separated values', () => {
  it('reads quotes, both line ends, a byte-order mark and other separators', () => {
    expect(readCsv('\uFEFFa,b\r\n"x, ""y""",2\n')).toEqual({ header: ['a', 'b'], rows: [['x, "y"', '2']] });
    expect(readCsv('a;b\n1;2').rows).toEqual([['1', '2']]);
    expect(readCsv('a,b\n"two\nlines",2\n\n3,4').rows).toEqual([
      ['two\nlines', '2'],
      ['3', '4'],
    ]);
  });

  it('says which line is wrong', () => {
    expect(() => readCsv('')).toThrow(CsvError);
    expect(() => readCsv('a,b\n1,2\n3\n')).toThrow('line 3 has 1 cells');
    expect(() => readCsv('a,b\n1,"2')).toThrow('does not end');
  });
});

describe('columns of runs', () => {
  it('finds usual names, takes given ones, and understands per cent', () => {
    const table = readCsv('rho,acc,kept,top1\n0.1,0.9,0.2,91\n');
    expect(readRuns(table, {}).runs).toEqual([{ upRatio: 0.1, accuracy: 0.9 }]);
    const { runs, used } = readRuns(table, { ratio: 'kept', accuracy: 'top1', percent: true });
    expect(runs).toEqual([{ upRatio: 0.2, accuracy: 0.91 }]);
    expect(used).toEqual({ ratio: 'kept', accuracy: 'top1' });
    expect(readRuns(readCsv('ratio,accuracy\n10%,91 %\n'), {}).runs).toEqual([{ upRatio: 0.1, accuracy: 0.91 }]);
  });

  it('names what is missing', () => {
    expect(() => readRuns(readCsv('x,y\n1,2\n'), {})).toThrow(RunsError);
    expect(() => readRuns(readCsv('x,y\n1,2\n'), {})).toThrow('the columns are x, y');
    expect(() => readRuns(readCsv('ratio,accuracy\n0.1,high\n'), {})).toThrow('run 1: high');
    expect(() => readRuns(readCsv('ratio,accuracy\n0.1,0.9\n'), { cut: 'layer' })).toThrow('no column layer');
  });
});

describe('a fit for people and problem files', () => {
  const { runs, used } = readRuns(readCsv(studyCsv()), {});
  const fit = fitAccuracy(runs);

  it('shows families, parameters and the held-out error', () => {
    const report = renderFit(fit, used, (_format, text) => text);
    expect(report).toContain('42 runs at 14 operating points and cuts');
    expect(report).toMatch(/→ power +(decaying|free)/u);
    expect(report).toMatch(/loss exponent +0\.\d+ +0\.\d+ … /u);
    expect(report).toContain('held-out error');
  });

  it('writes a block that reads back as the same model', () => {
    const text = `version: 1\nname: x\nmodel: deit-tiny\n${pasteable({ accuracy: accuracyBlock(fit.model), points: operatingPoints(runs, fit.model, 'up') })}devices:\n  - { name: one, throughput: 40 GFLOP/s, memory: 400 MiB, distance: 90 m }\n`;
    const { problem } = parseProblemFile(text);
    for (const { upRatio, cut = 0 } of runs) {
      const read = accuracy(problem.accuracy.model, upRatio, upRatio, cut);
      expect(read).toBeCloseTo(accuracy(fit.model, upRatio, upRatio, cut), 5);
    }
    expect(problem.upPoints.map(({ keptFraction }) => keptFraction)).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]);
  });

  it('reads back every family and form', () => {
    const models: AccuracyModel[] = [
      {
        limit: 0.9,
        combination: 'product',
        up: { family: { kind: 'exponential', scale: 0.3, rate: 30 }, cut: { kind: 'decaying', rate: 0.2 } },
        down: {
          family: { kind: 'logistic', scale: 0.5, midpoint: 0.01, steepness: 2 },
          cut: { kind: 'measured', cuts: [0, 3], factors: [1, 0.4] },
        },
        fittedRatio: { minimum: 0.001, maximum: 1 },
      },
      {
        limit: 0.8,
        combination: 'additive',
        up: { family: { kind: 'table', ratios: [0.01, 0.1], losses: [0.2, 0] }, cut: { kind: 'constant' } },
        fittedRatio: { minimum: 0.002, maximum: 1 },
      },
    ];
    const base =
      'version: 1\nname: x\nmodel: deit-tiny\ndevices:\n  - { name: one, throughput: 40 GFLOP/s, memory: 400 MiB, distance: 90 m }\n';
    for (const model of models) {
      const { problem } = parseProblemFile(withParts(base, { accuracy: accuracyBlock(model) }, noFile));
      expect(problem.accuracy.model).toEqual(model);
    }
  });

  it('draws the runs, a curve and a band for each cut', () => {
    const svg = fitSvg(fit, runs);
    expect(svg.match(/<circle/gu)!.length).toBe(runs.length + 2);
    expect(svg.match(/fill-opacity="0.15"/gu)!.length).toBe(2);
    expect(svg).not.toContain('NaN');
    expect(fitHtml(fit, runs, 'a < b')).toContain('a &lt; b');
  });
});

describe('putting a model into a problem file', () => {
  const text = `# a cell
version: 1
name: x
model:   deit-tiny   # small
accuracy: # ours
  # what we accept
  maximumLoss: 1 % # of the limit
  limit: 91 %  # measured
  up: # old
    family: power
    scale: 0.1
    exponent: 2
  down: { family: power, scale: 0.1, exponent: 1 }
devices: [{ name: one, throughput: 40 GFLOP/s, memory: 400 MiB, distance: 90 m }]
`;

  it('changes the entries and not one character beside them', () => {
    const changed = withEntries(text, [
      { section: 'accuracy', key: 'limit', value: 0.9 },
      { section: 'accuracy', key: 'up', value: { family: 'power', scale: 0.002, cut: { decay: 1 } } },
      { section: 'accuracy', key: 'down', value: undefined },
      { section: 'accuracy', key: 'combination', value: 'additive' },
      { section: 'codec', key: 'points', value: [{ name: 'a/b', ratio: 0.1 }] },
    ]);
    expect(changed).toBe(`# a cell
version: 1
name: x
model:   deit-tiny   # small
accuracy: # ours
  # what we accept
  combination: additive
  maximumLoss: 1 % # of the limit
  limit: 0.9  # measured
  up: { family: power, scale: 0.002, cut: { decay: 1 } } # old
devices: [{ name: one, throughput: 40 GFLOP/s, memory: 400 MiB, distance: 90 m }]
codec:
  points:
    - { name: "a/b", ratio: 0.1 }
`);
  });

  it('edits JSON as JSON and refuses sections in braces', () => {
    const changed = withEntries('{"accuracy": {"limit": 0.9, "down": 1}, "name": "x"}', [
      { section: 'accuracy', key: 'limit', value: 0.8 },
      { section: 'accuracy', key: 'down', value: undefined },
    ]);
    expect(JSON.parse(changed)).toEqual({ accuracy: { limit: 0.8 }, name: 'x' });
    const braces = 'accuracy: { limit: 0.9 }\n';
    expect(() => withEntries(braces, [{ section: 'accuracy', key: 'limit', value: 1 }])).toThrow('braces');
  });

  it('refuses an outcome that would not be a problem file, with the place', () => {
    const model: AccuracyModel = {
      limit: 0.9,
      combination: 'additive',
      up: { family: { kind: 'power', scale: 0.001, exponent: 1 }, cut: { kind: 'constant' } },
      fittedRatio: { minimum: 0.1, maximum: 0.5 },
    };
    const withPoint = `${text}codec:\n  points: [{ ratio: 0.01 }]\n`;
    expect(() => withParts(withPoint, { accuracy: accuracyBlock(model) }, noFile)).toThrow(IntoError);
    expect(() => withParts(withPoint, { accuracy: accuracyBlock(model) }, noFile)).toThrow('outside the ratios');
  });
});

describe('paired losses in a problem file', () => {
  it('bring their spread, and go with it', () => {
    const text = 'version: 1\nmodel: deit-tiny\ndevices: [{ name: a }]\n';
    const model: AccuracyModel = {
      limit: 0.9,
      combination: 'additive',
      up: { family: { kind: 'power', scale: 0.001, exponent: 1 }, cut: { kind: 'constant' } },
      fittedRatio: { minimum: 0.005, maximum: 1 },
    };
    const block = pairedBlock({ model, spread: { deviation: 0.12341, degreesOfFreedom: 3 } }, 0.9);
    const paired = withParts(text, { accuracy: block }, noFile);
    const { accuracy: section } = parseProblemFile(paired).file;
    expect(section).toMatchObject({ spread: { deviation: 0.1235, degreesOfFreedom: 3 }, confidence: 0.9 });
    const plain = withParts(paired, { accuracy: accuracyBlock(model) }, noFile);
    expect(parseProblemFile(plain).file.accuracy.spread).toBeUndefined();
    expect(plain).not.toContain('confidence');
  });
});
