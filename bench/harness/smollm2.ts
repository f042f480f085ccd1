/**
 * All logits and LoRA gradients of SmolLM2 against PyTorch in float64 reading the same file, and split against whole bit for
 * bit. `npm run setup:smollm2`, then `python bench/peers/smollm2_reference.py …` (its first lines say how) and
 * `npx tsx bench/harness/smollm2.ts` write bench/results/smollm2.txt and .json; exit code 1 when a bar is missed. What steps
 * cost is `npx tsx bench/harness/smollm2.ts steps`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { columns } from '../../bin/render/columns.js';
import { loadBackend } from '../../harness/backend/tensorflow.js';
import { initialAdapters } from '../../harness/model/adapters.js';
import { FrozenWeights } from '../../harness/model/frozen-weights.js';
import { DevicePart, ServerPart } from '../../harness/model/parts.js';
import { loadDecoder } from '../../harness/model/stored-decoder.js';
import { withFreshHead } from '../../harness/model/weights.js';
import { readSafetensors } from '../../lib/io/tensors/index.js';
import {
  hasSmollm2,
  Smollm2,
  smollm2File,
  smollm2Reference,
  type Float32Errors,
  type Smollm2Step,
} from '../../spec/support/smollm2.js';
import { writeResults } from '../support/results.js';

const path = join(dirname(smollm2File), 'reference.safetensors');
const BAR = 1e-5;

/** Float64 values by name. */
function readReference(): ReadonlyMap<string, Float64Array> {
  return new Map(
    readSafetensors(readFileSync(path)).tensors.map(({ name, dtype, bytes }) => {
      if (dtype !== 'F64') throw new Error(`${name} holds ${dtype}`);
      // A Buffer's own slice would be a view of the whole file.
      return [name, new Float64Array(Uint8Array.from(bytes).buffer)];
    }),
  );
}

function largestApart(found: ArrayLike<number>, wanted: Float64Array): number {
  if (found.length !== wanted.length) throw new Error(`${found.length} values, the reference has ${wanted.length}`);
  return wanted.reduce((most, value, k) => Math.max(most, Math.abs(value - found[k]!)), 0);
}

const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const rootSquare = (values: ArrayLike<number>) =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));

function areEqual(a: Smollm2Step, b: Smollm2Step): boolean {
  const sameGradients = [...a.gradients].every(([name, values]) => {
    const other = b.gradients.get(name)!;
    return Buffer.from(values.buffer).equals(Buffer.from(other.buffer));
  });
  return a.loss === b.loss && a.gradients.size === b.gradients.size && sameGradients;
}

async function compare(): Promise<void> {
  const { tf, name } = await loadBackend();
  const reference = smollm2Reference();
  const exact = readReference();
  const smollm2 = await Smollm2.load(tf, reference);
  const blocks = 30;
  const logits = smollm2.logits(10);
  const logitError = largestApart(logits, exact.get('logits')!) / reference.range;
  const whole = smollm2.step(blocks, 'keep');
  const lossError = Math.abs(whole.loss / reference.loss - 1);
  const gradientErrors = [...whole.gradients].map(([key, found]) => {
    const wanted = exact.get(key)!;
    const rms = rootSquare(wanted.map((value, k) => value - found[k]!)) / rootSquare(wanted);
    return { key, error: largestApart(found, wanted) / largest(wanted), rms };
  });
  const largestOfAll = Math.max(...gradientErrors.map(({ key }) => largest(exact.get(key)!)));
  const ofAll = Math.max(...gradientErrors.map(({ key, error }) => error * largest(exact.get(key)!))) / largestOfAll;
  const own: Float32Errors = {
    logits: logitError,
    loss: lossError,
    ofAll,
    ofOwn: gradientErrors.map(({ error }) => error),
    norms: gradientErrors.map(({ rms }) => rms),
  };
  const splits = (
    [
      [0, 'keep'],
      [21, 'recompute'],
    ] as const
  ).map(([cut, mode]) => {
    return { cut, mode, same: areEqual(smollm2.step(cut, mode), whole) };
  });
  const apart = splits.filter(({ same }) => !same);
  const table = [
    `SmolLM2-135M-Instruct (Q4_1), ${reference.ids.length} tokens, ${name}, against PyTorch in float64`,
    comparison(own, reference.float32),
    `bars: 1e-5 for the first three; by matrix no worse than PyTorch in float32`,
    `split = whole bit for bit: ${splits.map(({ cut, mode, same }) => `cut ${cut} ${mode} ${same ? 'yes' : 'NO'}`).join(', ')}`,
  ].join('\n');
  writeResults('smollm2', 'npx tsx bench/harness/smollm2.ts', table, { ...own, gradientErrors, splits });
  const isWorse = (['ofOwn', 'norms'] as const).some(
    (kind) => Math.max(...own[kind]) > Math.max(...reference.float32[kind]),
  );
  if (Math.max(logitError, lossError, ofAll) > BAR || isWorse || apart.length > 0) process.exitCode = 1;
}

/** This program's errors beside those of PyTorch in float32. */
function comparison(own: Float32Errors, peer: Float32Errors): string {
  const above = ({ ofOwn }: Float32Errors) => `${ofOwn.filter((error) => error > BAR).length} of ${ofOwn.length}`;
  const rows: [string, (errors: Float32Errors) => string][] = [
    ['logits, of their range', ({ logits }) => logits.toExponential(1)],
    ['loss, relative', ({ loss }) => loss.toExponential(1)],
    ['LoRA gradients, of the largest entry of all', ({ ofAll }) => ofAll.toExponential(1)],
    ["  of a matrix's own largest, worst", ({ ofOwn }) => Math.max(...ofOwn).toExponential(1)],
    ['  in norm by matrix, worst', ({ norms }) => Math.max(...norms).toExponential(1)],
    ['  matrices above 1e-5 of their own largest', above],
  ];
  const head = ['largest difference', 'this', 'PyTorch float32'];
  return columns([head, ...rows.map(([what, of]) => [what, of(own), of(peer)])], [1, 2]);
}

/** Processor time of a step of next tokens and of one of two classes, the least of two after one that is not counted. */
async function stepCosts(): Promise<void> {
  const { tf, name } = await loadBackend();
  const [batch, tokens] = [8, 32];
  const figures = [];
  for (const classes of [undefined, 2]) {
    const stored = await loadDecoder(smollm2File, tokens);
    const config = { ...stored.config, ...(classes && { head: { kind: 'classifier' as const, classes } }) };
    const weights = withFreshHead(stored.weights, config, 1);
    const settings = {
      rank: 8,
      alpha: 16,
      targets: ['query', 'value'] as const,
      dropout: 0,
      trainHead: classes === 2,
    };
    const adapters = initialAdapters(config, settings, 1, weights);
    const frozen = new FrozenWeights(tf, config, weights);
    const part = { config, weights, settings, adapters, memoryMode: 'keep' as const, frozen };
    const [device, server] = [new DevicePart(tf, part, 10), new ServerPart(tf, part, 10)];
    const input = tf.tensor2d(
      Int32Array.from({ length: batch * tokens }, (_, k) => (7919 * k) % config.vocabulary),
      [batch, tokens],
      'int32',
    );
    const labels = Int32Array.from({ length: batch * tokens }, (_, k) =>
      classes ? ((k + 1) % tokens === 0 ? k % 2 : -1) : (104_729 * k) % config.vocabulary,
    );
    const seconds = Array.from({ length: 3 }, () => {
      const before = process.cpuUsage();
      const pending = device.start(input, 1);
      const { gradient, adapterGradients } = server.step(pending.activations, labels, 1);
      tf.dispose([...pending.backward(gradient!), gradient!, ...adapterGradients]);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    });
    const least = Math.min(...seconds.slice(1));
    figures.push({ task: classes ? 'two classes' : 'next token', batch, tokens, seconds: least });
    tf.dispose([input]);
    device.dispose();
    server.dispose();
    frozen.dispose();
  }
  const lines = figures.map(
    ({ task, batch, tokens, seconds }) =>
      `${task.padEnd(12)} ${batch} × ${tokens} tokens: ${seconds.toFixed(1)} s of processor time, ${((1000 * seconds) / batch / tokens).toFixed(1)} ms a token`,
  );
  const table = [`SmolLM2 on ${name}, LoRA of rank 8 on query and value of 30 blocks, cut after block 10`, ...lines];
  writeResults('smollm2-steps', 'npx tsx bench/harness/smollm2.ts steps', table.join('\n'), figures);
}

if (!hasSmollm2) console.log('skipped: SmolLM2 is absent');
else if (process.argv[2] === 'steps') await stepCosts();
else if (existsSync(path)) await compare();
else console.log('skipped: the reference of SmolLM2 is absent');
