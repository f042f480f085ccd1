import type { DecoderConfig } from '../../harness/model/config.js';
import type { HostTensor } from '../../harness/model/weights.js';
import { fromFloat32, writeSafetensors } from '../../lib/io/tensors/index.js';

/** Decoders whose weights are a formula; `bench/peers/decoder_reference.py` has the same. */
const sizes = { vocabulary: 13, tokens: 7, width: 24, blocks: 3, heads: 6, mlpWidth: 40, causal: true } as const;
export const gpt2: DecoderConfig = {
  ...sizes,
  keyValueHeads: 6,
  learnedPositions: 9,
  norm: 'layer',
  normEpsilon: 1e-5,
  activation: 'gelu-tanh',
  gatedMlp: false,
  biases: true,
  head: { kind: 'language-model', tied: true },
};
export const llama: DecoderConfig = {
  ...sizes,
  keyValueHeads: 2,
  learnedPositions: 0,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'silu',
  gatedMlp: true,
  biases: false,
  rotaryBase: 10_000,
  head: { kind: 'language-model', tied: false },
};
const llamaLayers: readonly [string, number, number][] = [
  ['self_attn.q_proj', 24, 24],
  ['self_attn.k_proj', 8, 24],
  ['self_attn.v_proj', 8, 24],
  ['self_attn.o_proj', 24, 24],
  ['mlp.gate_proj', 40, 24],
  ['mlp.up_proj', 40, 24],
  ['mlp.down_proj', 24, 40],
];
const gpt2Layers: readonly [string, number, number][] = [
  ['attn.c_attn', 24, 72],
  ['attn.c_proj', 24, 24],
  ['mlp.c_fc', 24, 40],
  ['mlp.c_proj', 40, 24],
];

/** The same formula as in the script. */
export function formula(name: string, shape: readonly number[]): HostTensor {
  const shift = Buffer.from(name).reduce((sum, byte) => sum + byte, 0);
  const one = /norm|ln_/u.test(name) && name.endsWith('weight') ? 1 : 0;
  const count = shape.reduce((product, extent) => product * extent, 1);
  const values = Float32Array.from({ length: count }, (_, k) => Math.fround(0.2 * Math.sin(0.7 * k + shift)) + one);
  return { shape, values };
}

/** Shapes by Hugging Face's names. */
function storedShapes(family: 'gpt2' | 'llama'): [string, readonly number[]][] {
  const shapes: [string, readonly number[]][] = [];
  const { width, blocks, vocabulary } = sizes;
  if (family === 'llama') {
    shapes.push(['model.embed_tokens.weight', [vocabulary, width]], ['lm_head.weight', [vocabulary, width]]);
    shapes.push(['model.norm.weight', [width]]);
  } else {
    shapes.push(['transformer.wte.weight', [vocabulary, width]], ['transformer.wpe.weight', [9, width]]);
    shapes.push(['transformer.ln_f.weight', [width]], ['transformer.ln_f.bias', [width]]);
  }
  for (let block = 0; block < blocks; block++) {
    const at = family === 'llama' ? `model.layers.${block}` : `transformer.h.${block}`;
    const norms = family === 'llama' ? ['input_layernorm', 'post_attention_layernorm'] : ['ln_1', 'ln_2'];
    for (const norm of norms) {
      shapes.push([`${at}.${norm}.weight`, [width]]);
      if (family === 'gpt2') shapes.push([`${at}.${norm}.bias`, [width]]);
    }
    for (const [layer, rows, columns] of family === 'llama' ? llamaLayers : gpt2Layers) {
      shapes.push([`${at}.${layer}.weight`, [rows, columns]]);
      if (family === 'gpt2') shapes.push([`${at}.${layer}.bias`, [columns]]);
    }
  }
  return shapes;
}

export function storedFormula(family: 'gpt2' | 'llama', without = '', more: readonly string[] = []): Uint8Array {
  const shapes = [...storedShapes(family), ...more.map((name): [string, number[]] => [name, [2]])];
  const tensors = shapes
    .filter(([name]) => name !== without)
    .map(([name, shape]) => fromFloat32(name, shape, formula(name, shape).values));
  return writeSafetensors({ tensors, metadata: {} });
}
