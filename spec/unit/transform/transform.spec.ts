import { describe, expect, it } from 'vitest';
import { gradientScaling } from '../../../lib/transform/index.js';

describe('gradientScaling', () => {
  it('brings long gradients to 100 and leaves short ones', () => {
    const scaling = gradientScaling(
      3,
      Float64Array.of(-400, 3),
      Int32Array.of(0, 0, 1, 2),
      Float64Array.of(1, 1e4, 50, 1e14),
    );
    expect(scaling.objective).toBe(0.25);
    expect([...scaling.constraints]).toEqual([0.01, 1, 1e-8]);
  });
});
