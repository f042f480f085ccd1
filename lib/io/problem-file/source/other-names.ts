/** What other programs call things, with the names they have here. */
const otherNames: Readonly<Record<string, string>> = {
  q_proj: 'query',
  k_proj: 'key',
  v_proj: 'value',
  o_proj: 'output',
  out_proj: 'output',
  gate_proj: 'gate',
  up_proj: 'up',
  down_proj: 'down',
  fc1: 'up',
  fc2: 'down',
  c_proj: 'output',
  vit: 'vit-b16',
  'vit-base': 'vit-b16',
  'vit-large': 'vit-l16',
  'vit-base-patch16': 'vit-b16',
  'vit-large-patch16': 'vit-l16',
  'vit-base-patch16-224': 'vit-b16',
  'vit-large-patch16-224': 'vit-l16',
  deit: 'deit-tiny',
  bert: 'bert-base',
  'bert-base-uncased': 'bert-base',
  'bert-large-uncased': 'bert-large',
  'gpt-2': 'gpt2',
  'llama-2': 'llama-2-7b',
  'llama2-7b': 'llama-2-7b',
  'llama-7b': 'llama-2-7b',
  'llama-13b': 'llama-2-13b',
  'llama-8b': 'llama-3-8b',
  'llama-3': 'llama-3-8b',
  mistral: 'mistral-7b',
  tinyllama: 'tinyllama-1.1b',
};

/** The name here of what others call `name`, if it is one of those allowed. */
export function otherName(name: string, allowed: readonly string[]): string | undefined {
  const key = name.toLowerCase().replaceAll('_', '-');
  const here = [name.toLowerCase(), key].map((each) =>
    Object.hasOwn(otherNames, each) ? otherNames[each] : undefined,
  );
  return here.find((each) => each !== undefined && allowed.includes(each));
}
