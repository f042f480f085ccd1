import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { initialAdapters } from '../../../harness/model/adapters.js';
import { randomWeights } from '../../../harness/model/weights.js';
import {
  constantRate,
  encodeAdapters,
  encodeTensor,
  joinTargets,
  ProtocolError,
  type StepCodec,
} from '../../../harness/protocol/index.js';
import { TrainingServer } from '../../../harness/server/index.js';
import { defaultAdamW } from '../../../harness/training/index.js';
import { connectionPair, type Connection, type Message } from '../../../harness/transport/index.js';
import { smallAdapters, smallVit } from '../../support/small-vit.js';

const config = smallVit;
const settings = smallAdapters;
const adapters = initialAdapters(config, settings, 1);

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

/** A server of one round of one step with one device, to which `messages` are sent. */
async function serve(
  messages: readonly Message[],
  codec: StepCodec = 'identity',
  wrapped = (connection: Connection) => connection,
) {
  const [near, far] = connectionPair();
  const device = { connection: wrapped(far), cut: 1, batchSize: 2, weight: 1, speedFactor: 1 };
  const serving = new TrainingServer(tf, {
    part: { config, weights: randomWeights(config, 1), settings, adapters, memoryMode: 'keep' },
    devices: [{ ...device, uplinkCodec: codec, downlinkCodec: codec }],
    rounds: 1,
    localSteps: 1,
    optimizer: defaultAdamW,
    schedule: constantRate,
    sharing: 'allocated',
    speedFactor: 1,
    seed: 1,
    timeoutSeconds: 0.2,
    record: () => undefined,
  }).run();
  for (const message of messages) await near.send(message);
  return serving;
}

const shape = [2, 4, 6];
const values = Float32Array.from({ length: 48 }, (_, k) => Math.sin(k));
const times = { forwardSeconds: 0.1, encodeSeconds: 0 };
const header = { round: 0, step: 0, ...times };
const activations = (
  changed: Record<string, unknown> = {},
  tensor = encodeTensor(values, shape, 'identity', 0),
  targets = [0, 2],
): Message => ({
  kind: 'activations',
  header: { ...header, ...changed },
  body: joinTargets(Int32Array.from(targets), config.classes, tensor),
});
const after = { decodeSeconds: 0, backwardSeconds: 0, updateSeconds: 0 };
const own = new Map([...adapters].filter(([name]) => name.startsWith('0.')));
const upload = (state = own, changed: Record<string, unknown> = {}): Message => ({
  kind: 'adapters',
  header: { round: 0, previous: after, ...changed },
  body: encodeAdapters(state),
});

it('serves a device that keeps to the protocol', async () => {
  const { rounds, adapters: average } = await serve([activations(), upload()]);
  expect(rounds.length).toBe(1);
  expect([...average.keys()]).toEqual([...adapters.keys()]);
});

const coded = { keptFraction: 0.5 };
const cases: Record<string, [string, Message[], StepCodec?]> = {
  'another kind of message': ['expected activations, found adapters', [upload()]],
  'another round': ['round 1', [activations({ round: 1 })]],
  'a step that is not due': ['step 3', [activations({ step: 3 })]],
  'a target beyond the head': ['target 3 where 3', [activations({}, undefined, [0, 3])]],
  'too few targets': ['takes 192 bytes', [activations({}, undefined, [0])]],
  'no target': ['without any target', [activations({}, undefined, [-1, -1])]],
  'a negative time': ['forwardSeconds', [activations({ forwardSeconds: -1 })]],
  'activations of another size': ['takes 192 bytes', [activations({}, new Uint8Array(188))]],
  'a coded tensor of another shape': [
    'expected shape [2, 4, 6]',
    [activations({}, encodeTensor(values, [4, 2, 6], coded, 0))],
    coded,
  ],
  'noise for a coded tensor': [
    'magic',
    [
      activations(
        {},
        Uint8Array.from({ length: 90 }, (_, k) => k),
      ),
    ],
    coded,
  ],
  'a report on a step that was not made': ['was not made', [activations({ previous: after })]],
  'too few adapters': ['1 adapters came where 2', [activations(), upload(new Map([...own].slice(0, 1)))]],
  'adapters of other blocks': [
    '0.query.down must have',
    [activations(), upload(new Map([...adapters].filter(([name]) => name.startsWith('1.'))))],
  ],
};

it.each(Object.entries(cases))('refuses %s, and leaves no tensor behind', async (_, [reason, messages, codec]) => {
  const before = tf.memory().numTensors;
  const error: unknown = await serve(messages, codec).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ProtocolError);
  expect(String(error)).toContain(reason);
  expect(tf.memory().numTensors).toBe(before);
});

it('gives up on a device that falls silent', async () => {
  await expect(serve([activations()])).rejects.toMatchObject({ code: 'timeout' });
});

describe('a device that does not read what it is sent', () => {
  /** Takes no message of a kind from the server: what is sent never gets through. */
  function deaf(connection: Connection, kind: string): Connection {
    const stuck = new Promise<number>(() => undefined);
    return {
      send: (message) => (message.kind === kind ? stuck : connection.send(message)),
      receive: (seconds) => connection.receive(seconds),
      close: (reason) => connection.close(reason),
      restrict: (limits) => connection.restrict(limits),
      get isOpen() {
        return connection.isOpen;
      },
      get traffic() {
        return connection.traffic;
      },
    };
  }

  it.each(['round', 'gradient'])('is left behind at %s', async (kind) => {
    const before = tf.memory().numTensors;
    const messages = kind === 'round' ? [] : [activations()];
    await expect(serve(messages, 'identity', (connection) => deaf(connection, kind))).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('a message was not taken within') as string,
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('does not hold up the end of a training', async () => {
    const served = await serve([activations(), upload()], 'identity', (connection) => deaf(connection, 'finished'));
    expect(served.roundsDone).toBe(1);
  });
});
