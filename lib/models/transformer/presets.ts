import type { TransformerShape } from './shape.js';

function vit(blocks: number, width: number, heads: number): TransformerShape {
  return {
    blocks,
    width,
    heads,
    keyValueHeads: heads,
    mlpWidth: 4 * width,
    gatedMlp: false,
    tokens: 197,
    biases: true,
    norm: 'layer',
    finalNorm: true,
    causal: false,
    embedding: { kind: 'patches', patchSize: 16, channels: 3, classToken: true },
    head: { kind: 'classifier', classes: 1000 },
  };
}

function gpt2(blocks: number, width: number, heads: number): TransformerShape {
  return {
    blocks,
    width,
    heads,
    keyValueHeads: heads,
    mlpWidth: 4 * width,
    gatedMlp: false,
    tokens: 512,
    biases: true,
    norm: 'layer',
    finalNorm: true,
    causal: true,
    embedding: { kind: 'tokens', vocabulary: 50_257, positions: 1024, types: 0, norm: false },
    head: { kind: 'language-model', tied: true },
  };
}

function bert(blocks: number, width: number, heads: number): TransformerShape {
  return {
    blocks,
    width,
    heads,
    keyValueHeads: heads,
    mlpWidth: 4 * width,
    gatedMlp: false,
    tokens: 128,
    biases: true,
    norm: 'layer',
    finalNorm: false,
    causal: false,
    embedding: { kind: 'tokens', vocabulary: 30_522, positions: 512, types: 2, norm: true },
    head: { kind: 'pooler' },
  };
}

function llama(
  blocks: number,
  width: number,
  heads: number,
  keyValueHeads: number,
  mlpWidth: number,
  vocabulary: number,
): TransformerShape {
  return {
    blocks,
    width,
    heads,
    keyValueHeads,
    mlpWidth,
    gatedMlp: true,
    tokens: 512,
    biases: false,
    norm: 'rms',
    finalNorm: true,
    causal: true,
    embedding: { kind: 'tokens', vocabulary, positions: 0, types: 0, norm: false },
    head: { kind: 'language-model', tied: false },
  };
}

/**
 * Published shapes: Dosovitskiy et al. 2021 (ViT), Touvron et al. 2021 (DeiT), Radford et al. 2019 (GPT-2), Devlin et
 * al. 2019 (BERT), Touvron et al. 2023 (Llama 2), Jiang et al. 2023 (Mistral), Zhang et al. 2024 (TinyLlama). Tokens
 * are a usual fine-tuning length and may be changed: 197 for images of 224 pixels, 512 or 128 for text.
 */
export const transformerPresets = {
  'vit-b16': vit(12, 768, 12),
  'vit-l16': vit(24, 1024, 16),
  'deit-tiny': vit(12, 192, 3),
  'deit-small': vit(12, 384, 6),
  'deit-base': vit(12, 768, 12),
  gpt2: gpt2(12, 768, 12),
  'gpt2-medium': gpt2(24, 1024, 16),
  'gpt2-large': gpt2(36, 1280, 20),
  'gpt2-xl': gpt2(48, 1600, 25),
  'bert-base': bert(12, 768, 12),
  'bert-large': bert(24, 1024, 16),
  'llama-2-7b': llama(32, 4096, 32, 32, 11_008, 32_000),
  'llama-2-13b': llama(40, 5120, 40, 40, 13_824, 32_000),
  'llama-3-8b': llama(32, 4096, 32, 8, 14_336, 128_256),
  'mistral-7b': llama(32, 4096, 32, 8, 14_336, 32_000),
  'tinyllama-1.1b': llama(22, 2048, 32, 4, 5632, 32_000),
} as const satisfies Record<string, TransformerShape>;

/** Name of a transformer whose shape is built in. */
export type PresetName = keyof typeof transformerPresets;
