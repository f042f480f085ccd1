import type { AdapterTarget } from './adapters.js';

/** Families whose layers Hugging Face names differently. */
export type PeftFamily = 'vit' | 'gpt2' | 'llama';

/** A layer that carries an adapter in a file; GPT-2 has queries, keys and values in one. */
export type PeftTarget = AdapterTarget | 'fused';

interface FamilyNames {
  /** What stands before the number of a block. */
  readonly layers: string;
  readonly modules: Readonly<Partial<Record<PeftTarget, string>>>;
  /** Classifier of images, or of each token. */
  readonly classifier: string;
}

export const peftNames: Readonly<Record<PeftFamily, FamilyNames>> = {
  vit: {
    layers: 'vit.encoder.layer.',
    classifier: 'classifier',
    modules: {
      query: 'attention.attention.query',
      key: 'attention.attention.key',
      value: 'attention.attention.value',
      output: 'attention.output.dense',
      up: 'intermediate.dense',
      down: 'output.dense',
    },
  },
  gpt2: {
    layers: 'transformer.h.',
    classifier: 'classifier',
    modules: {
      fused: 'attn.c_attn',
      output: 'attn.c_proj',
      up: 'mlp.c_fc',
      down: 'mlp.c_proj',
    },
  },
  llama: {
    layers: 'model.layers.',
    classifier: 'score',
    modules: {
      query: 'self_attn.q_proj',
      key: 'self_attn.k_proj',
      value: 'self_attn.v_proj',
      output: 'self_attn.o_proj',
      up: 'mlp.up_proj',
      down: 'mlp.down_proj',
      gate: 'mlp.gate_proj',
    },
  },
};

/** Family of a stored name, and its own name `<block>.<target>.<part>`; undefined for what is no adapter of these families. */
export function parsePeftName(stored: string): { readonly family: PeftFamily; readonly name: string } | undefined {
  const match = /(?:^|\.)(layer|h|layers)\.(\d+)\.(.+)\.(lora_A|lora_B)(?:\.default)?\.weight$/u.exec(stored);
  if (!match) return undefined;
  const [, container, block, module, matrix] = match;
  const family = container === 'layer' ? 'vit' : container === 'h' ? 'gpt2' : 'llama';
  const target = Object.entries(peftNames[family].modules).find(([, name]) => name === module)?.[0];
  return target ? { family, name: `${block}.${target}.${matrix === 'lora_A' ? 'down' : 'up'}` } : undefined;
}
