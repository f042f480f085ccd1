import { afterEach, describe, expect, it, vi } from 'vitest';
import { sharedToken } from '../../../bin/training/options.js';

describe('the token of a training', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is that of the option, or else of the environment', () => {
    vi.stubEnv('SFT_OPT_TOKEN', 'from outside');
    expect(sharedToken('given')).toBe('given');
    expect(sharedToken(undefined)).toBe('from outside');
    vi.stubEnv('SFT_OPT_TOKEN', undefined);
    expect(sharedToken(undefined)).toBe(undefined);
  });

  it('is never one that anybody has', () => {
    expect(() => sharedToken('')).toThrow('the token is empty');
    vi.stubEnv('SFT_OPT_TOKEN', '');
    expect(() => sharedToken(undefined)).toThrow('the token is empty');
  });
});
