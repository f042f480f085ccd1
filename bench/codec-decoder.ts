/**
 * Ways to code a decoder's activations and gradients, at equal bits: what shares a scale, a Hadamard rotation before
 * quantization, outlier channels or the first token kept apart, channels divided by their size; and the rate model on them.
 * `npx tsx bench/codec-decoder.ts <model> [cut …]` with `stories260K` or `smollm2` prints errors and next-token losses and
 * writes bench/results/codec-decoder-<model>-<cut>.txt and .json for each cut. What is stopped goes on where it was.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadBackend, type Tensor } from '../harness/backend/tensorflow.js';
import { loadTokenizer } from '../harness/data/text/tokenizer.js';
import { FrozenWeights } from '../harness/model/frozen-weights.js';
import { DevicePart, ServerPart } from '../harness/model/parts.js';
import { loadDecoder } from '../harness/model/stored-decoder.js';
import { encode } from '../lib/codec/index.js';
import { predictRate, summarizeLayer } from '../lib/models/codec-rate/index.js';
import { coders, median, outlierChannels, type Coder, type Point, type Rows } from './support/decoder-coders.js';
import { writeResults } from './support/results.js';

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The published stories, which the model knows; the project's own text for the other. */
const models = {
  stories260K: {
    path: pathOf('../../shared/data/llama2-260k/tinystories_260k_v1.bin'),
    text: () => {
      const page = readFileSync(pathOf('../../shared/data/llama2-260k/stories260K.md'), 'utf8');
      return [...page.matchAll(/Once upon a time[^`]*/gu)].join('').replace(/\s+/gu, ' ');
    },
    tokens: 64,
    batch: 3,
    cuts: [1, 2, 4],
  },
  smollm2: {
    path: pathOf('../.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'),
    text: () => readFileSync(pathOf('../docs/model.md'), 'utf8'),
    tokens: 64,
    batch: 2,
    cuts: [3, 15, 27],
  },
};
type ModelName = keyof typeof models;

const grid: readonly Point[] = [
  [0.05, 3],
  [0.15, 4],
  [0.3, 4],
  [0.6, 4],
  [1, 3],
  [1, 4],
  [1, 5],
].map(([keptFraction, bits]) => ({ keptFraction: keptFraction!, bits: bits! }));
const equalBits = [0.6, 1, 2, 3];
/** Batches for the rate model, and pieces of text in each where there is text enough. */
const rateBatches = 4;
const ratePieces = 6;
/** Largest mean error of the rate model. */
const rateBar = 0.02;

interface Measured {
  readonly bits: number;
  readonly error: number;
  /** Next-token loss above that without coding; undefined of gradients. */
  readonly loss?: number;
}

/** A figure at so many bits: linear between the points that nothing beats; undefined below them. */
function at(points: readonly Measured[], bits: number, figure: (point: Measured) => number): number | undefined {
  const best: Measured[] = [];
  for (const point of [...points].sort((a, b) => a.bits - b.bits)) {
    if (best.length === 0 || figure(point) < figure(best.at(-1)!)) best.push(point);
  }
  const after = best.findIndex((point) => point.bits >= bits);
  if (after < 0) return figure(best.at(-1)!);
  if (after === 0) return undefined;
  const [a, b] = [best[after - 1]!, best[after]!];
  const share = (bits - a.bits) / (b.bits - a.bits);
  return figure(a) + share * (figure(b) - figure(a));
}

/** Mean over tokens of Σ(x − x̂)² / Σx², so that a token of a huge norm counts as any other. */
function tokenError({ values, width }: Rows, received: Float32Array): number {
  let [sum, tokens] = [0, 0];
  for (let start = 0; start < values.length; start += width) {
    let [error, energy] = [0, 0];
    for (let k = start; k < start + width; k++) {
      error += (values[k]! - received[k]!) ** 2;
      energy += values[k]! ** 2;
    }
    if (energy === 0) continue;
    sum += error / energy;
    tokens++;
  }
  return sum / tokens;
}

const { tf } = await loadBackend();

/** Mean −ln p of the labels, nat. */
function lossOf(logits: Tensor, labels: Int32Array): number {
  return tf.tidy(() => {
    const words = logits.shape.at(-1)!;
    const chosen = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), words), 'float32');
    return -tf.sum(tf.mul(chosen, tf.logSoftmax(logits))).dataSync()[0]! / labels.length;
  });
}

interface Batch {
  readonly labels: Int32Array;
  readonly activations: Rows;
  readonly gradient: Rows;
}

interface Half {
  readonly tested: Batch;
  /** For the rate model: the last is judged by the others. */
  readonly ofRates: readonly Batch[];
  /** Loss of the tested batch where the server gets these activations. */
  readonly lossWith: (activations: Float32Array) => number;
  readonly dispose: () => void;
}

async function open(name: ModelName) {
  const { path, text, tokens, batch } = models[name];
  const { config, weights } = await loadDecoder(path, tokens);
  const ids = (await loadTokenizer(path)).encode(text());
  const perBatch = batch * tokens;
  if (ids.length <= 2 * perBatch) throw new Error(`${ids.length} tokens of text are too few`);
  const settings = { rank: 1, alpha: 1, targets: [], dropout: 0 };
  const frozen = new FrozenWeights(tf, config, weights);
  const options = { config, weights, settings, adapters: new Map(), memoryMode: 'keep' as const, frozen };
  const cutAfter = (cut: number): Half => {
    const device = new DevicePart(tf, options, cut);
    const server = new ServerPart(tf, options, cut);
    const rows = (tensor: Tensor): Rows => ({
      values: Float32Array.from(tensor.dataSync()),
      width: config.width,
      sample: tokens,
    });
    const read = (starts: readonly number[]): Batch => {
      const from = (offset: number) =>
        Int32Array.from(starts.flatMap((start) => [...ids.slice(start + offset, start + offset + tokens)]));
      const input = tf.tensor2d(from(0), [starts.length, tokens], 'int32');
      const labels = from(1);
      const activations = device.infer(input);
      const { gradient } = server.step(activations, labels, 1);
      const found = { labels, activations: rows(activations), gradient: rows(gradient!) };
      tf.dispose([input, activations, gradient!]);
      return found;
    };
    const tested = read(Array.from({ length: batch }, (_, k) => perBatch + k * tokens));
    // Each with pieces from all over the text, as a training draws them; the last is judged by what the others say.
    const pieces = Math.min(ratePieces, Math.floor((ids.length - 1) / tokens / rateBatches));
    const ofRates = Array.from({ length: rateBatches }, (_, index) =>
      read(Array.from({ length: pieces }, (__, k) => (k * rateBatches + index) * tokens)),
    );
    const { labels } = tested;
    return {
      tested,
      ofRates,
      lossWith: (values) =>
        tf.tidy(() => lossOf(server.infer(tf.tensor3d(values, [batch, tokens, config.width])), labels)),
      dispose: () => {
        device.dispose();
        server.dispose();
      },
    };
  };
  return { config, cutAfter, dispose: () => frozen.dispose() };
}

/** Bits a value and what they cost, for every point of the grid. */
function measured(coder: Coder, rows: Rows, loss?: (received: Float32Array) => number): Measured[] {
  return grid.map((point) => {
    const { received, bits } = coder(rows, point);
    return {
      bits: bits / rows.values.length,
      error: tokenError(rows, received),
      ...(loss && { loss: loss(received) }),
    };
  });
}

interface Way {
  readonly activations: readonly Measured[];
  readonly gradients: readonly Measured[];
}

/** What was measured so far, kept in .cache, so that a run that is stopped goes on where it was. */
class Measurements {
  private readonly path: URL;
  private readonly ways: Map<string, Way>;

  constructor(
    file: string,
    private readonly of: string,
  ) {
    this.path = new URL(`../.cache/${file}.json`, import.meta.url);
    const stored = existsSync(this.path)
      ? (JSON.parse(readFileSync(this.path, 'utf8')) as { of: string; ways: [string, Way][] })
      : undefined;
    this.ways = new Map(stored?.of === of ? stored.ways : []);
  }

  get(way: string, measure: () => Way): Way {
    const known = this.ways.get(way);
    if (known) return known;
    const found = measure();
    this.ways.set(way, found);
    writeFileSync(this.path, JSON.stringify({ of: this.of, ways: [...this.ways] }));
    return found;
  }
}

/** How far the predicted size of one batch is from the measured one, by what is known of others. */
function rateErrors(known: readonly Rows[], tested: Rows, outlierThreshold: number): number[] {
  const tensor = ({ values, width, sample }: Rows) => ({
    values,
    shape: [values.length / width / sample, sample, width],
  });
  const { values, shape } = tensor(tested);
  return (['token', 'tensor'] as const).flatMap((selectionScope) => {
    const summary = summarizeLayer(known.map(tensor), selectionScope, 'token', outlierThreshold);
    return (['fast', 'small'] as const).flatMap((lossless) =>
      grid.map((point) => {
        const settings = { ...point, selectionScope, lossless, outlierThreshold };
        return predictRate(summary, settings, shape).bits / (8 * encode(values, shape, settings).length) - 1;
      }),
    );
  });
}

function tokenNorms({ values, width, sample }: Rows): { first: number; others: number } {
  const norms = Array.from({ length: values.length / width }, (_, row) =>
    Math.hypot(...values.subarray(row * width, (row + 1) * width)),
  );
  return { first: norms[0]!, others: median(norms.filter((_, row) => row % sample !== 0)) };
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const cell = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(4)).padStart(10);

async function measureModel(name: ModelName, cuts: readonly number[]): Promise<void> {
  const model = await open(name);
  const { tokens, batch } = models[name];
  // A later cut leaves less to compute: the cheapest first.
  for (const cut of [...cuts].sort((a, b) => b - a)) {
    const lines = [`${name}: ${batch} × ${tokens} tokens of ${model.config.width} channels`];
    const figures: object[] = [];
    const half = model.cutAfter(cut);
    const { tested, ofRates } = half;
    const [judged, known] = [ofRates.at(-1)!, ofRates.slice(0, -1)];
    const plainLoss = half.lossWith(tested.activations.values);
    const { first, others } = tokenNorms(tested.activations);
    const outliers = outlierChannels(tested.activations).length;
    lines.push(
      `after block ${cut}: norm of the first token ${(first / others).toFixed(1)} × the others' median; ${outliers} of ${model.config.width} channels above 4 × the median channel; loss uncoded ${plainLoss.toFixed(4)}`,
      `${'bits a value'.padEnd(34)}${equalBits.map((bits) => String(bits).padStart(32)).join('')}`,
      `${''.padEnd(34)}${equalBits.map(() => ' activation      loss +  gradient').join('')}`,
    );
    figures.push({ cut, firstTokenOverMedian: first / others, outliers, plainLoss });
    const ways = new Measurements(`codec-decoder-${name}-${cut}`, JSON.stringify([grid, models[name], plainLoss]));
    for (const [way, coder] of Object.entries(coders)) {
      const { activations, gradients } = ways.get(way, () => ({
        activations: measured(coder, tested.activations, (received) => half.lossWith(received) - plainLoss),
        gradients: measured(coder, tested.gradient),
      }));
      const cells = equalBits.map((bits) => {
        const error = at(activations, bits, (point) => point.error);
        const loss = at(activations, bits, (point) => point.loss!);
        const gradient = at(gradients, bits, (point) => point.error);
        figures.push({ cut, way, bits, activationError: error, lossIncrease: loss, gradientError: gradient });
        return ` ${cell(error)} ${cell(loss)} ${cell(gradient)}`.slice(1);
      });
      lines.push(`${way.padEnd(34)}${cells.join('')}`);
      figures.push({ cut, way, activations, gradients });
    }
    lines.push(`rate model by ${known.length} batches on another, 28 settings; bar ${percent(rateBar)} on the mean`);
    for (const outlierThreshold of [4, 0]) {
      for (const role of ['activations', 'gradient'] as const) {
        const others = known.map((batch) => batch[role]);
        const errors = rateErrors(others, judged[role], outlierThreshold);
        const mean = errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
        const worst = errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0);
        const kind = outlierThreshold > 0 ? 'outlier channels apart (default)' : 'no channels apart';
        lines.push(
          `  ${role}, ${kind}: mean ${percent(mean)}, worst ${percent(worst)}${mean > rateBar ? ' MISSED' : ''}`,
        );
        figures.push({ cut, role, outlierThreshold, rateMean: mean, rateWorst: worst, rateErrors: errors });
      }
    }
    half.dispose();
    writeResults(
      `codec-decoder-${name}-${cut}`,
      `npx tsx bench/codec-decoder.ts ${name} ${cut}`,
      lines.join('\n'),
      figures,
    );
  }
  model.dispose();
}

const [name, ...cuts] = process.argv.slice(2);
if (name !== 'stories260K' && name !== 'smollm2') throw new Error('say which model: stories260K or smollm2');
if (existsSync(models[name].path)) await measureModel(name, cuts.length > 0 ? cuts.map(Number) : models[name].cuts);
else console.log(`skipped: ${models[name].path} is absent`);
