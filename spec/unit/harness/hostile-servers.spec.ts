import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { imageNetNormalisation, type Dataset } from '../../../harness/data/index.js';
import { runDevice } from '../../../harness/device/index.js';
import { initialAdapters, type AdapterState } from '../../../harness/model/adapters.js';
import { randomWeights } from '../../../harness/model/weights.js';
import {
  constantRate,
  encodeAdapters,
  encodeTensor,
  hallLimits,
  type StepCodec,
} from '../../../harness/protocol/index.js';
import { readAssignment } from '../../../harness/scenario/agreement.js';
import { defaultAdamW } from '../../../harness/training/index.js';
import { connectionPair, encodeFrame, type FramedConnection, type Message } from '../../../harness/transport/index.js';
import { fromFloat32, writeSafetensors } from '../../../lib/io/tensors/index.js';
import { smallAdapters, smallVit } from '../../support/small-vit.js';

const config = smallVit;
const settings = smallAdapters;
const weights = randomWeights(config, 1);
const adapters = initialAdapters(config, settings, 1);
const part = { config, weights, settings, adapters, memoryMode: 'keep' } as const;
const own: AdapterState = new Map([...adapters].filter(([name]) => name.startsWith('0.')));
const dataset: Dataset = {
  name: 'ramps',
  classNames: ['a', 'b', 'c'],
  shape: [8, 8, 3],
  length: 6,
  labels: Int32Array.from({ length: 6 }, (_, k) => k % 3),
  normalisation: imageNetNormalisation,
  values: (index) => Promise.resolve(Uint8Array.from({ length: 192 }, (_, k) => (k * (index + 3)) % 256)),
};

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

const empty = new Uint8Array(0);
const message = (kind: Message['kind'], header: Message['header'], body: Uint8Array = empty): Message => ({
  kind,
  header,
  body,
});
const open = message('round', { round: 0 }, encodeAdapters(own));
const shape = [2, 4, 6];
const gradient = (value: number, header = { round: 0, step: 0, loss: 1 }) =>
  message('gradient', header, encodeTensor(new Float32Array(48).fill(value), shape, 'identity', 0));
const changed = (change: (values: Float32Array) => Float32Array, only = '0.query.up') =>
  encodeAdapters(
    new Map(
      [...own].map(([name, tensor]) => [name, name === only ? { ...tensor, values: change(tensor.values) } : tensor]),
    ),
  );
const moments = (count: number, values: Float32Array) =>
  writeSafetensors({
    tensors: Array.from({ length: count }, (_, k) => fromFloat32(String(k), [values.length], values)),
    metadata: {},
  });

interface Treatment {
  readonly reason: RegExp;
  readonly codec?: StepCodec;
  /** Told one after the other. */
  readonly says?: readonly Message[];
  readonly does?: (far: FramedConnection, near: FramedConnection) => unknown;
}

/** What a server does to a device that has joined. */
const treatments: Readonly<Record<string, Treatment>> = {
  'adapters of NaN': {
    reason: /not finite/u,
    says: [
      message(
        'round',
        { round: 0 },
        changed((v) => v.map(() => NaN)),
      ),
    ],
  },
  'infinite adapters': {
    reason: /not finite/u,
    says: [
      message(
        'round',
        { round: 0 },
        changed((v) => v.map(() => Infinity)),
      ),
    ],
  },
  'too few adapters': {
    reason: /1 adapters came where 2/u,
    says: [message('round', { round: 0 }, encodeAdapters(new Map([...own].slice(1))))],
  },
  'adapters of other blocks': {
    reason: /must have shape/u,
    says: [
      message('round', { round: 0 }, encodeAdapters(new Map([...adapters].filter(([name]) => name.startsWith('1.'))))),
    ],
  },
  'noise for adapters': { reason: /header/u, says: [message('round', { round: 0 }, new Uint8Array(64).fill(7))] },
  'a round beyond all numbers': { reason: /round/u, says: [message('round', { round: 1.7e308 }, open.body)] },
  'a round far away': { reason: /of 3/u, says: [message('round', { round: 9e15 }, open.body)] },
  'a difference to nothing': {
    reason: /0 bytes|takes|header/u,
    says: [message('round', { round: 0, isDifference: true }, empty)],
  },
  'a gradient of NaN': { reason: /not finite/u, says: [open, gradient(NaN)] },
  'an infinite gradient': { reason: /not finite/u, says: [open, gradient(Infinity)] },
  'the gradient of another step': { reason: /step 5/u, says: [open, gradient(0, { round: 0, step: 5, loss: 1 })] },
  'a gradient of another size': {
    reason: /takes 192 bytes/u,
    says: [open, message('gradient', { round: 0, step: 0, loss: 1 }, new Uint8Array(188))],
  },
  'a coded gradient of another shape': {
    reason: /expected shape/u,
    codec: { keptFraction: 0.5 },
    says: [
      open,
      message(
        'gradient',
        { round: 0, step: 0, loss: 1 },
        encodeTensor(new Float32Array(6000), [1000, 6], { keptFraction: 0.5 }, 1),
      ),
    ],
  },
  'noise for a coded gradient': {
    reason: /magic/u,
    codec: { keptFraction: 0.5 },
    says: [open, message('gradient', { round: 0, step: 0, loss: 1 }, new Uint8Array(90).fill(3))],
  },
  'a gradient where a round is due': { reason: /came between rounds/u, says: [gradient(0)] },
  'a task once more': { reason: /came between rounds/u, says: [message('accepted', { assignment: {} })] },
  'moments of other adapters': {
    reason: /other adapters/u,
    says: [message('state', { round: 0, steps: 1 }, moments(4, new Float32Array(3)))],
  },
  'no moments at all': {
    reason: /other variables/u,
    says: [
      message(
        'state',
        { round: 0, steps: 1 },
        writeSafetensors({ tensors: [fromFloat32('residual', [12], new Float32Array(12))], metadata: {} }),
      ),
    ],
  },
  'steps that were never made': {
    reason: /at most \d+ were made/u,
    says: [message('state', { round: 0, steps: 9e15 }, moments(0, empty as never))],
  },
  'the end with adapters of NaN': {
    reason: /not finite/u,
    says: [
      message(
        'finished',
        { rounds: 1 },
        changed((v) => v.map(() => NaN)),
      ),
    ],
  },
  'the end without adapters': {
    reason: /0 adapters came/u,
    says: [message('finished', { rounds: 1 }, encodeAdapters(new Map()))],
  },
  'a frame of 64 MiB': {
    reason: /above the limit/u,
    does: (_, near) => near.arrived(encodeFrame(message('round', { round: 0 }, new Uint8Array(2 ** 26)), 0)),
  },
  'a header of 20 MB': {
    reason: /above the limit/u,
    does: (_, near) => near.arrived(encodeFrame(message('round', { text: 'x'.repeat(2e7) }), 0)),
  },
  'a hundred messages at once': {
    reason: /messages wait|came between|came where/u,
    does: (_, near) => {
      for (let k = 0; k < 100; k++) near.arrived(encodeFrame(open, k));
    },
  },
  'a reason that rewrites the screen': { reason: /./u, does: (far) => far.close('\u001b[2J') },
};

describe('a device whose server is hostile', () => {
  it.each(Object.entries(treatments))('with %s ends with the reason, and holds nothing', async (_, treatment) => {
    const before = tf.memory().numTensors;
    const { says = [], does, codec = 'identity', reason } = treatment;
    const [near, far] = connectionPair();
    const indices = Int32Array.from({ length: 6 }, (__, k) => k);
    const training = { rounds: 3, localSteps: 2, optimizer: defaultAdamW, schedule: constantRate, seed: 1 };
    const device = { index: 0, cut: 1, indices, batchSize: 2, uplinkCodec: codec, downlinkCodec: codec };
    const working = runDevice(tf, near, { ...training, ...device, part, dataset }).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    await new Promise((resolve) => setTimeout(resolve, 1));
    // What it answers is not waited for: it may already have gone.
    for (const one of says) await far.send(one).catch(() => undefined);
    does?.(far, near);
    const error = await working;
    expect(String(error)).toMatch(reason);
    expect((error as Error).name).toMatch(
      /^(?:ProtocolError|ConnectionError|TensorFileError|CodecError|DatasetError)$/u,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes no more before it knows its task than a task and its adapters', () => {
    const { frameBytes, headerBytes, waitingMessages } = hallLimits(adapters);
    expect(frameBytes).toBeGreaterThan(encodeAdapters(adapters).length);
    expect(frameBytes).toBeLessThan(2 ** 26);
    expect(headerBytes).toBeLessThan(2 ** 26);
    expect(waitingMessages).toBeLessThan(8);
  });

  const task = {
    index: 0,
    deviceCount: 2,
    cut: 1,
    batchSize: 2,
    uplinkCodec: 'identity',
    downlinkCodec: { keptFraction: 0.5 },
    exchangeCodec: 'identity',
    rounds: 3,
    localSteps: 2,
    optimizer: defaultAdamW,
    schedule: { kind: 'constant' },
    seed: 1,
    split: { kind: 'iid' },
    memoryMode: 'keep',
    speedFactor: 1,
    clock: 'emulated',
    incarnation: 'x',
  };
  const read = (change: object) => readAssignment({ ...task, ...change }, { config, dataset });

  it('takes a task that is one', () => {
    expect(read({})).toMatchObject({ cut: 1, downlinkCodec: { keptFraction: 0.5 } });
  });

  it.each([
    ['a codec of another kind', { uplinkCodec: { keptFraction: {} } }, 'uplinkCodec'],
    ['a codec that keeps nothing', { downlinkCodec: { keptFraction: -1 } }, 'downlinkCodec'],
    ['batches beyond all memory', { batchSize: 65536 }, 'batches of 65536'],
    ['an optimizer of texts', { optimizer: { ...defaultAdamW, beta1: 'x' } }, 'optimizer'],
    ['an optimizer that never forgets', { optimizer: { ...defaultAdamW, beta2: 1 } }, 'optimizer'],
    ['a negative cut', { cut: -1 }, 'cut'],
    ['more blocks than there are', { cut: 99 }, 'another model'],
    ['a place among fewer devices', { index: 2 }, 'another model'],
    ['a name that rewrites the screen', { memoryMode: '\u001b[2J' }, 'memoryMode'],
  ])('refuses %s', (_, change, reason) => {
    expect(() => read(change)).toThrow(reason);
    try {
      read(change);
    } catch (error) {
      // eslint-disable-next-line no-control-regex -- they are what is looked for
      expect(String(error)).not.toMatch(/[\u0000-\u001f]/u);
    }
  });
});
