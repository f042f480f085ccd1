import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { embeddedConfig } from '../../../harness/model/embedded.js';
import type { VitConfig } from '../../../harness/model/config.js';
import { randomWeights, readWeights, WeightError, type HostTensor } from '../../../harness/model/weights.js';
import { fromFloat32, writeSafetensors, type StoredTensor } from '../../../lib/io/tensors/index.js';

const config: VitConfig = {
  imageSize: 16,
  patchSize: 8,
  channels: 3,
  width: 8,
  blocks: 2,
  heads: 2,
  mlpWidth: 16,
  classes: 4,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};
const weights = randomWeights(config, 3);
const stored = (all: Iterable<[string, HostTensor]>): StoredTensor[] =>
  [...all].map(([name, { shape, values }]) => fromFloat32(name, shape, values));
const file = (tensors: readonly StoredTensor[]) => writeSafetensors({ tensors, metadata: {} });
const one = (name: string, shape = [8]) => fromFloat32(name, shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
const own = stored(weights);

/** The same weights as Hugging Face names them. */
function huggingFace(): StoredTensor[] {
  const renamed = new Map<string, HostTensor>();
  for (const [name, tensor] of weights) {
    const [, block, rest] = /^blocks\.(\d+)\.(.*)\.(?:weight|bias)$/u.exec(name) ?? [];
    const part = name.endsWith('.bias') ? 'bias' : 'weight';
    const layer = `vit.encoder.layer.${block}`;
    const inBlock: Record<string, string> = {
      norm1: 'layernorm_before',
      norm2: 'layernorm_after',
      'attn.proj': 'attention.output.dense',
      'mlp.fc1': 'intermediate.dense',
      'mlp.fc2': 'output.dense',
    };
    if (rest === 'attn.qkv') {
      const third = tensor.values.length / 3;
      ['query', 'key', 'value'].forEach((target, k) => {
        const values = tensor.values.slice(k * third, (k + 1) * third);
        const shape = [tensor.shape[0]! / 3, ...tensor.shape.slice(1)];
        renamed.set(`${layer}.attention.attention.${target}.${part}`, { shape, values });
      });
    } else if (rest !== undefined) renamed.set(`${layer}.${inBlock[rest]!}.${part}`, tensor);
    else {
      const other = name
        .replace(/^cls_token/u, 'vit.embeddings.cls_token')
        .replace(/^pos_embed/u, 'vit.embeddings.position_embeddings')
        .replace(/^patch_embed\.proj/u, 'vit.embeddings.patch_embeddings.projection')
        .replace(/^norm/u, 'vit.layernorm')
        .replace(/^head/u, 'classifier');
      renamed.set(other, tensor);
    }
  }
  return stored(renamed);
}

describe('weights', () => {
  it('are read under either naming, with what is known to be harmless beside them', () => {
    const ids: StoredTensor = { name: 'embeddings.position_ids', dtype: 'I64', shape: [1], bytes: new Uint8Array(8) };
    expect([...readWeights(file([...own, one('mask_token'), ids]), config)]).toEqual([...weights]);
    const others = [...huggingFace(), one('vit.pooler.dense.weight', [8, 8]), one('vit.pooler.dense.bias')];
    expect([...readWeights(file(others), config)]).toEqual([...weights]);
  });

  it.each([
    ['a layer scale', 'blocks.0.ls1.gamma'],
    ['norms of queries', 'blocks.1.attn.q_norm.weight'],
    ['a norm before the blocks', 'norm_pre.weight'],
    ['a norm of its own before the head', 'fc_norm.weight'],
    ['a distillation token', 'dist_token'],
    ['more blocks', 'blocks.2.norm1.weight'],
    ['a name that moves the cursor', 'blocks.0.\u001b[2J'],
  ])('of a model with %s are refused by name', (_, name) => {
    const reading = () => readWeights(file([...own, one(name)]), config);
    expect(reading).toThrow(WeightError);
    expect(reading).toThrow(`of another model: ${JSON.stringify(name).slice(1, -1)}`);
  });

  it('of Hugging Face’s naming are no less looked at', () => {
    const extra = one('vit.encoder.layer.0.layer_scale1.lambda1');
    expect(() => readWeights(file([...huggingFace(), extra]), config)).toThrow('layer_scale1.lambda1');
    const less = huggingFace().filter(({ name }) => !name.endsWith('layer.1.attention.attention.key.bias'));
    expect(() => readWeights(file(less), config)).toThrow('blocks.1.attn.qkv.bias is missing');
  });

  it('that are missing or not finite are named, all of them', () => {
    const broken = own.flatMap((tensor) => {
      if (tensor.name === 'norm.bias') return [];
      if (tensor.name !== 'blocks.0.mlp.fc1.bias') return [tensor];
      return [fromFloat32(tensor.name, tensor.shape, new Float32Array(16).fill(NaN))];
    });
    const reading = () => readWeights(file([...broken, one('extra')]), config);
    for (const reason of ['norm.bias is missing', 'fc1.bias has values that are not finite', 'another model: extra']) {
      expect(reading).toThrow(reason);
    }
  });

  it('that come with the project hold nothing else', () => {
    const bytes = readFileSync(new URL('../../../harness/data/embedded-vit.safetensors', import.meta.url));
    expect(readWeights(bytes, embeddedConfig).size).toBeGreaterThan(70);
  });
});
