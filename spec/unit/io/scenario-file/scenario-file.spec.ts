import { readFileSync, readdirSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  readProblemFile,
  readScenarioFile,
  resolveScenario,
  scenarioFileJsonSchema,
} from '../../../../lib/io/index.js';
import { scenario, smallScenario } from '../../../support/scenarios.js';

const folder = new URL('../../../../examples/simulation/', import.meta.url);

/** Each problem as `line:path: message`. */
function problems(text: string, readFile?: (path: string) => string): string[] {
  const outcome = readScenarioFile(text, readFile ? { readFile } : {});
  return outcome.ok ? [] : outcome.issues.map(({ line, path, message }) => `${line}:${path}: ${message}`);
}

const withLine = (line: string) => smallScenario.replace('rounds: 12', line);

describe('scenario files', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))(
    '%s is right, by the reader and by the schema',
    (name) => {
      const text = readFileSync(new URL(name, folder), 'utf8');
      const outcome = readScenarioFile(text);
      expect(outcome.ok ? outcome.warnings : outcome.issues).toEqual([]);
      const valid = new Ajv2020({ strict: false }).compile(scenarioFileJsonSchema());
      expect(valid(parse(text)), JSON.stringify(valid.errors)).toBe(true);
    },
  );

  it('describe every key', () => {
    const { properties, $defs } = scenarioFileJsonSchema() as Record<string, Record<string, Record<string, never>>>;
    for (const section of [properties!['simulation'], ...['motion', 'movingDevice'].map((id) => $defs![id])]) {
      const keys = Object.entries((section as { properties?: object } | undefined)?.properties ?? {});
      for (const [key, value] of keys) expect(value, key).toHaveProperty('description');
    }
  });

  it('are problem files without their section, and the same cell', () => {
    const text = smallScenario.slice(0, smallScenario.indexOf('simulation:'));
    const plain = readProblemFile(text);
    expect(plain.ok && plain.resolved.problem).toEqual(scenario().start.problem);
  });

  it('come back the same from their origin, as JSON', () => {
    const { origin, start, settings, cell } = scenario('simulation.rounds=7');
    const again = resolveScenario(JSON.parse(JSON.stringify(origin)) as typeof origin);
    expect(again.settings).toEqual(settings);
    expect(again.start.problem).toEqual(start.problem);
    expect(again.cell.devices.map(({ motion }) => motion)).toEqual(cell.devices.map(({ motion }) => motion));
  });

  it('are refused with every problem at once, in both parts, with their places', () => {
    const text = withLine('rounds: 0').replace('bandwidth: 5 MHz', 'bandwidth: 5 s').replace('every: 5', 'evry: 5');
    const found = problems(text);
    expect(found).toHaveLength(3);
    expect(found[0]).toMatch(/^15:radio\.bandwidth: /u);
    expect(found[1]).toMatch(/^21:simulation\.rounds: must be at least 1/u);
    expect(found[2]).toMatch(/^25:simulation\.replan\.evry: unknown key; did you mean `every`\?/u);
  });

  it.each([
    [
      'speeds the wrong way round',
      'motion: { model: waypoint, speed: [2 m/s, 1 m/s] }',
      /speed: the first of the two/u,
    ],
    ['a device that is not there', 'devices: { runner: { from: 3 s } }', /runner: there is no such device/u],
    ['an end before its start', 'devices: { desk: { from: 9, until: 4 } }', /until: must be later/u],
    ['half a pair of mean times', 'devices: { desk: { meanPresent: 4 } }', /meanPresent: needs the other/u],
    ['steps out of order', 'devices: { desk: { memory: [[4, 1], [2, 1]] } }', /memory\[1\]: times must increase/u],
    ['a load the wrong way round', 'noiseRise: { fullLoad: 6 dB, load: [0.9, 0.1] }', /load: the first of the two/u],
    ['a scheme twice', 'schemes: [joint, joint]', /schemes\[1\]: listed twice/u],
    ['a scheme that there is not', 'schemes: [joined]', /schemes\[0\]: .*did you mean `joint`/u],
    ['a speed of another kind', 'motion: { model: road, speed: 3 MHz }', /speed/u],
    ['a trace without a file', 'motion: { model: trace }', /motion\.file: missing/u],
    ['no section', 'motion: 3', /motion: must be a section/u],
    ['a policy that there is not', 'misfit: give-up', /misfit: must be one of replan, drop, keep/u],
  ])('say what is wrong with %s', (_, line, message) => {
    const key = `  ${line.slice(0, line.indexOf(':'))}:`;
    const text = smallScenario
      .split('\n')
      .filter((each) => !each.startsWith(key))
      .join('\n')
      .replace('rounds: 12', line);
    const found = problems(text);
    expect(found.join('\n')).toMatch(message);
    expect(found).toHaveLength(1);
  });

  it('say what is wrong with a trace, with its line', () => {
    const text = withLine('rounds: 3').replace(
      'model: waypoint, speed: 1.5 m/s, radius: 150 m',
      'model: trace, file: places.csv',
    );
    const reading = (csv: string) => problems(text, () => csv).join('\n');
    expect(reading('seconds,x,y\n0,1,2\n5,3,4\n')).toBe('');
    expect(reading('time,x,y\n0,1,2\n')).toMatch(/motion\.file: cannot be used: it has no column seconds/u);
    expect(reading('seconds,x,y\n0,1,2\n\n5,a,4\n')).toMatch(/line 4: x is `a`, no decimal number/u);
    expect(reading('seconds,x,y\n5,1,2\n5,3,4\n')).toMatch(/line 3: times must increase/u);
    expect(problems(text).join('\n')).toMatch(/no files can be read here/u);
  });

  it('take settings of both parts, and refuse wrong ones by their name', () => {
    const { settings, start } = scenario('simulation.interval=9 s', 'devices[walker-2].memory=1 GiB');
    expect(settings.interval).toBe(9);
    expect(start.problem.devices.find(({ name }) => name === 'walker-2')!.memoryBytes).toBe(2 ** 30);
    const outcome = readScenarioFile(smallScenario, { settings: ['simulation.interval=soon'] });
    expect(!outcome.ok && outcome.issues[0]).toMatchObject({ setting: 'simulation.interval', line: 0 });
  });
});
