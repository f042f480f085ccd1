import { describe, expect, it } from 'vitest';
import { solveSqp } from '../../lib/sqp/index.js';
import { contradictions } from '../support/result-checker.js';
import { problemOf, type CatalogueEntry } from './hard/catalogue.js';
import { scalable } from './hard/scalable.js';
import { smallConstrained } from './hard/small-constrained.js';

function check(entry: CatalogueEntry, maxIterations = 1000): void {
  const problem = problemOf(entry);
  const result = solveSqp(problem, { maxIterations });
  const expected = entry.expected ?? 'solved';
  if (expected !== 'solved') {
    expect(result.termination).toContain(expected);
    return;
  }
  if (entry.unqualified && result.termination === 'stalled') {
    // Multipliers of 1e9 would hide the residual: the point is found, and rightly not claimed.
    expect(result.primalStatus).toBe('feasible');
    expect(Math.abs(result.objective - entry.best!)).toBeLessThan(5e-4);
    return;
  }
  expect(result.termination).toMatch(/optimal/);
  expect(contradictions(problem, result, 1e-3)).toEqual([]);
  if (entry.best === undefined || entry.manyMinima) return;
  expect(result.objective).toBeLessThan(entry.best + 1e-4 * Math.abs(entry.best) + 1e-6);
  expect(result.objective).toBeGreaterThan(entry.best - 1e-4 * Math.abs(entry.best) - 2e-5);
}

describe('hard small problems by SQP', () => {
  it.each(smallConstrained.map((entry) => [entry.name, entry] as const))('%s', (_name, entry) => check(entry));
});

describe('classical families by SQP, dense and sparse linear systems', () => {
  const small = scalable(30);
  it.each(small.map((entry) => [entry.name, entry] as const))('%s, about 30 variables', (_name, entry) => check(entry));
  const names = [
    'arwhead',
    'bdqrtic',
    'broydn3d',
    'dixmaani',
    'dtoc1l',
    'engval1',
    'hager1',
    'nondia',
    'optcntrl',
    'orthregc-like',
    'schmvett',
    'svanberg',
    'tridia',
    'ubh1',
    'woods',
  ];
  const large = scalable(600).filter(({ name }) => names.includes(name));
  it.each(large.map((entry) => [entry.name, entry] as const))('%s, about 600 variables', (_name, entry) =>
    check(entry),
  );
  it('tries what it names', () => expect(large).toHaveLength(names.length));
});
