import type { HostTensor } from './host-tensor.js';

/** Takes a stored tensor by its name; what is never taken belongs to another model. */
export type Take = (name: string) => HostTensor | undefined;

/** Hugging Face's GPT-2 or Llama names and layouts, as the project's. */
export function fromDecoder(names: readonly string[], take: Take, blocks: number): Map<string, HostTensor> {
  return names.some((name) => name.endsWith('wte.weight')) ? fromGpt2(names, take, blocks) : fromLlama(take, blocks);
}

/** GPT-2's layers are stored inputs × outputs; its names come with or without `transformer.`. */
function fromGpt2(names: readonly string[], take: Take, blocks: number): Map<string, HostTensor> {
  const full = new Map(names.map((name) => [name.replace(/^transformer\./u, ''), name]));
  const named = new Map<string, HostTensor>();
  const copy = (to: string, from: string, change = (tensor: HostTensor) => tensor) => {
    const tensor = take(full.get(from) ?? from);
    if (tensor) named.set(to, change(tensor));
  };
  copy('token_embed.weight', 'wte.weight');
  copy('pos_embed', 'wpe.weight', ({ shape, values }) => ({ shape: [1, ...shape], values }));
  copy('head.weight', 'lm_head.weight');
  for (const part of ['weight', 'bias']) {
    copy(`norm.${part}`, `ln_f.${part}`);
    for (let block = 0; block < blocks; block++) {
      const [from, to] = [`h.${block}`, `blocks.${block}`];
      const turned = part === 'weight' ? transposed : undefined;
      copy(`${to}.norm1.${part}`, `${from}.ln_1.${part}`);
      copy(`${to}.norm2.${part}`, `${from}.ln_2.${part}`);
      copy(`${to}.attn.qkv.${part}`, `${from}.attn.c_attn.${part}`, turned);
      copy(`${to}.attn.proj.${part}`, `${from}.attn.c_proj.${part}`, turned);
      copy(`${to}.mlp.fc1.${part}`, `${from}.mlp.c_fc.${part}`, turned);
      copy(`${to}.mlp.fc2.${part}`, `${from}.mlp.c_proj.${part}`, turned);
    }
  }
  return named;
}

function fromLlama(take: Take, blocks: number): Map<string, HostTensor> {
  const named = new Map<string, HostTensor>();
  const copy = (to: string, ...from: readonly string[]) => {
    const tensors = from.map((name) => take(`${name}.weight`));
    if (tensors.every((tensor) => tensor !== undefined)) named.set(`${to}.weight`, stacked(tensors));
  };
  copy('token_embed', 'model.embed_tokens');
  copy('norm', 'model.norm');
  copy('head', 'lm_head');
  for (let block = 0; block < blocks; block++) {
    const [from, to] = [`model.layers.${block}`, `blocks.${block}`];
    copy(`${to}.norm1`, `${from}.input_layernorm`);
    copy(`${to}.norm2`, `${from}.post_attention_layernorm`);
    copy(`${to}.attn.qkv`, ...['q', 'k', 'v'].map((part) => `${from}.self_attn.${part}_proj`));
    copy(`${to}.attn.proj`, `${from}.self_attn.o_proj`);
    copy(`${to}.mlp.gate`, `${from}.mlp.gate_proj`);
    copy(`${to}.mlp.fc1`, `${from}.mlp.up_proj`);
    copy(`${to}.mlp.fc2`, `${from}.mlp.down_proj`);
  }
  return named;
}

/** Rows and columns of a matrix exchanged. */
function transposed({ shape, values }: HostTensor): HostTensor {
  const [rows, columns] = shape as [number, number];
  const out = Float32Array.from(values, (_, k) => values[(k % rows) * columns + Math.floor(k / rows)]!);
  return { shape: [columns, rows], values: out };
}

/** Tensors one above the other along their first axis. */
export function stacked(tensors: readonly HostTensor[]): HostTensor {
  const [first] = tensors;
  const values = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.values.length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    values.set(tensor.values, offset);
    offset += tensor.values.length;
  }
  const rows = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
  return { shape: [rows, ...first!.shape.slice(1)], values };
}
