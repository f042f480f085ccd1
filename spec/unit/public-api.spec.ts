import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { incompleteFunctions, lineOf, publicNames, undocumentedMembers } from '../../scripts/public-api.js';

describe('the public interface', () => {
  const names = publicNames();

  it('loses no name that was there: `npx tsx scripts/public-api.ts` records one that goes on purpose', () => {
    const recorded = readFileSync(new URL('../fixtures/public-api.txt', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    const present = new Set(names.map(lineOf));
    expect(recorded.length).toBeGreaterThan(500);
    expect(recorded.filter((line) => !present.has(line))).toEqual([]);
  });

  it('is documented', () => {
    expect(names.filter(({ documented }) => !documented).map(lineOf)).toEqual([]);
  });

  it('has a comment on every member', () => {
    const { count, bare } = undocumentedMembers();
    expect(count).toBeGreaterThan(1800);
    expect(bare).toEqual([]);
  });

  it('says of every function what it takes, when it throws, and shows a call', () => {
    const { count, missing } = incompleteFunctions();
    expect(count).toBeGreaterThan(380);
    expect(missing).toEqual([]);
  });
});
