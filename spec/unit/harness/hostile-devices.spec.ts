import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { imageNetNormalisation, type Dataset } from '../../../harness/data/index.js';
import { runDevice } from '../../../harness/device/index.js';
import { initialAdapters } from '../../../harness/model/adapters.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { constantRate, type StepCodec } from '../../../harness/protocol/index.js';
import { TrainingServer, type FaultRecord, type RunRecord, type ServerSharing } from '../../../harness/server/index.js';
import { defaultAdamW } from '../../../harness/training/index.js';
import { connectionPair } from '../../../harness/transport/index.js';
import { hostileModes, turned, type HostileMode } from '../../support/hostile-device.js';
import { smallAdapters, smallVit } from '../../support/small-vit.js';
import { samples } from '../../support/samples.js';

const config = smallVit;
const settings = smallAdapters;
const weights = randomWeights(config, 1);
const part = { config, weights, settings, adapters: initialAdapters(config, settings, 1), memoryMode: 'keep' } as const;
const dataset: Dataset = {
  name: 'ramps',
  classNames: ['a', 'b', 'c'],
  shape: [8, 8, 3],
  length: 12,
  labels: Int32Array.from({ length: 12 }, (_, k) => k % 3),
  normalisation: imageNetNormalisation,
  values: (index) => Promise.resolve(Uint8Array.from({ length: 192 }, (_, k) => (k * (index + 3)) % 256)),
};
const training = {
  rounds: 3,
  localSteps: 2,
  optimizer: { ...defaultAdamW, learningRate: 0.01 },
  schedule: constantRate,
  seed: 1,
};

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

interface Outcome {
  readonly records: readonly RunRecord[];
  readonly isFinite: boolean;
}

/** A training of an honest device and one that turns in the second round. */
async function train(sharing: ServerSharing, mode: HostileMode): Promise<Outcome> {
  const pairs = [connectionPair(), connectionPair()] as const;
  const codec: StepCodec = mode.codec ?? 'identity';
  const records: RunRecord[] = [];
  const devices = pairs.map(([, far], k) => ({
    name: ['honest', 'mallory'][k]!,
    connection: far,
    cut: 1,
    batchSize: 2,
    weight: 6,
    speedFactor: 1,
    uplinkCodec: codec,
    downlinkCodec: codec,
  }));
  const exchange = mode.exchangeCodec && { exchangeCodec: mode.exchangeCodec };
  const serving = new TrainingServer(tf, {
    ...training,
    ...exchange,
    part,
    devices,
    sharing,
    speedFactor: 1,
    timeoutSeconds: mode.reason.source.includes('nothing') ? 1 : 60,
    onFault: 'continue',
    record: (record) => records.push(record),
  }).run();
  const [[honest], [near, far]] = pairs;
  const place = { kind: mode.at, round: 1, step: 1 };
  const ends = [honest, turned(near, far, place, mode.act)];
  const working = ends.map((connection, index) => {
    const indices = Int32Array.from({ length: 6 }, (_, k) => 2 * k + index);
    const own = { index, cut: 1, indices, batchSize: 2, uplinkCodec: codec, downlinkCodec: codec, ...exchange };
    return runDevice(tf, connection, { ...training, ...own, part, dataset });
  });
  const [result] = await Promise.all([serving, working[0], working[1]!.catch(() => undefined)]);
  const values = [...result.adapters.values()].flatMap((tensor) => [...tensor.values]);
  return { records, isFinite: values.every(Number.isFinite) };
}

/** What the honest device has learned, bit for bit. */
const losses = ({ records }: Outcome) =>
  records.flatMap((record) =>
    record.kind === 'step' && record.device === 0 ? [[record.round, record.step, record.loss]] : [],
  );

const leaving = new Map<string, Promise<Outcome>>();
/** The same training with a device that leaves there of its own accord. */
function leaves(sharing: ServerSharing, mode: HostileMode): Promise<Outcome> {
  const { at, isComputed = false, codec, exchangeCodec } = mode;
  const key = JSON.stringify([sharing, at, isComputed, codec, exchangeCodec]);
  const found = leaving.get(key);
  if (found) return found;
  const made = train(sharing, {
    at,
    reason: /gone home/u,
    ...(codec && { codec }),
    ...(exchangeCodec && { exchangeCodec }),
    act: async (attack) => {
      if (isComputed) await attack.send(attack.message);
      attack.close('gone home');
    },
  });
  leaving.set(key, made);
  return made;
}

describe.each(['allocated', 'equal', 'batched'] as const)('a server (%s) whose device turns hostile', (sharing) => {
  // Equal shares are served as allocated ones are, for another length of time: some of the ways here, all in the bench.
  const modes = Object.entries(hostileModes).filter((_, k) => sharing !== 'equal' || k % samples(4, 1) === 0);
  it.each(modes)('with %s goes on as if it had left', async (_, mode) => {
    const wanted = await leaves(sharing, mode);
    const before = tf.memory().numTensors;
    const found = await train(sharing, mode);
    expect(tf.memory().numTensors).toBe(before);
    expect(losses(found).length).toBe(6);
    expect(losses(found)).toEqual(losses(wanted));
    expect(found.isFinite).toBe(true);
    const faults = found.records.filter((record): record is FaultRecord => record.kind === 'fault');
    expect(faults.map(({ name, round }) => [name, round])).toEqual([['mallory', 1]]);
    expect(faults[0]!.reason).toMatch(mode.reason);
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    expect(faults[0]!.reason).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/u);
    // A number that JSON cannot hold would come back as null.
    expect(JSON.stringify(found.records)).not.toMatch(/[:,[]null/u);
    const rounds = found.records.filter(({ kind }) => kind === 'round');
    expect(rounds.map((record) => 'devices' in record && record.devices)).toEqual([[0, 1], [0], [0]]);
  });
});

it('is tried in at least 22 ways', () => {
  expect(Object.keys(hostileModes).length).toBeGreaterThanOrEqual(22);
});
