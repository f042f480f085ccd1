import type { BlockConfig } from './config.js';

/** Values of a stored tensor. */
export interface DecodedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Takes a stored tensor by its name; what is never taken belongs to another model. */
export type Take = (name: string) => DecodedTensor | undefined;

/** A file's own names and layouts of `blocks` blocks as the project's. */
export type Naming = (names: readonly string[], take: Take, blocks: number) => Map<string, DecodedTensor>;

/** Hugging Face's GPT-2 or Llama names and layouts, as the project's. */
export function fromDecoder(names: readonly string[], take: Take, blocks: number): Map<string, DecodedTensor> {
  return names.some((name) => name.endsWith('wte.weight')) ? fromGpt2(names, take, blocks) : fromLlama(take, blocks);
}

/** GPT-2's layers are stored inputs × outputs; its names come with or without `transformer.`. */
function fromGpt2(names: readonly string[], take: Take, blocks: number): Map<string, DecodedTensor> {
  const full = new Map(names.map((name) => [name.replace(/^transformer\./u, ''), name]));
  const named = new Map<string, DecodedTensor>();
  const copy = (to: string, from: string, change = (tensor: DecodedTensor) => tensor) => {
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

function fromLlama(take: Take, blocks: number): Map<string, DecodedTensor> {
  const named = new Map<string, DecodedTensor>();
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

/**
 * GGUF's names of both families. Layers are stored outputs × inputs; of a Llama, rows of queries and keys lie for rotary
 * positions that turn neighbouring pairs.
 */
export function fromGguf({ heads, keyValueHeads, rotaryBase }: BlockConfig): Naming {
  return (_, take, blocks) => {
    const named = new Map<string, DecodedTensor>();
    const copy = (to: string, ...from: readonly string[]) => {
      for (const part of ['weight', 'bias']) {
        const tensors = from.map((name) => take(`${name}.${part}`));
        if (!tensors.every((tensor) => tensor !== undefined)) continue;
        const [query, key, value] = tensors as [DecodedTensor, DecodedTensor, DecodedTensor];
        const isSplit = tensors.length === 3 && rotaryBase !== undefined;
        named.set(
          `${to}.${part}`,
          stacked(isSplit ? [halved(query, heads), halved(key, keyValueHeads), value] : tensors),
        );
      }
    };
    copy('token_embed', 'token_embd');
    copy('norm', 'output_norm');
    copy('head', 'output');
    const positions = take('position_embd.weight');
    if (positions) named.set('pos_embed', { shape: [1, ...positions.shape], values: positions.values });
    for (let block = 0; block < blocks; block++) {
      const [from, to] = [`blk.${block}`, `blocks.${block}`];
      copy(`${to}.norm1`, `${from}.attn_norm`);
      copy(`${to}.norm2`, `${from}.ffn_norm`);
      if (rotaryBase === undefined) copy(`${to}.attn.qkv`, `${from}.attn_qkv`);
      else copy(`${to}.attn.qkv`, `${from}.attn_q`, `${from}.attn_k`, `${from}.attn_v`);
      copy(`${to}.attn.proj`, `${from}.attn_output`);
      copy(`${to}.mlp.gate`, `${from}.ffn_gate`);
      copy(`${to}.mlp.fc1`, `${from}.ffn_up`);
      copy(`${to}.mlp.fc2`, `${from}.ffn_down`);
    }
    return named;
  };
}

/** llama2.c's names; rotary positions turn neighbouring pairs there. */
export function fromLlama2c({ heads, keyValueHeads }: BlockConfig): Naming {
  return (names, take, blocks) => {
    const named = new Map(
      names.filter((name) => !/\.[qkv]$/u.test(name)).map((name) => [`${name}.weight`, take(name)!] as const),
    );
    for (let block = 0; block < blocks; block++) {
      const [q, k, v] = ['q', 'k', 'v'].map((part) => take(`blocks.${block}.${part}`)!);
      named.set(`blocks.${block}.attn.qkv.weight`, stacked([halved(q!, heads), halved(k!, keyValueHeads), v!]));
    }
    return named;
  };
}

/** Rows and columns of a matrix exchanged. */
function transposed({ shape, values }: DecodedTensor): DecodedTensor {
  const [rows, columns] = shape as [number, number];
  const out = Float32Array.from(values, (_, k) => values[(k % rows) * columns + Math.floor(k / rows)]!);
  return { shape: [columns, rows], values: out };
}

/** Tensors one above the other along their first axis. */
export function stacked(tensors: readonly DecodedTensor[]): DecodedTensor {
  const [first] = tensors;
  const values = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.values.length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    values.set(tensor.values, offset);
    offset += tensor.values.length;
  }
  const row = first!.shape.slice(1);
  const areAlike = tensors.every(({ shape }) => shape.slice(1).join() === row.join());
  // Of unlike tensors nothing is left that the model's shape could be taken for.
  if (!areAlike) return { shape: [values.length], values };
  return { shape: [tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0), ...row], values };
}

/** Rows of each head that rotary positions turn in neighbouring pairs, as those that turn entry k against k + half. */
function halved({ shape, values }: DecodedTensor, heads: number): DecodedTensor {
  const [rows, columns] = shape as [number, number];
  const perHead = rows / heads;
  // Of another model, which the shape will show.
  if (shape.length !== 2 || perHead % 2 !== 0) return { shape, values };
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const k = row % perHead;
    const from = row - k + (k < perHead / 2 ? 2 * k : 2 * (k - perHead / 2) + 1);
    out.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return { shape, values: out };
}
