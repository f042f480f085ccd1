import { describe, expect, it } from 'vitest';
import {
  adapterParameters,
  blockActivations,
  blockWork,
  buildCostTable,
  buildProfiledCostTable,
  deviceMemory,
  forwardMultiplyAdds,
  headWork,
  parameterCount,
  parameterCounts,
  serverMemoryPerDevice,
  serverModelBytes,
  stepWork,
  totalBytes,
  trafficColumns,
  transformerPresets,
  type CostTableInput,
  type LoraTarget,
  type PresetName,
} from '../../../lib/models/index.js';

interface BackwardShape {
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  readonly keys: number;
  readonly mlpWidth: number;
  readonly gatedMlp: boolean;
  readonly attentionMemory: 'eager' | 'fused';
}

/** The backward of one block layer by layer, as events that take and free gradients. */
function peakOfBackward({ tokens, width, heads, keys, mlpWidth, gatedMlp, attentionMemory }: BackwardShape): number {
  const live = new Map<string, number>();
  let peak = 0;
  const layer = (made: Readonly<Record<string, number>>, freed: readonly string[] = []) => {
    for (const [name, size] of Object.entries(made)) live.set(name, size);
    peak = Math.max(
      peak,
      [...live.values()].reduce((sum, size) => sum + size, 0),
    );
    for (const name of freed) if (!live.delete(name)) throw new Error(`${name} is not there`);
  };
  const stream = tokens * width;
  const hidden = tokens * mlpWidth;
  layer({ residual: stream });
  layer({ product: hidden });
  if (gatedMlp) {
    layer({ up: hidden, activated: hidden }, ['product']);
    layer({ gate: hidden }, ['activated']);
    layer({ normed: stream }, ['up', 'gate']);
  } else {
    layer({ inner: hidden }, ['product']);
    layer({ normed: stream }, ['inner']);
  }
  layer({}, ['normed']);
  layer({ output: stream });
  if (attentionMemory === 'fused') {
    layer({ query: stream, key: tokens * keys, value: tokens * keys }, ['output']);
  } else {
    const pairs = heads * tokens * tokens;
    layer({ value: tokens * keys, probabilities: pairs }, ['output']);
    layer({ scores: pairs }, ['probabilities']);
    layer({ query: stream, key: tokens * keys }, ['scores']);
  }
  layer({ normed: stream }, ['query', 'key', 'value']);
  return peak;
}

describe('published sizes', () => {
  it.each<[PresetName, number]>([
    ['vit-b16', 86_567_656],
    ['vit-l16', 304_326_632],
    ['deit-tiny', 5_717_416],
    ['deit-small', 22_050_664],
    ['gpt2', 124_439_808],
    ['gpt2-medium', 354_823_168],
    ['gpt2-large', 774_030_080],
    ['gpt2-xl', 1_557_611_200],
    ['bert-base', 109_482_240],
    ['bert-large', 335_141_888],
    ['llama-2-7b', 6_738_415_616],
    ['llama-2-13b', 13_015_864_320],
    ['llama-3-8b', 8_030_261_248],
    ['mistral-7b', 7_241_732_096],
    ['tinyllama-1.1b', 1_100_048_384],
  ])('%s has %i parameters', (name, published) => {
    expect(parameterCount(transformerPresets[name])).toBe(published);
  });

  it.each<[PresetName, number]>([
    ['vit-b16', 17.56],
    ['vit-l16', 61.55],
    ['deit-tiny', 1.25],
    ['deit-small', 4.6],
    ['bert-base', 11.17],
  ])('%s needs %f GMAC a sample', (name, published) => {
    expect(Math.abs(forwardMultiplyAdds(transformerPresets[name]) / 1e9 / published - 1)).toBeLessThan(0.01);
  });
});

function input(overrides: Partial<CostTableInput> = {}): CostTableInput {
  return {
    shape: transformerPresets['deit-tiny'],
    lora: { rank: 8, targets: ['query', 'value'], bytesPerParameter: 4 },
    batchSize: 16,
    memoryMode: 'keep',
    weightBytes: 4,
    activationBytes: 4,
    optimizerFloatsPerParameter: 2,
    deviceFlopsPerSecond: 1e11,
    serverFlopsPerSecond: 2e13,
    deviceOverheadBytes: 0,
    bitsPerValue: 32,
    headerBits: 256,
    allowedBlocks: [1, 2, 3],
    attentionCount: 'full',
    ...overrides,
  };
}

describe('work', () => {
  it('counts a small block as its matrix products listed one by one', () => {
    const shape = { ...transformerPresets['deit-tiny'], width: 6, heads: 2, keyValueHeads: 1, mlpWidth: 10, tokens: 5 };
    const product = (rows: number, inner: number, columns: number) => 2 * rows * inner * columns;
    const frozen = [
      product(5, 6, 6),
      product(5, 6, 3),
      product(5, 6, 3),
      product(5, 6, 6),
      product(5, 6, 10),
      product(5, 10, 6),
    ];
    const attention = [2 * product(5, 3, 5), 2 * product(5, 5, 3)];
    const adapters = [product(5, 6, 4), product(5, 4, 6), product(5, 6, 4), product(5, 4, 3)];
    const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
    const work = blockWork(shape, { rank: 4, targets: ['query', 'value'], bytesPerParameter: 4 }, 'full');
    expect(work.forward).toBe(sum(frozen) + sum(attention) + sum(adapters));
    expect(work.backward).toBe(sum(frozen) + 2 * sum(attention) + 2 * sum(adapters));
    // Without the gradient of the block's input: no products back through query, key, value nor the adapters' first matrix.
    const spared = frozen[0]! + frozen[1]! + frozen[2]! + adapters[0]! + adapters[2]!;
    expect(work.lowestBackward).toBe(work.backward - spared);
  });

  it('fused attention and a pruned lowest block, by hand: 5 tokens, width 6, 2 heads, keys and values of width 3', () => {
    const shape = { ...transformerPresets['deit-tiny'], width: 6, heads: 2, keyValueHeads: 1, mlpWidth: 10, tokens: 5 };
    const lora = { rank: 4, targets: ['query', 'value'] as LoraTarget[], bytesPerParameter: 4 as const };
    const attention = 4 * 5 * 5 * 6;
    const eager = blockWork(shape, lora, 'full');
    const fused = blockWork(shape, lora, 'full', { attentionMemory: 'fused' });
    expect(fused.forward).toBe(eager.forward);
    expect(fused.backward - eager.backward).toBe(0.5 * attention);
    const pruned = blockWork(shape, lora, 'full', { lowestBlock: 'pruned' });
    expect(pruned.backward).toBe(eager.backward);
    expect(eager.lowestBackward - pruned.lowestBackward).toBe(0.5 * attention);
    // Probabilities of 2·5·5 scalars go, 5·6 of the output and 2·5 of the rows come.
    const kept = blockActivations(shape, lora);
    expect(blockActivations(shape, lora, { attentionMemory: 'fused' }).block).toBe(kept.block - 50 + 30 + 10);
    const withOutput = { ...lora, targets: [...lora.targets, 'output'] as LoraTarget[] };
    expect(blockActivations(shape, withOutput, { attentionMemory: 'fused' }).block).toBe(
      blockActivations(shape, withOutput).block - 50 + 10,
    );
    // Queries (5·6) serve only the keys' gradient; without q, k and v adapters nothing of attention is kept, nor before the MLP's norm.
    const lowest = (targets: LoraTarget[]) =>
      blockActivations(shape, { ...lora, targets }).lowestBlock -
      blockActivations(shape, { ...lora, targets }, { lowestBlock: 'pruned' }).lowestBlock;
    expect(lowest(['query', 'value'])).toBe(30);
    expect(lowest(['key'])).toBe(15);
    expect(lowest(['query', 'key'])).toBe(0);
    expect(lowest(['value'])).toBe(30 + 15 + 15);
    expect(lowest(['up'])).toBe(30 + 15 + 15 + 50 + 30);
    // Behind the activation function its input (5·10) serves nothing either.
    expect(lowest(['down'])).toBe(30 + 15 + 15 + 50 + 30 + 50);
  });

  it('gradients alive at once are those of a backward pass that frees what nothing needs any more', () => {
    for (const gatedMlp of [false, true]) {
      for (const attentionMemory of ['eager', 'fused'] as const) {
        for (const [tokens, mlpWidth] of [
          [5, 10],
          [40, 10],
          [5, 400],
          [5, 3],
        ] as const) {
          const small = { ...transformerPresets['deit-tiny'], width: 6, heads: 2, keyValueHeads: 1, blocks: 4 };
          const shape = { ...small, mlpWidth, tokens, gatedMlp };
          const ignored = input({ shape, attentionMemory });
          const counted = input({ shape, attentionMemory, gradientTemporaries: 'counted' });
          const more = (blocks: number) =>
            (totalBytes(deviceMemory(counted, blocks, 0)) - totalBytes(deviceMemory(ignored, blocks, 0))) /
            (ignored.batchSize * ignored.activationBytes);
          const peak = peakOfBackward({ tokens, width: 6, heads: 2, keys: 3, mlpWidth, gatedMlp, attentionMemory });
          expect([0, 1, 3].map(more)).toEqual([0, peak, peak]);
          const head = 6 + (shape.head.kind === 'classifier' ? shape.head.classes : NaN);
          expect(more(4)).toBe(Math.max(peak, head));
          const server = serverMemoryPerDevice(counted, 3) - serverMemoryPerDevice(ignored, 3);
          expect(server / (ignored.batchSize * ignored.activationBytes)).toBe(Math.max(peak, head));
        }
      }
    }
  });

  it('a trained head, by hand: DeiT-Tiny with Adam has 192·1000 + 1000 weights and a norm of 384', () => {
    const head = 192 * 1000 + 1000 + 2 * 192;
    const frozen = input();
    const trained = input({ trainedHead: true });
    const last = frozen.shape.blocks;
    expect(deviceMemory(trained, last, 0).adapterBytes - deviceMemory(frozen, last, 0).adapterBytes).toBe(12 * head);
    expect(deviceMemory(trained, 3, 0)).toEqual(deviceMemory(frozen, 3, 0));
    expect(serverMemoryPerDevice(trained, 3) - serverMemoryPerDevice(frozen, 3)).toBe(16 * head);
    const [before, after] = [trafficColumns(frozen), trafficColumns(trained)];
    expect(after.adapterBits[last]! - before.adapterBits[last]!).toBe(32 * head);
    expect(after.adapterBits[3]).toBe(before.adapterBits[3]);
    // One more product of 2·192·1000 a sample, 16 samples.
    expect(stepWork(trained).server[3]! - stepWork(frozen).server[3]!).toBeCloseTo(16 * 2 * 192 * 1000, 0);
    expect(stepWork(trained).deviceBackward[last]! - stepWork(frozen).deviceBackward[last]!).toBeCloseTo(
      16 * 2 * 192 * 1000,
      0,
    );
  });

  it('spares about a quarter of the lowest backward with adapters on query and value', () => {
    const work = blockWork(transformerPresets['vit-b16'], input().lora, 'full');
    expect(1 - work.lowestBackward / work.backward).toBeGreaterThan(0.2);
    expect(1 - work.lowestBackward / work.backward).toBeLessThan(0.3);
  });

  it.each<[LoraTarget[], LoraTarget[]]>([
    [['query'], ['value']],
    [['value'], ['output']],
    [['output'], ['up']],
    [['up'], ['down']],
  ])('needs less of the lowest block the later its first adapter stands: %j before %j', (early, late) => {
    const lowest = (targets: LoraTarget[]) =>
      blockWork(transformerPresets['vit-b16'], { ...input().lora, targets }, 'full').lowestBackward;
    expect(lowest(late)).toBeLessThan(lowest(early));
  });

  it('splits without loss: prefix + suffix = whole', () => {
    const settings = input();
    const work = stepWork(settings);
    const last = settings.shape.blocks;
    const { lowestBackward, backward } = blockWork(settings.shape, settings.lora, 'full');
    for (let blocks = 1; blocks < last; blocks++) {
      // The server's lowest block needs the gradient of its input, the whole model's does not: that is the split's price.
      const whole = work.deviceForward[last]! + work.deviceBackward[last]!;
      const split = work.deviceForward[blocks]! + work.deviceBackward[blocks]! + work.server[blocks]!;
      expect(split / whole).toBeCloseTo(1, 12);
    }
    const atZero = work.deviceForward[0]! + work.server[0]!;
    expect(atZero).toBeCloseTo(work.deviceForward[last]! + work.deviceBackward[last]!, 3);
    expect(lowestBackward).toBeLessThan(backward);
  });

  it('is affine on 1 ≤ c ≤ L − 1 with a negative intercept of the backward', () => {
    const work = stepWork(input());
    const slope = work.deviceBackward[2]! - work.deviceBackward[1]!;
    for (let blocks = 2; blocks < 11; blocks++) {
      expect(work.deviceBackward[blocks + 1]! - work.deviceBackward[blocks]!).toBeCloseTo(slope, 3);
    }
    expect(work.deviceBackward[1]! - slope).toBeLessThan(0);
  });

  it('adds one forward to the backward when activations are recomputed', () => {
    const keep = stepWork(input());
    const recompute = stepWork(input({ memoryMode: 'recompute' }));
    const { forward } = blockWork(input().shape, input().lora, 'full');
    expect(recompute.deviceBackward[4]! - keep.deviceBackward[4]!).toBeCloseTo(16 * 4 * forward, 0);
  });

  it('counts causal attention half where asked', () => {
    const shape = transformerPresets.gpt2;
    const lora = input().lora;
    const difference = blockWork(shape, lora, 'full').forward - blockWork(shape, lora, 'half').forward;
    expect(difference).toBe(2 * shape.tokens ** 2 * shape.width);
  });

  it('lets a language model’s head work on every token', () => {
    const shape = transformerPresets.gpt2;
    expect(headWork(shape)).toBe(2 * 512 * 768 * 50_257);
  });
});

describe('memory', () => {
  it('equals a count by hand for DeiT-Tiny, batch 16, cut 3', () => {
    const settings = input();
    const stream = 197 * 192;
    const perBlock = 2 * stream + (3 * stream + 3 * 197 ** 2) + 4 * stream + stream + 2 * 197 * 8;
    expect(blockActivations(settings.shape, settings.lora)).toEqual({
      block: perBlock,
      lowestBlock: perBlock - stream,
    });
    const adapters = 2 * 8 * (192 + 192);
    expect(adapterParameters(settings.shape, settings.lora)).toBe(adapters);
    const memory = deviceMemory(settings, 3, 1000);
    expect(memory.activationBytes).toBe(16 * 4 * (3 * perBlock - stream));
    expect(memory.adapterBytes).toBe(3 * adapters * 16);
    expect(memory.blockBytes).toBe(3 * 444_864 * 4);
    expect(memory.embeddingBytes).toBe((768 * 192 + 192 + 192 + 197 * 192) * 4);
    expect(totalBytes(memory)).toBe(
      memory.activationBytes + memory.adapterBytes + memory.blockBytes + memory.embeddingBytes + 1000,
    );
  });

  it('holds the whole model at c = L and once on the server', () => {
    const { shape } = input();
    const counts = parameterCounts(shape);
    const memory = deviceMemory(input(), shape.blocks, 0);
    expect(memory.embeddingBytes + memory.blockBytes + memory.headBytes).toBe(counts.total * 4);
    expect(serverModelBytes(shape, 4)).toBe(counts.total * 4);
  });

  it('recomputing holds less than keeping from two blocks on', () => {
    for (let blocks = 2; blocks <= 12; blocks++) {
      const keep = deviceMemory(input(), blocks, 0).activationBytes;
      expect(deviceMemory(input({ memoryMode: 'recompute' }), blocks, 0).activationBytes).toBeLessThan(keep);
    }
  });

  it('is affine in c on the regular range', () => {
    const { deviceMemoryBytes, serverMemoryBytes } = buildCostTable(input());
    for (const column of [deviceMemoryBytes, serverMemoryBytes]) {
      for (let blocks = 2; blocks < 11; blocks++) {
        expect(column[blocks + 1]! - 2 * column[blocks]! + column[blocks - 1]!).toBeCloseTo(0, 6);
      }
    }
  });
});

describe('cost tables', () => {
  it('send nothing at c = L and no gradient at c = 0', () => {
    const table = buildCostTable(input());
    expect(table.upValues[12]).toBe(0);
    expect(table.downValues[12]).toBe(0);
    expect(table.downValues[0]).toBe(0);
    expect(table.upValues[0]).toBe(16 * 197 * 192);
    expect(table.serverSeconds[12]).toBe(0);
    expect(table.adapterBits[3]).toBe(3 * 32 * 2 * 8 * 384);
  });

  it('take a measured profile in place of counts', () => {
    const table = buildProfiledCostTable(
      input(),
      {
        forwardSeconds: { fixed: 0.002, perBlock: 0.01 },
        backwardSeconds: { fixed: -0.003, perBlock: 0.02 },
        serverSeconds: { fixed: 0.001, perBlock: 0.005 },
        deviceMemoryBytes: { fixed: 1e6, perBlock: 2e6 },
      },
      3,
      0.5,
    );
    expect(table.forwardSeconds[4]).toBeCloseTo(0.126, 12);
    expect(table.backwardSeconds[4]).toBeCloseTo(0.231, 12);
    expect(table.backwardSeconds[0]).toBe(0);
    expect(table.serverSeconds[4]).toBeCloseTo(0.0205, 12);
    expect(table.serverSeconds[12]).toBe(0);
    expect(table.deviceMemoryBytes[5]).toBe(11e6);
    expect(table.serverMemoryBytes).toEqual(buildCostTable(input()).serverMemoryBytes);
  });
});
