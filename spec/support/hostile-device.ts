import { fromFloat32, writeSafetensors } from '../../lib/io/tensors/index.js';
import { decode } from '../../lib/codec/index.js';
import { decodeAdapters, encodeAdapters, encodeTensor, type StepCodec } from '../../harness/protocol/index.js';
import { encodeFrame, type Connection, type FramedConnection, type Message } from '../../harness/transport/index.js';

/** What a hostile device has at hand when its turn to send has come. */
export interface Attack {
  readonly message: Message;
  /** Sends in the usual way. */
  send(message: Message): Promise<unknown>;
  /** Hands bytes to the server as if they had come over the wire; `sequence` is that of the next message. */
  raw(bytes: Uint8Array): void;
  readonly sequence: number;
  /** The frame before. */
  readonly last: Uint8Array;
  close(reason: string): void;
}

/** One way of doing harm, and the way of leaving that must be no worse for the others. */
export interface HostileMode {
  readonly at: 'activations' | 'adapters';
  /** Whether the message is taken and computed with before anything is wrong with it. */
  readonly isComputed?: boolean;
  readonly codec?: StepCodec;
  /** For the adapters of all devices. */
  readonly exchangeCodec?: StepCodec;
  readonly reason: RegExp;
  readonly act: (attack: Attack) => unknown;
}

const header = (changed: Record<string, unknown>) => (attack: Attack) =>
  attack.send({ ...attack.message, header: { ...attack.message.header, ...changed } });
const body = (make: (body: Uint8Array) => Uint8Array) => (attack: Attack) =>
  attack.send({ ...attack.message, body: make(attack.message.body) });
/** Of activations: a batch of two has two bytes of targets before its tensor. */
const targets = (...given: number[]) => body((old) => Uint8Array.of(...given, ...old.subarray(2)));
const tensor = (make: (tensor: Uint8Array) => Uint8Array) =>
  body((old) => Uint8Array.of(...old.subarray(0, 2), ...make(old.subarray(2))));
const filled = (value: number) => tensor((old) => new Uint8Array(new Float32Array(old.length / 4).fill(value).buffer));
const adapters = (value: number) =>
  body((old) => {
    const state = decodeAdapters(old);
    return encodeAdapters(
      new Map([...state].map(([name, { shape, values }]) => [name, { shape, values: values.map(() => value) }])),
    );
  });
/** A frame with bytes changed after its checksum was made, or with one that fits. */
const frame = (change: (bytes: Uint8Array) => void) => (attack: Attack) => {
  const bytes = encodeFrame(attack.message, attack.sequence);
  change(bytes);
  attack.raw(bytes);
};
const words = (count: number) => Uint8Array.from({ length: count }, (_, k) => (k * 37) % 251);
const codec = { keptFraction: 0.5 } as const;
/** A difference to the last round, coded, of so many values. */
const difference = (value: number, more = 0) =>
  ({
    at: 'adapters',
    exchangeCodec: codec,
    act: (attack: Attack) => {
      const count = decode(attack.message.body).values.length + more;
      return body(() => encodeTensor(new Float32Array(count).fill(value), [count], codec, 1))(attack);
    },
  }) as const;
const report = { decodeSeconds: 0, backwardSeconds: 0, updateSeconds: 0 };

/** At the second step of a round, and at its end. */
export const hostileModes: Readonly<Record<string, HostileMode>> = {
  'a time beyond all numbers': {
    at: 'activations',
    reason: /forwardSeconds/u,
    act: header({ forwardSeconds: 1.7e308 }),
  },
  'a time that never passed': {
    at: 'activations',
    reason: /of work are reported/u,
    act: header({ forwardSeconds: 9e5 }),
  },
  'a negative time': { at: 'activations', reason: /encodeSeconds/u, act: header({ encodeSeconds: -1e-9 }) },
  'a time that is none': { at: 'activations', reason: /forwardSeconds/u, act: header({ forwardSeconds: NaN }) },
  'a report of times beyond all numbers': {
    at: 'activations',
    reason: /backwardSeconds/u,
    act: header({ previous: { ...report, backwardSeconds: 1e300 } }),
  },
  'a message from the future': {
    at: 'activations',
    reason: /before it was sent/u,
    act: header({ sentAtSeconds: 1e15 }),
  },
  'a message that was sent long ago': {
    at: 'activations',
    reason: /before its question/u,
    act: header({ sentAtSeconds: -1.7e308 }),
  },
  'adapters that were sent long ago': {
    at: 'adapters',
    reason: /before its question/u,
    act: header({ sentAtSeconds: -1e15 }),
  },
  'an answer before the question': {
    at: 'activations',
    reason: /before it was sent/u,
    act: header({ receivedAtSeconds: -1e15 }),
  },
  'an answer to what it has not heard yet': {
    at: 'activations',
    reason: /before it was sent/u,
    act: header({ receivedAtSeconds: 1e15 }),
  },
  'a target too many': { at: 'activations', reason: /takes \d+ bytes/u, act: targets(0, 0, 0) },
  'no room for targets': { at: 'activations', reason: /2 targets are due/u, act: body(() => new Uint8Array(1)) },
  'a target beyond the head': { at: 'activations', reason: /target 3 where 3/u, act: targets(0, 3) },
  'a target far beyond the head': { at: 'activations', reason: /target 254 where 3/u, act: targets(254, 0) },
  'no target at all': { at: 'activations', reason: /without any target/u, act: targets(255, 255) },
  'activations of NaN': { at: 'activations', reason: /not finite/u, act: filled(NaN) },
  'infinite activations': { at: 'activations', reason: /not finite/u, act: filled(-Infinity) },
  'activations beyond float32': { at: 'activations', isComputed: true, reason: /NaN|finite/u, act: filled(3e38) },
  'activations of another size': {
    at: 'activations',
    reason: /takes \d+ bytes/u,
    act: tensor((old) => old.subarray(4)),
  },
  'noise for a coded tensor': { at: 'activations', codec, reason: /magic/u, act: tensor((old) => words(old.length)) },
  'a coded tensor cut short': { at: 'activations', codec, reason: /./u, act: body((old) => old.subarray(0, -3)) },
  'a coded tensor of another shape': {
    at: 'activations',
    codec,
    reason: /shape/u,
    act: tensor(() => encodeTensor(new Float32Array(6000), [1000, 6], codec, 1)),
  },
  'another round': { at: 'activations', reason: /round 7/u, act: header({ round: 7 }) },
  'another step': { at: 'activations', reason: /step 9/u, act: header({ step: 9 }) },
  'another kind': {
    at: 'activations',
    reason: /expected activations/u,
    act: (a) => a.send({ ...a.message, kind: 'finished' }),
  },
  'a request to join': {
    at: 'activations',
    reason: /expected activations/u,
    act: (a) => a.send({ ...a.message, kind: 'join' }),
  },
  'a replayed frame': { at: 'activations', reason: /came where/u, act: (a) => a.raw(a.last) },
  'a turned bit': { at: 'activations', reason: /checksum/u, act: frame((bytes) => (bytes[bytes.length - 1]! ^= 1)) },
  'an unknown kind': { at: 'activations', reason: /kind 250/u, act: frame((bytes) => (bytes[5] = 250)) },
  'another version': { at: 'activations', reason: /version 9/u, act: frame((bytes) => (bytes[4] = 9)) },
  'a length that is not its own': {
    at: 'activations',
    reason: /above the limit/u,
    act: frame((bytes) => (bytes[19] = 255)),
  },
  'a header of 20 MB': {
    at: 'activations',
    reason: /above the limit/u,
    act: (a) => a.raw(encodeFrame({ ...a.message, header: { text: 'x'.repeat(2e7) } }, a.sequence)),
  },
  'a header nested without end': {
    at: 'activations',
    reason: /not JSON|forwardSeconds/u,
    act: (a) => a.send({ ...a.message, header: { round: nested(4000) } }),
  },
  'a header with a prototype': {
    at: 'activations',
    reason: /round/u,
    act: (a) =>
      a.send({ ...a.message, header: JSON.parse('{"__proto__":{"round":1,"step":1}}') as Record<string, unknown> }),
  },
  'a hundred messages at once': {
    at: 'activations',
    reason: /messages wait|closed|expected/u,
    act: (a) => {
      for (let k = 0; k < 100; k++) a.raw(encodeFrame({ ...a.message, kind: 'state' }, a.sequence + k));
    },
  },
  silence: { at: 'activations', reason: /nothing came/u, act: () => undefined },
  'a reason that rewrites the screen': {
    at: 'activations',
    reason: /\\u001b\[2J\\u000around 9/u,
    act: (a) => a.close('\u001b[2J\nround 9: honest was left behind'),
  },
  'adapters beyond float32': { at: 'adapters', reason: /moved by/u, act: adapters(3e38) },
  'adapters far away': { at: 'adapters', reason: /moved by/u, act: adapters(1e4) },
  'adapters of NaN': { at: 'adapters', reason: /not finite/u, act: adapters(NaN) },
  'infinite adapters': { at: 'adapters', reason: /not finite/u, act: adapters(-Infinity) },
  'too few adapters': {
    at: 'adapters',
    reason: /adapters came where/u,
    act: body((old) => encodeAdapters(new Map([...decodeAdapters(old)].slice(1)))),
  },
  'adapters with a stranger among them': {
    at: 'adapters',
    reason: /0\.query\.down/u,
    act: body((old) =>
      encodeAdapters(
        new Map([...decodeAdapters(old)].map(([name, tensor], k) => [k === 0 ? '\u001b[2Jx' : name, tensor])),
      ),
    ),
  },
  'adapters of another shape': {
    at: 'adapters',
    reason: /shape/u,
    act: body((old) => {
      const tensors = [...decodeAdapters(old)].map(([name, { values }]) => fromFloat32(name, [values.length], values));
      return writeSafetensors({ tensors, metadata: {} });
    }),
  },
  'adapters with a header beyond the file': {
    at: 'adapters',
    reason: /./u,
    act: body((old) => Uint8Array.of(255, 255, 255, 255, 255, 255, 31, 0, ...old.subarray(8))),
  },
  'noise for adapters': { at: 'adapters', reason: /./u, act: body(() => words(500)) },
  'a coded difference far away': { ...difference(1e5), reason: /moved by/u },
  'a coded difference beyond float32': { ...difference(3e38), reason: /moved by|not finite/u },
  'a coded difference of another length': { ...difference(0, 3), reason: /expected shape/u },
  'noise for a coded difference': {
    at: 'adapters',
    exchangeCodec: codec,
    reason: /magic/u,
    act: body(() => words(500)),
  },
  'coding that took longer than it can have': {
    at: 'adapters',
    exchangeCodec: codec,
    reason: /of work are reported/u,
    act: header({ exchange: { decodeSeconds: 0, encodeSeconds: 9e5 } }),
  },
  'no report on the last step': { at: 'adapters', reason: /not reported/u, act: header({ previous: undefined }) },
  'adapters of another round': { at: 'adapters', reason: /round 0/u, act: header({ round: 0 }) },
};

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let k = 0; k < depth; k++) value = [value];
  return value;
}

/** A device's end of a connection that does as a mode says at one place of the training, and is honest until then. */
export function turned(
  near: FramedConnection,
  far: FramedConnection,
  place: { readonly kind: string; readonly round: number; readonly step: number },
  act: HostileMode['act'],
): Connection {
  let sequence = 0;
  let last: Uint8Array = new Uint8Array(0);
  const send = async (message: Message) => {
    const { round, step } = message.header;
    if (message.kind !== place.kind || round !== place.round || (step !== undefined && step !== place.step)) {
      last = encodeFrame(message, sequence++);
      return near.send(message);
    }
    await act({
      message,
      send: (changed) => near.send(changed),
      raw: (bytes) => far.arrived(bytes),
      sequence,
      last,
      close: (reason) => near.close(reason),
    });
    return 0;
  };
  return {
    send,
    receive: (seconds) => near.receive(seconds),
    close: (reason) => near.close(reason),
    restrict: (limits) => near.restrict(limits),
    get isOpen() {
      return near.isOpen;
    },
    get traffic() {
      return near.traffic;
    },
  };
}
