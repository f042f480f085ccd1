import { describe, expect, it } from 'vitest';
import * as z from '../../../lib/schema/index.js';
import {
  Budget,
  commonOptions,
  defineOptions,
  isSolved,
  OptionsError,
  terminations,
} from '../../../lib/solver/index.js';

const options = defineOptions({ ...commonOptions, memory: z.int().min(1).default(5).describe('Pairs kept.') });

describe('options', () => {
  it('have their defaults in one place', () => {
    expect(options.defaults.memory).toBe(5);
    expect(options.resolve({ memory: 7 })).toEqual({ ...options.defaults, memory: 7 });
    expect(options.resolve()).toBe(options.defaults);
    for (const [name, field] of Object.entries(options.schema.shape)) {
      expect(field.description, name).toBeTruthy();
    }
  });

  it('take every default back, the absent limits included', () => {
    expect(options.resolve(options.defaults)).toEqual(options.defaults);
    expect(() => options.resolve({ timeLimitSeconds: NaN })).toThrow(OptionsError);
  });

  it('name every problem at once, unknown keys included', () => {
    const given = { memory: 0, optimalityTolerance: -1, memry: 3 } as never;
    try {
      options.resolve(given);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(OptionsError);
      const text = (error as OptionsError).message;
      for (const word of ['memory', 'optimalityTolerance', 'memry']) expect(text).toContain(word);
      expect((error as OptionsError).issues.length).toBe(3);
    }
  });
});

describe('budget', () => {
  it('allows exactly its limit', () => {
    const budget = new Budget({ maxIterations: 2, maxEvaluations: 10 });
    expect(budget.exhausted(1, 9)).toBeUndefined();
    expect(budget.exhausted(2, 0)).toBe('iteration-limit');
    expect(budget.exhausted(0, 10)).toBe('evaluation-limit');
    expect(new Budget().exhausted(1e9, 1e9)).toBeUndefined();
  });

  it('hands down what is left', () => {
    const controller = new AbortController();
    const budget = new Budget({ maxEvaluations: 10, timeLimitSeconds: 1000, signal: controller.signal });
    const inner = budget.remaining(4, 3);
    expect(inner.maxEvaluations).toBe(6);
    expect(inner.maxIterations).toBe(3);
    expect(inner.timeLimitSeconds).toBeLessThanOrEqual(1000);
    controller.abort();
    expect(inner.exhausted(0, 0)).toBe('interrupted');
  });

  it('ends with its time', () => {
    expect(new Budget({ timeLimitSeconds: 1e-9 }).exhausted(0, 0)).toBe('time-limit');
  });
});

describe('terminations', () => {
  it('claim a solution in two cases only', () => {
    expect(terminations.filter(isSolved)).toEqual(['optimal', 'locally-optimal']);
  });
});
