import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { CheckpointStore, type Checkpoint } from '../../../harness/checkpoint/index.js';
import { proceduralDataset } from '../../../harness/data/index.js';
import { initialAdapters, type AdapterState } from '../../../harness/model/adapters.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { HeldAdapters, OwnAdapters, ProtocolError, type StepCodec } from '../../../harness/protocol/index.js';
import { trainInProcess, type TrainingOptions } from '../../../harness/run.js';
import type { StepRecord } from '../../../harness/server/index.js';
import { defaultAdamW } from '../../../harness/training/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { smallAdapters, smallVit } from '../../support/small-vit.js';

const shapes = { '0.query.down': [6, 2], '0.query.up': [2, 6], '1.value.down': [6, 2] };

function drawn(random: ReturnType<typeof randomStream>, scale = 1): AdapterState {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const values = Float32Array.from({ length: shape[0]! * shape[1]! }, () => scale * (random.uniform() - 0.5));
      return [name, { shape, values }];
    }),
  );
}

const flat = (state: AdapterState) => [...state.values()].flatMap(({ values }) => [...values]);
const codecs: StepCodec[] = [
  { keptFraction: 0.1, bits: 4 },
  { keptFraction: 0.3, bits: 2, scaling: 'max' },
  { selection: 'all', bits: 3, rounding: 'stochastic' },
  { keptFraction: 0.2, values: 'float16' },
];

describe('adapters through the codec', () => {
  it('are the same on both sides to the bit, whichever rounds were told whole', () => {
    let whole = 0;
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...codecs),
        fc.array(fc.boolean(), { maxLength: 8 }),
        (seed, codec, knows) => {
          const random = randomStream(seed, 'exchange');
          const initial = drawn(random);
          const [server, device] = [new HeldAdapters(initial, codec), new OwnAdapters(initial, codec)];
          [false, ...knows].forEach((isKnown, round) => {
            server.prepare(drawn(random), round);
            const opening = server.open(!isKnown);
            expect(opening.isDifference).toBe(isKnown);
            if (!isKnown) whole++;
            const begun = device.open(opening);
            expect(flat(begun)).toEqual([...server.state!]);
            const sent = server.closed(device.close(drawn(random), round));
            expect([...sent.keys()]).toEqual(Object.keys(shapes));
          });
        },
      ),
      { numRuns: 100, seed: 1 },
    );
    expect(whole).toBeGreaterThan(120);
  });

  it('lose nothing in the long run: what was sent and what is owed is what was learned', () => {
    const random = randomStream(3, 'exchange');
    const initial = drawn(random);
    for (const codec of codecs) {
      const [server, device] = [new HeldAdapters(initial, codec), new OwnAdapters(initial, codec)];
      const balance = new Float64Array(36);
      for (let round = 0; round < 40; round++) {
        server.prepare(drawn(random), round);
        const begun = flat(device.open(server.open(false)));
        const trained = drawn(random);
        const received = flat(server.closed(device.close(trained, round)));
        flat(trained).forEach((value, k) => (balance[k]! += value - begun[k]! - (received[k]! - begun[k]!)));
      }
      device.residual!.forEach((owed, k) => expect(owed).toBeCloseTo(balance[k]!, 3));
    }
  });

  it('reach an average that stays, on the way down', () => {
    const random = randomStream(4, 'exchange');
    const initial = drawn(random);
    const average = drawn(random);
    for (const codec of codecs) {
      const server = new HeldAdapters(initial, codec);
      server.prepare(initial, 0);
      expect(server.open(false).isDifference).toBe(false);
      const distance = () => Math.hypot(...flat(average).map((value, k) => value - server.state![k]!));
      const first = distance();
      for (let round = 0; round < 60; round++) {
        server.prepare(average, round);
        expect(server.open(false).isDifference).toBe(true);
      }
      expect(distance()).toBeLessThan(0.02 * first);
    }
  });

  it('are the average itself for a device that was left behind', () => {
    const random = randomStream(6, 'exchange');
    const initial = drawn(random);
    const [server, device] = [new HeldAdapters(initial, codecs[0]!), new OwnAdapters(initial, codecs[0]!)];
    for (let round = 0; round < 6; round++) {
      const average = drawn(random);
      if (round === 2) server.forget();
      server.prepare(average, round);
      if (round === 4) server.forget();
      const isTold = round % 2 === 0;
      const opening = server.open(false);
      expect(opening.isDifference).toBe(!isTold);
      const begun = flat(device.open(opening));
      if (isTold) expect(begun).toEqual(flat(average));
      else expect(begun).not.toEqual(flat(average));
      expect(begun).toEqual([...server.state!]);
    }
  });

  it('are refused where they are noise or of another length', () => {
    const initial = drawn(randomStream(5, 'exchange'));
    const [server, device] = codecs
      .slice(0, 1)
      .flatMap((codec) => [new HeldAdapters(initial, codec), new OwnAdapters(initial, codec)] as const) as [
      HeldAdapters,
      OwnAdapters,
    ];
    const noise = Uint8Array.from({ length: 90 }, (_, k) => k);
    expect(() => server.closed(noise)).toThrow(ProtocolError);
    expect(() => device.open({ isDifference: true, body: noise })).toThrow(ProtocolError);
    const fewer = new Map([...initial].slice(1));
    expect(() => server.closed(new OwnAdapters(fewer, codecs[0]!).close(fewer, 1))).toThrow('expected shape [36]');
  });

  it('of a device without a block are none', () => {
    const none: AdapterState = new Map();
    const [server, device] = [new HeldAdapters(none, codecs[0]!), new OwnAdapters(none, codecs[0]!)];
    server.prepare(none, 1);
    expect(device.open(server.open(false)).size).toBe(0);
    expect(server.closed(device.close(none, 1)).size).toBe(0);
    expect(server.state).toBeUndefined();
  });
});

let tf: Tf;
let isExact = false;
beforeAll(async () => {
  const backend = await loadBackend();
  tf = backend.tf;
  isExact = backend.name === 'native';
});

const exchangeCodec: StepCodec = { keptFraction: 0.2, bits: 4 };

function options(more: Partial<TrainingOptions> = {}): TrainingOptions {
  const weights = randomWeights(smallVit, 1);
  const common = { batchSize: 2, uplinkCodec: 'identity', downlinkCodec: 'identity' } as const;
  return {
    config: smallVit,
    weights,
    adapterSettings: smallAdapters,
    adapters: initialAdapters(smallVit, smallAdapters, 1, weights),
    memoryMode: 'keep',
    devices: [1, 2, smallVit.blocks].map((cut) => ({ ...common, cut: Math.min(cut, smallVit.blocks) })),
    rounds: 5,
    localSteps: 2,
    optimizer: { ...defaultAdamW, learningRate: 3e-3 },
    dataset: drawnImages(),
    split: { kind: 'iid' },
    seed: 7,
    exchangeCodec,
    ...more,
  };
}

/** Drawn images at the small model's size and classes. */
function drawnImages() {
  const { imageSize, classes } = smallVit;
  const sound = proceduralDataset({ classes: 'fine-tuning', length: 24, seed: 5 });
  const values = async (index: number) => (await sound.values(index)).slice(0, 3 * imageSize * imageSize);
  const labels = sound.labels.map((label) => label % classes);
  return { ...sound, shape: [imageSize, imageSize, 3], labels, classNames: sound.classNames.slice(0, classes), values };
}

describe('a training whose adapters go through the codec', () => {
  it('sends less, and what its records say', async () => {
    const bytesOf = async (more: Partial<TrainingOptions>) => {
      const steps: StepRecord[] = [];
      const { rounds } = await trainInProcess(
        tf,
        options({ ...more, record: (r) => r.kind === 'step' && steps.push(r) }),
      );
      return rounds.map(({ round, uplinkBytes, downlinkBytes, adapterSeconds }) => {
        const own = steps.filter((step) => step.round === round);
        const sum = (pick: (step: StepRecord) => number) => own.reduce((total, step) => total + pick(step), 0);
        expect(adapterSeconds.every((seconds) => seconds >= 0)).toBe(true);
        return {
          up: uplinkBytes - sum((step) => step.uplinkBytes),
          down: downlinkBytes - sum((step) => step.downlinkBytes),
        };
      });
    };
    const [coded, plain] = [await bytesOf({}), await bytesOf({ exchangeCodec: 'identity' })];
    expect(coded[0]!.down).toBeGreaterThan(0.9 * plain[0]!.down);
    for (const [round, { up, down }] of coded.entries()) {
      expect(up).toBeLessThan(plain[round]!.up);
      if (round > 0) expect(down).toBeLessThan(plain[round]!.down);
    }
  });

  it('goes on from a checkpoint bit for bit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'exchange-'));
    try {
      const whole = await trainInProcess(tf, options());
      const store = new CheckpointStore(folder);
      await store.open();
      const stop = new AbortController();
      const checkpoints = { store, every: 1, run: 'r', settings: {} };
      await trainInProcess(
        tf,
        options({ checkpoints, signal: stop.signal, onRound: ({ round }) => (round === 2 ? stop.abort() : undefined) }),
      );
      const { checkpoint } = (await store.latest()) as { readonly checkpoint: Checkpoint };
      expect(checkpoint.round).toBe(3);
      expect(checkpoint.devices.every(({ own, held }) => own?.residual && held)).toBe(true);
      const { adapters } = await trainInProcess(tf, options({ checkpoints: { ...checkpoints, resume: checkpoint } }));
      for (const [name, { values }] of whole.adapters) {
        if (isExact) expect(adapters.get(name)!.values, name).toEqual(values);
      }
      const before = tf.memory().numTensors;
      await trainInProcess(tf, options({ rounds: 2 }));
      expect(tf.memory().numTensors).toBe(before);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
