import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../../bin/program.js';
import { starterFile } from '../../../bin/commands/starter-file.js';
import { parseProblemFile, problemFileJsonSchema, readProblemFile } from '../../../lib/io/index.js';
import type { PlanReport } from '../../../lib/plan/index.js';
import { examplePage } from '../../../scripts/example-page.js';
import { formatReference } from '../../../scripts/format-reference.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const examples = readdirSync(new URL('examples/', root)).filter((name) => name.endsWith('.yaml'));

describe('documentation', () => {
  it('has a format reference that is current (npx tsx scripts/write-format-docs.ts)', () => {
    expect(read('docs/format.md')).toBe(formatReference());
  });

  it('shows the plan, the savings and the picture that the campus has now (npx tsx scripts/write-example.ts)', () => {
    const { page, picture, report } = examplePage(read('docs/example.md'));
    expect(read('docs/example.md')).toBe(page);
    expect(read('docs/round.svg')).toBe(picture);
    const { figures } = JSON.parse(read('bench/results/scenarios.json')) as {
      figures: { scenarios: { scenario: string; totalSeconds: number; baselines: PlanReport['baselines'] }[] };
    };
    const kept = figures.scenarios.find(({ scenario }) => scenario === 'campus')!;
    expect(kept.totalSeconds).toBeCloseTo(report.answer!.delay.totalSeconds, 9);
    for (const { name, totalSeconds, boundSeconds, delaySaved, trafficSaved } of report.baselines) {
      const row = kept.baselines.find((each) => each.name === name);
      expect(row, name).toBeDefined();
      for (const [found, expected] of [
        [row!.totalSeconds, totalSeconds],
        [row!.boundSeconds, boundSeconds],
        [row!.delaySaved, delaySaved],
        [row!.trafficSaved, trafficSaved],
      ] as const) {
        if (expected === undefined) expect(found, name).toBeUndefined();
        else expect(found! / expected, name).toBeCloseTo(1, 5);
      }
    }
  });

  it('describes every key of the schema', () => {
    const undescribed: string[] = [];
    const visit = (node: unknown, path: string) => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (key === 'properties') {
          for (const [name, property] of Object.entries(
            value as Record<string, { description?: string; $ref?: string }>,
          )) {
            if (!property.description && !/uniform|logNormal|choice|disc/u.test(name))
              undescribed.push(`${path}.${name}`);
          }
        }
        visit(value, `${path}.${key}`);
      }
    };
    visit(problemFileJsonSchema(), '');
    expect(undescribed).toEqual([]);
  });

  it('names every command and option of the command line', async () => {
    const text = read('docs/cli.md');
    for (const command of (await buildProgram()).commands) {
      expect(text).toContain(`sft-opt ${command.name()}`);
      for (const option of command.options.filter(({ hidden }) => !hidden))
        expect(text, `${command.name()} ${option.long ?? ''}`).toContain(option.long);
    }
  });
});

describe('example files', () => {
  it('are those the README and the documentation speak of', () => {
    expect(examples).toEqual(expect.arrayContaining(['campus.yaml', 'factory.yaml', 'minimal.yaml', 'stadium.yaml']));
  });

  it.each(examples)('%s is valid, by the reader without a warning and by the published schema', (name) => {
    const text = read(`examples/${name}`);
    const outcome = readProblemFile(text);
    expect(outcome.ok ? outcome.warnings : outcome.issues).toEqual([]);
    const valid = new Ajv2020({ strict: false }).compile(problemFileJsonSchema());
    expect(valid(parse(text)), JSON.stringify(valid.errors)).toBe(true);
  });

  it('have the sizes their texts promise', () => {
    const size = (name: string) => parseProblemFile(read(`examples/${name}.yaml`)).problem.devices.length;
    expect([size('campus'), size('factory'), size('stadium')]).toEqual([10, 50, 1000]);
    const lines = read('examples/minimal.yaml')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.length).toBeLessThanOrEqual(15);
  });

  it('the starter file shows true defaults in its comments', () => {
    const plain = parseProblemFile(starterFile).problem;
    const uncommented = starterFile
      .split('\n')
      .map((line) =>
        line.replace(/^( *)# (activations|weightBytes|scope|up|pathLoss|shadowing|sharing|transmitPower)/u, '$1$2'),
      )
      .join('\n');
    expect(uncommented).not.toBe(starterFile);
    expect(parseProblemFile(uncommented).problem).toEqual(plain);
  });
});
