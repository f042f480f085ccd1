/** All traffic that the small decoder saves, adapters included, at what loss of accuracy and perplexity. */
import { columns } from '../../bin/render/columns.js';
import { loadBackend } from '../../harness/backend/tensorflow.js';
import { studentInterval } from '../../lib/simulate/paired.js';
import { resumable } from '../support/resumable.js';
import { writeResults } from '../support/results.js';
import { judged, scenarioOf, type Judged } from './training.js';

/** Codec of activations and gradients, and of adapters. */
const codings: readonly (readonly [step: string, exchange: string])[] = [
  ['identity', 'identity'],
  ['{ keptFraction: 100 %, bits: 8 }', 'identity'],
  ['{ keptFraction: 100 %, bits: 8 }', '{ keptFraction: 100 %, bits: 8 }'],
  ['{ keptFraction: 100 %, bits: 4 }', '{ keptFraction: 100 %, bits: 8 }'],
  ['{ keptFraction: 100 %, bits: 4 }', '{ keptFraction: 30 %, bits: 4 }'],
  ['{ keptFraction: 100 %, bits: 3 }', '{ keptFraction: 30 %, bits: 4 }'],
  ['{ keptFraction: 100 %, bits: 3, scaleScope: sample }', '{ keptFraction: 30 %, bits: 4 }'],
  [
    '{ up: { keptFraction: 100 %, bits: 3 }, down: { keptFraction: 100 %, bits: 2 } }',
    '{ keptFraction: 30 %, bits: 4 }',
  ],
  ['{ keptFraction: 50 %, bits: 4 }', '{ keptFraction: 30 %, bits: 4 }'],
  ['{ keptFraction: 50 %, bits: 6 }', '{ keptFraction: 100 %, bits: 8 }'],
  ['{ keptFraction: 50 %, bits: 6 }', '{ keptFraction: 50 %, bits: 4 }'],
  ['{ keptFraction: 30 %, bits: 6 }', '{ keptFraction: 30 %, bits: 4 }'],
  ['{ up: { keptFraction: 50 %, bits: 6 }, down: { keptFraction: 10 %, bits: 4 } }', '{ keptFraction: 30 %, bits: 4 }'],
  [
    '{ up: { keptFraction: 100 %, bits: 8 }, down: { keptFraction: 10 %, bits: 4 } }',
    '{ keptFraction: 30 %, bits: 4 }',
  ],
];
const seeds = [1, 2, 3];

function frontierScenario([step, exchange]: (typeof codings)[number], seed: number): string {
  return `version: 1
seed: ${seed}
data: { set: grammar, task: next-word, images: 1920, evaluationImages: 200 }
model: embedded-decoder
lora: { rank: 8, alpha: 16, targets: [query, value, output, up, gate, down] }
training: { rounds: 6, stepsPerRound: 10, batchSize: 16, learningRate: 5e-3, schedule: { cosine: { warmUpSteps: 6 } } }
codec: ${step}
exchange: ${exchange}
devices: [{ name: d, count: 2, cut: 3 }]
`;
}

const points = (values: readonly number[]) => {
  const { mean, halfWidth } = studentInterval(values, 0.95)!;
  return `${(100 * mean).toFixed(2)} ± ${(100 * halfWidth!).toFixed(2)}`;
};

export async function frontier(): Promise<void> {
  const backend = await loadBackend();
  const remembered = resumable<Judged>('decoder-frontier');
  const outcomes: Judged[][] = [];
  for (const coding of codings) {
    const own: Judged[] = [];
    for (const seed of seeds) {
      const text = frontierScenario(coding, seed);
      own.push(await remembered(text, async () => judged(backend, await scenarioOf(text))));
      console.error(`${coding.join(', ')}, seed ${seed}`);
    }
    outcomes.push(own);
  }
  const plain = outcomes[0]!;
  const found = codings.map(([step, exchange], k) => {
    const own = outcomes[k]!;
    return {
      step,
      exchange,
      saved: 1 - own[0]!.bytes / plain[0]!.bytes,
      lost: own.map(({ accuracy }, n) => plain[n]!.accuracy - accuracy),
      perplexityUp: own.map(({ loss }, n) => Math.exp(loss - plain[n]!.loss) - 1),
      accuracy: own.map(({ accuracy }) => accuracy),
      perplexity: own.map(({ loss }) => Math.exp(loss)),
    };
  });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const best = (isKept: (one: (typeof found)[number]) => boolean) =>
    found.filter(isKept).reduce((most, one) => (one.saved > most.saved ? one : most));
  const told = (what: string, one: (typeof found)[number]) =>
    `${what}: ${(100 * one.saved).toFixed(1)} % saved, by ${one.step}, adapters ${one.exchange}`;
  const upper = (values: readonly number[]) => {
    const { mean: middle, halfWidth } = studentInterval(values, 0.95)!;
    return middle + halfWidth!;
  };
  const table = [
    'The embedded decoder on next words: 2 devices, cut 3, 6 rounds of 10 steps, batches of 16, 3 seeds paired with the uncompressed run;',
    '200 held-out texts judged with the codec; ± half of a 95 % interval. Traffic: everything that travels, adapters included.',
    '',
    columns(
      [
        ['activations and gradients', 'adapters', 'saved', 'accuracy', 'points lost', 'perplexity', 'more, %'],
        ...found.map((one) => [
          one.step,
          one.exchange,
          `${(100 * one.saved).toFixed(1)} %`,
          `${(100 * mean(one.accuracy)).toFixed(1)} %`,
          points(one.lost),
          mean(one.perplexity).toFixed(3),
          points(one.perplexityUp),
        ]),
      ],
      [2, 3, 4, 5, 6],
    ),
    '',
    told(
      'at most 1 point lost, on the mean',
      best(({ lost }) => mean(lost) <= 0.01),
    ),
    told(
      'at most 1 point lost, at the upper end',
      best(({ lost }) => upper(lost) <= 0.01),
    ),
    told(
      'perplexity at most 1 % higher, on the mean',
      best(({ perplexityUp }) => mean(perplexityUp) <= 0.01),
    ),
    told(
      'perplexity at most 1 % higher, at the upper end',
      best(({ perplexityUp }) => upper(perplexityUp) <= 0.01),
    ),
    'goal: 93.6 %',
  ].join('\n');
  writeResults('decoder-frontier', 'npx tsx bench/decoder.ts frontier', table, found);
}
