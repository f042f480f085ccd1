import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { resultColumns } from '../../../bin/campaign/table.js';
import { roundColumns } from '../../../lib/simulate/index.js';

const docs = readFileSync(new URL('../../../docs/simulation.md', import.meta.url), 'utf8');
const rows = (heading: string) => {
  const [, section] = docs.split(`### ${heading}`);
  const [own] = section!.split('\n#');
  return [...own!.matchAll(/^\| `(?<name>\w+)` +\| (?<meaning>.*?) +\|$/gmu)].map(({ groups }) => ({ ...groups }));
};

it.each([
  ['Rounds', roundColumns],
  ['Results', resultColumns],
])('%s: the page has every column as the table has it', (heading, columns) => {
  expect(rows(heading)).toEqual(columns.map(({ name, meaning }) => ({ name, meaning })));
});
