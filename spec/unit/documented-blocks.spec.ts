import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { buildProgram } from '../../bin/program.js';
import { readScenario } from '../../harness/scenario/read.js';
import { readProblemFile, readScenarioFile } from '../../lib/io/index.js';
import { blocksOf, linesOf, pages } from '../support/documented-blocks.js';
import { sampleProfile } from '../support/measured-profile.js';
import { smallScenario } from '../support/scenarios.js';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const blocks = pages.flatMap(blocksOf);
const python = '.cache/peers/bin/python3';

describe('every block of the documentation', () => {
  it('between fences is found', () => {
    for (const page of pages) {
      const fences = read(page).match(/^ *```/gmu)?.length ?? 0;
      expect(fences, page).toBe(2 * blocksOf(page).length);
    }
    expect(blocks.length).toBeGreaterThan(80);
  });

  it('has a language that says how it is held to what is true', () => {
    // `ts`, `js` and `sh` are run, `text` is compared or no code, `yaml` is read below, `python` run where there is SciPy.
    const languages = ['ts', 'js', 'sh', 'text', 'yaml', 'python'];
    expect(blocks.filter(({ language }) => !languages.includes(language))).toEqual([]);
  });

  it('that is not run says why', () => {
    const reasons = [
      undefined,
      'run',
      'runs: exit codes are looked at',
      'run by reports-docs.spec.ts',
      'run by simulation-docs.spec.ts',
      'run by hand: minutes',
      'run by hand: hours, and TensorFlow.js',
      'run by hand: minutes, and TensorFlow.js',
      'run by hand: minutes each, and TensorFlow.js',
      'run by hand: several machines',
      'run by hand: it does not end; serve.md runs one',
      'run by hand: packages from the registry',
    ];
    expect(blocks.filter(({ remark }) => !reasons.includes(remark))).toEqual([]);
  });
});

describe('commands that are run by hand', () => {
  const byHand = blocks
    .filter(({ language, remark }) => language === 'sh' && remark?.startsWith('run by hand') === true)
    .flatMap(({ page, code }) => linesOf(code).map((line) => `${page}: ${line}`));

  it('are few', () => {
    expect(byHand.length).toBeGreaterThan(20);
    expect(byHand.length).toBeLessThan(40);
  });

  it('name commands, options and files that are there', async () => {
    const program = await buildProgram();
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
    for (const text of byHand) {
      const words = text.replace(/^[^:]*: (?:\w+=\S+ )?(?:npx )?/u, '').split(/\s+/u);
      const [name, ...rest] = words;
      if (name === 'npm')
        expect(rest[0] === 'run' ? scripts : ['ci', 'test', 'install'], text).toSatisfy(
          has(rest[rest[0] === 'run' ? 1 : 0]!),
        );
      if (name === 'tsx') expect(existsSync(new URL(rest[0]!, root)), text).toBe(true);
      if (name !== 'sft-opt') continue;
      const command = program.commands.find((each) => each.name() === rest[0]);
      expect(command, text).toBeDefined();
      const options = rest.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0]!);
      const known = command!.options.map(({ long }) => long);
      expect(
        options.filter((option) => !known.includes(option)),
        text,
      ).toEqual([]);
      for (const file of rest.filter((word) => /^(?:examples|study)\//u.test(word))) {
        expect(existsSync(new URL(file, root)), text).toBe(true);
      }
    }
  });
});

function has(name: string): (of: object) => boolean {
  return (of) => (Array.isArray(of) ? of.includes(name) : Object.hasOwn(of, name));
}

const nothing = (part: unknown) => part ?? [];

/** How each block of YAML is read: whole, or as a part of a file that is whole. */
const readers: Record<string, (part: Record<string, unknown>) => unknown> = {
  'docs/calibration.md': (part) => {
    const outcome = readProblemFile(stringify(part), { readFile: () => JSON.stringify(sampleProfile()) });
    return outcome.ok ? [] : outcome.issues;
  },
  'docs/harness.md': (part) => {
    const outcome = readScenario(stringify({ ...(parse(read('examples/training/words.yaml')) as object), ...part }));
    return outcome.ok ? [] : outcome.issues;
  },
  'docs/simulation.md': ({ simulation }) => {
    const whole = parse(smallScenario) as { devices: object[]; simulation: object };
    const devices = [{ name: 'phone', count: 4, throughput: '60 GFLOP/s' }, ...whole.devices];
    const outcome = readScenarioFile(
      stringify({ ...whole, devices, simulation: { rounds: 9, interval: '4 s', ...(simulation as object) } }),
    );
    return outcome.ok ? [] : outcome.issues;
  },
  // Nothing but the comment by which an editor finds the schema.
  'docs/cli.md': nothing,
  'docs/format.md': nothing,
};

describe('YAML of the documentation', () => {
  const yaml = blocks.filter(({ language }) => language === 'yaml');

  it.each(yaml.map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s is read as it says',
    (_place, block) => {
      expect(readers[block.page]!(parse(block.code) as Record<string, unknown>)).toEqual([]);
    },
  );

  it('would be refused with a key that is not known', () => {
    for (const { page, code } of yaml.filter((block) => parse(block.code) !== null)) {
      const part = parse(code) as Record<string, Record<string, unknown>>;
      const [section] = Object.keys(part).filter((key) => typeof part[key] === 'object' && !Array.isArray(part[key]));
      expect(readers[page]!({ ...part, [section!]: { ...part[section!], unheardOf: 1 } }), page).not.toEqual([]);
    }
  });
});

describe('SciPy in the documentation', () => {
  const block = blocks.find(({ language }) => language === 'python')!;
  const hasSciPy = existsSync(python);

  it.skipIf(!hasSciPy)('finds what the code beside it prints', () => {
    const program = `from scipy.optimize import minimize\n${block.code}\nprint(res.success, *[round(x, 6) for x in res.x])`;
    const printed = execFileSync(python, ['-c', program], { encoding: 'utf8' }).trim();
    expect(printed).toBe('True 1.4 1.7');
    const beside = blocksOf(block.page).find(
      ({ code, language }) => language === 'ts' && code.includes('const res = '),
    )!;
    expect(beside.output!.trim()).toBe('true [ 1.4, 1.7 ]');
  });
});
