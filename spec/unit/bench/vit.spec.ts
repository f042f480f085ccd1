import { describe, expect, it } from 'vitest';
import { type VitSizes, runVit } from '../../../bench/tensors/vit.js';
import { quickRandom } from '../../support/quick-random.js';

const sizes: VitSizes = { width: 8, heads: 2, blocks: 2, patch: 16, epsilon: 1e-6 };

function randomWeights(): (name: string) => Float32Array {
  const known = new Map<string, Float32Array>();
  const lengths: Record<string, number> = {
    'attn.qkv.weight': 24 * 8,
    'attn.qkv.bias': 24,
    'attn.proj.weight': 64,
    'mlp.fc1.weight': 16 * 8,
    'mlp.fc1.bias': 16,
    'mlp.fc2.weight': 8 * 16,
    'head.weight': 8 * 8,
  };
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const random = quickRandom(Array.from(name).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) | 0);
    const length = lengths[name.replace(/^blocks\.\d+\./, '')] ?? 8;
    const made = Float32Array.from({ length }, () => random() * 1.2 - 0.6 + (name.includes('norm') ? 1 : 0));
    known.set(name, made);
    return made;
  };
}

describe('the fixed transformer', () => {
  it('has the gradients that differences of its loss give', () => {
    const weights = randomWeights();
    const random = quickRandom(1);
    const tokens = Float32Array.from({ length: 2 * 5 * 8 }, () => random() * 2 - 1);
    const labels = [3, 6];
    const { gradients } = runVit(weights, sizes, tokens, labels);
    const step = 2e-3;
    let checked = 0;
    for (let i = 0; i < tokens.length; i += 3) {
      const shifted = (by: number): number => {
        const moved = tokens.slice();
        moved[i]! += by;
        return runVit(weights, sizes, moved, labels).loss;
      };
      const difference = (shifted(step) - shifted(-step)) / (2 * step);
      expect(Math.abs(gradients[0]![i]! - difference)).toBeLessThan(2e-3 + 0.01 * Math.abs(difference));
      checked++;
    }
    expect(checked).toBe(27);
    // The gradients are not all small: the comparison could fail.
    expect(Math.max(...gradients[0]!.map(Math.abs))).toBeGreaterThan(0.02);
  });
});
