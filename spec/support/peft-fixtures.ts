import { initialAdapters, type AdapterSettings, type AdapterState } from '../../harness/model/adapters.js';
import type { DecoderConfig } from '../../harness/model/config.js';
import { readWeights, withFreshHead, type WeightSet } from '../../harness/model/weights.js';
import { formula, gpt2, llama, storedFormula } from './formula-decoders.js';

/** Adapters that this project writes for PEFT: by the name of their folder. */
export interface OwnAdapters {
  readonly family: 'gpt2' | 'llama';
  readonly config: DecoderConfig;
  readonly weights: WeightSet;
  readonly settings: AdapterSettings;
  readonly state: AdapterState;
}

const base = { rank: 2, alpha: 6, dropout: 0.1 };
const classifier = { kind: 'classifier', classes: 4 } as const;
const cases: Record<string, [DecoderConfig, Pick<AdapterSettings, 'targets' | 'trainHead'>]> = {
  'own-gpt2': [gpt2, { targets: ['query', 'value', 'output', 'down'] }],
  'own-gpt2-key': [gpt2, { targets: ['key', 'up'] }],
  'own-gpt2-classifier': [
    { ...gpt2, head: classifier },
    { targets: ['query', 'key', 'value'], trainHead: true },
  ],
  'own-llama': [llama, { targets: ['query', 'key', 'value', 'output', 'up', 'down', 'gate'] }],
  'own-llama-classifier': [
    { ...llama, head: classifier },
    { targets: ['query', 'gate'], trainHead: true },
  ],
};

export const ownAdapters: ReadonlyMap<string, OwnAdapters> = new Map(
  Object.entries(cases).map(([name, [config, rest]]) => {
    const family = config.gatedMlp ? 'llama' : 'gpt2';
    const settings = { ...base, ...rest };
    const weights = weightsOf(config, family);
    const state = [...initialAdapters(config, settings, 1, weights)].map(([key, { shape }]) => {
      return [key, formula(`${name}.${key}`, shape)] as const;
    });
    return [name, { family, config, weights, settings, state: new Map(state) }];
  }),
);

/** Weights by the formula, with a classifier of zeros in the place of a language model's head. */
function weightsOf(config: DecoderConfig, family: 'gpt2' | 'llama'): WeightSet {
  const whole = readWeights(storedFormula(family), family === 'gpt2' ? gpt2 : llama);
  return config.head.kind === 'classifier' ? withFreshHead(whole, config, 1) : whole;
}
