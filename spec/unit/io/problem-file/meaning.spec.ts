import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadStudy, pairedPoints, studyFile } from '../../../../bench/study/runs.js';
import { formatIssue, parseProblemFile, readProblemFile } from '../../../../lib/io/index.js';
import { accuracy, fitPairedLoss } from '../../../../lib/models/index.js';

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/${name}.yaml`, import.meta.url), 'utf8');

/** What is said of a file: its problems, or its warnings. */
function said(text: string, file = ''): string[] {
  const outcome = readProblemFile(text, { readFile: () => file });
  return (outcome.ok ? outcome.warnings : outcome.issues).map((issue) => formatIssue(issue, 'cell.yaml'));
}

const cell = (device = 'distance: 50 m', more = '', model = 'deit-tiny') =>
  `version: 1\nmodel: ${model}\ndevices:\n  - { name: a, ${device} }\n${more}`;

describe('inputs that would silently mean something else', () => {
  it.each(['planner/u022', 'planner/u090'])('%s: a memory overhead counts beside a measured profile', (name) => {
    const text = fixture(name);
    const [with_, without] = [text, text.replace(/memoryOverhead: 100 MiB/u, 'memoryOverhead: 0 B')].map(
      (each) => parseProblemFile(each).problem.devices,
    );
    const changed = with_!.flatMap((device, n) => {
      const [more, less] = [device, without![n]!].map(({ costs }) => [...costs.deviceMemoryBytes]);
      return more!.some((bytes, c) => bytes !== less![c]) ? [more!.map((bytes, c) => bytes - less![c]!)] : [];
    });
    expect(changed.length).toBe(1);
    for (const difference of changed[0]!) expect(difference).toBeCloseTo(100 * 2 ** 20, 0);
  });

  it('no more can be lost than there is', () => {
    expect(said(cell('distance: 50 m', 'accuracy: { maximumLoss: 1 }\n'))[0]).toMatch(
      /cell.yaml:5:26 accuracy.maximumLoss: found `1`; 100 % is more than there is to lose/u,
    );
    expect(said(cell('distance: 50 m', 'accuracy: { maximumLoss: 1 % }\n'))).toEqual([]);
  });

  it('a gain and a distance are one too many', () => {
    expect(said(cell('distance: 50 m, gain: -90 dB'))).toEqual([
      expect.stringContaining('devices[0].distance: a measured `gain` takes the place of the distance'),
    ]);
  });

  const ownDecoder =
    '{ blocks: 6, width: 64, heads: 4, keyValueHeads: 2, mlpWidth: 176, gatedMlp: true, tokens: 32, causal: true, norm: rms, ' +
    'embedding: { kind: tokens, vocabulary: 118 }, head: { kind: language-model, tied: false } }';

  it.each([
    ['gpt2', 0.8466713, 'decoder'],
    ['llama-2-7b', 0.8466713, 'decoder'],
    ['{ preset: gpt2, tokens: 64 }', 0.8466713, 'decoder'],
    [ownDecoder, 0.8466713, 'decoder'],
    ['bert-base', 0.917, 'vision'],
    ['vit-b16', 0.917, 'vision'],
  ])('losses are those of the family where the model is %s', (model, limit, family) => {
    const exponent = family === 'decoder' ? 2.314257 : 0.9;
    const { problem } = parseProblemFile(cell('distance: 50 m', '', model));
    expect(problem.accuracy.model).toMatchObject({ limit, up: { family: { kind: 'power', exponent } } });
    expect(problem.accuracy.minimum).toBeCloseTo(limit - 0.01, 12);
    const own = cell(
      'distance: 50 m',
      'accuracy: { limit: 50 %, up: { family: power, scale: 0.01, exponent: 1 } }\n',
      model,
    );
    const given = parseProblemFile(own).problem.accuracy.model;
    expect([given.limit, given.up.family]).toEqual([0.5, { kind: 'power', scale: 0.01, exponent: 1 }]);
    const half = parseProblemFile(cell('distance: 50 m', 'accuracy: { limit: 50 % }\n', model)).problem.accuracy.model;
    expect(half).toMatchObject({ limit: 0.5, up: { family: { exponent } } });
  });

  it('losses of decoders are those that `fit --paired` finds in the runs of the study, and within what was measured', () => {
    const { runs, rows } = loadStudy(studyFile('embedded-decoder')!);
    const fit = fitPairedLoss(runs.map((run) => ({ ...run, task: 'next words', seed: run.seed! })));
    const { model } = parseProblemFile(cell('distance: 50 m', '', 'gpt2')).problem.accuracy;
    expect(model.limit).toBeCloseTo(fit.model.limit, 6);
    const points = pairedPoints(rows).filter(({ lost }) => lost <= 0.15);
    expect(points.length).toBeGreaterThanOrEqual(6);
    const outside = points.filter(({ ratioUp, ratioDown, cut, lost, reach }) => {
      const loss = model.limit - accuracy(model, ratioUp, ratioDown, cut);
      expect(loss).toBeCloseTo(fit.model.limit - accuracy(fit.model, ratioUp, ratioDown, cut), 4);
      return Math.abs(loss - lost) >= reach;
    });
    // Of 95 % intervals one in twenty may miss.
    expect(outside.length).toBeLessThanOrEqual(points.length / 20);
  });

  it('the small decoder has losses of its own', () => {
    expect(said(cell('distance: 50 m', '', ownDecoder)).join()).not.toContain('measured on');
    expect(said(cell('distance: 50 m', '', ownDecoder.replace('118', '119'))).join()).toContain(
      'measured on the small decoder',
    );
  });

  it.each([
    ['gpt2', 'the small decoder that comes with sft-opt'],
    ['llama-2-7b', 'the small decoder that comes with sft-opt'],
    ['vit-b16', 'deit-tiny'],
  ])('losses of other models are named where the model is %s', (model, measured) => {
    const [warning] = said(cell('distance: 50 m', '', model));
    expect(warning).toContain(`measured on ${measured}, the model is ${model}`);
    expect(warning).toContain('allowOtherModel: true');
    expect(said(cell('distance: 50 m', 'accuracy: { allowOtherModel: true }\n', model))).toEqual([]);
    const own = '{ family: power, scale: 0.01, exponent: 1 }';
    expect(said(cell('distance: 50 m', `accuracy: { up: ${own} }\n`, model))).toEqual([]);
    const borrowed = `accuracy: { measuredOn: bert-base, up: ${own} }\n`;
    expect(said(cell('distance: 50 m', borrowed, model))[0]).toContain('measured on bert-base');
  });

  it('an accuracy curve is not drawn out to other cuts without a word', () => {
    expect(said(fixture('planner/cut-extrapolation')).join('\n')).toMatch(
      /accuracy was measured with 2 to 4 blocks on the device, `split` allows 1 to 11; .*allowExtrapolation/u,
    );
    const allowed = fixture('planner/cut-extrapolation').replace(
      'fittedRatios',
      'allowExtrapolation: true\n  fittedRatios',
    );
    expect(said(allowed).join()).not.toContain('blocks on the device');
    expect(said(fixture('planner/ratio-extrapolation')).join('\n')).toContain('outside the ratios');
    const fitted = (split: string) =>
      said(cell('distance: 50 m', `split: ${split}\naccuracy: { fittedCuts: [1, 6] }\n`));
    expect(fitted('{ maximum: 6 }')).toEqual([]);
    expect(fitted('{ maximum: 7 }')[0]).toContain(
      'accuracy.fittedCuts: found a list of 2; accuracy was measured with 1 to 6',
    );
  });

  it('warnings reach callers of the library', () => {
    const { warnings, problem } = parseProblemFile(cell('distance: 50 m', 'radio: { bandwidth: 20 }\n'), { seed: 4 });
    expect(warnings.map(({ path }) => path)).toContain('radio.bandwidth');
    expect(problem.devices.length).toBe(1);
  });
});

describe('words for what is wrong', () => {
  it.each([
    ['gain: 80 dB', 'is `-80 dB` meant?'],
    ['throughput: .inf', 'not a finite number'],
    ['memory: .nan', 'not a finite number'],
    ['distance: 1e400', 'not a finite number'],
    [
      'throughput: { normal: { mean: 1, deviation: 2 } }',
      'none of the forms there are; a section here has the keys uniform, or logNormal',
    ],
  ])('%s', (device, words) => {
    const found = said(cell(device));
    expect(found.length).toBe(1);
    expect(found[0]).toContain(words);
  });

  it.each([
    ['tab', '4:1 a tab in the indentation'],
    ['multidoc', '7:1 a second document begins here; one is allowed'],
    ['proto', '3:1 `__proto__` cannot be a key'],
    ['merge', '3:1 base: unknown key; did you mean `name`? (to hold an anchor, name it `x-…`)'],
  ])('%s.yaml has one problem', (name, words) => {
    const found = said(fixture(`problem-files/${name}`));
    expect(found).toEqual([expect.stringContaining(words)]);
  });

  it('merge keys are followed', () => {
    const merged = parseProblemFile(fixture('problem-files/merge').replace('base:', 'x-base:'));
    expect(merged.problem.devices[0]!.memoryBytes).toBe(300 * 2 ** 20);
  });

  it('a byte-order mark, CRLF and names of the language’s own are no problem', () => {
    expect(readProblemFile(fixture('problem-files/bomcrlf')).ok).toBe(true);
    const named = parseProblemFile(fixture('problem-files/protonames'));
    expect(named.problem.devices.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'toString']);
    const rebuilt = named.rebuild({ devices: { ['__proto__']: { memoryBytes: 2 ** 29 } }, without: ['constructor'] });
    if (!rebuilt.ok) throw new Error(rebuilt.reason);
    expect(rebuilt.source.problem.devices.map(({ memoryBytes }) => memoryBytes)).toEqual([2 ** 29, Infinity]);
    expect(({} as Record<string, unknown>)['memoryBytes']).toBeUndefined();
  });

  it.each([
    ['lora: { targets: [q_proj] }\n', 'did you mean `query`?'],
    ['calibration: other.json\n', 'but some other file: it says no `kind`'],
  ])('%s', (section, words) => {
    expect(said(cell('distance: 50 m', section), '{"layers": 3}')[0]).toContain(words);
  });

  it('names of models elsewhere lead to those here', () => {
    expect(said(cell('distance: 50 m', '', 'vit-large'))[0]).toContain('did you mean `vit-l16`?');
    expect(said(cell('distance: 50 m', '', '{ preset: llama-7b }'))[0]).toContain('did you mean `llama-2-7b`?');
  });
});
