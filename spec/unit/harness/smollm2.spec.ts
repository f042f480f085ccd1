import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { loadTokenizer } from '../../../harness/data/text/tokenizer.js';
import { hasSmollm2, Smollm2, smollm2File, smollm2Reference } from '../../support/smollm2.js';

if (!hasSmollm2) console.log('skipping SmolLM2: run `npm run setup:smollm2` first');

describe.skipIf(!hasSmollm2)('SmolLM2', { timeout: 300_000 }, () => {
  const reference = smollm2Reference();
  const { ids, step } = reference;
  let tf: Tf;
  let smollm2: Smollm2;
  beforeAll(async () => {
    ({ tf } = await loadBackend());
    smollm2 = await Smollm2.load(tf, reference);
  }, 300_000);
  afterAll(() => smollm2.dispose());
  const apart = (found: Float32Array, wanted: readonly number[]) => {
    expect(wanted.length).toBe(Math.ceil(found.length / step));
    return wanted.reduce((most, value, k) => Math.max(most, Math.abs(value - found[k * step]!)), 0);
  };

  it('is the file of the reference, and has its tokens', async () => {
    expect(createHash('sha256').update(readFileSync(smollm2File)).digest('hex')).toBe(reference.file);
    const tokenizer = await loadTokenizer(smollm2File);
    expect([...tokenizer.encode(reference.text)]).toEqual(ids);
  });

  it('has the logits of PyTorch', () => {
    const logits = smollm2.logits(10);
    expect(logits.length).toBe(49_152 * ids.length);
    expect(apart(logits, reference.logits) / reference.range).toBeLessThan(1e-5);
    const greedy = ids.map((_, row) => {
      const own = logits.subarray(49_152 * row, 49_152 * (row + 1));
      return own.reduce((best, value, k) => (value > own[best]! ? k : best), 0);
    });
    expect(greedy).toEqual(reference.greedy);
  });

  it('has the loss and the gradients of PyTorch, alike at every cut and in both memory modes', () => {
    const own = smollm2.step(10, 'keep');
    expect(Math.abs(own.loss / reference.loss - 1)).toBeLessThan(1e-5);
    expect([...own.gradients.keys()].sort()).toEqual(Object.keys(reference.gradients).sort());
    expect(own.gradients.size).toBe(30 * 3 * 2);
    // A matrix of small gradients has the rounding errors of larger ones: PyTorch in float32 is up to 4.5e-4 apart there.
    const largestOfAll = Math.max(...Object.values(reference.gradients).map(({ largest }) => largest));
    const worstOfPeer = Math.max(...reference.float32.ofOwn);
    for (const [name, { largest, values }] of Object.entries(reference.gradients)) {
      const difference = apart(own.gradients.get(name)!, values);
      expect(difference / largestOfAll, name).toBeLessThan(1e-5);
      expect(difference / largest, name).toBeLessThan(worstOfPeer / 4);
    }
    const tensors = tf.memory().numTensors;
    expect(smollm2.step(27, 'recompute')).toEqual(own);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
