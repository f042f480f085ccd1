import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sourceLines } from '../../support/source-lines.js';

const folder = 'lib/verify';
const inFolder = (...names: readonly string[]) => names.map((name) => `${folder}/${name}.ts`);
const kernel = inFolder('interval');
/** The model of the resolved problem and everything that a certificate of a plan is checked for. */
const evaluator = inFolder('problem', 'plan', 'bound', 'judge', 'tree');
const all = readdirSync(folder).flatMap((name) => (name.endsWith('.ts') ? [`${folder}/${name}`] : []));
const second = 'docs/certificate/check_certificate.py';

// A reviewer has to read them: lines as formatted, and those of them that are code.
describe('what is to be trusted is short', () => {
  it('the interval kernel has at most 300 lines', () => {
    expect(sourceLines(...kernel).all).toBeLessThanOrEqual(300);
  });

  it('the evaluator of the resolved model and the obligations have at most 700 lines', () => {
    expect(sourceLines(...evaluator).all).toBeLessThanOrEqual(700);
  });

  it('both, with what reads certificates and says what is proven, have at most 1,000 lines of code', () => {
    expect(sourceLines(...all).code).toBeLessThanOrEqual(1000);
  });

  it('the checker of programs has at most 700 lines', () => {
    const programs = readdirSync(`${folder}/programs`).map((name) => `${folder}/programs/${name}`);
    expect(sourceLines(...programs).all).toBeLessThanOrEqual(700);
  });

  it('the second checker is one file of at most 500 lines, for plans and programs, none longer than 110 columns', () => {
    expect(readdirSync('docs/certificate').filter((name) => name.endsWith('.py'))).toEqual(['check_certificate.py']);
    expect(sourceLines(second).all).toBeLessThanOrEqual(500);
    const columns = readFileSync(second, 'utf8')
      .split('\n')
      .map(({ length }) => length);
    expect(Math.max(...columns)).toBeLessThanOrEqual(110);
  });
});
