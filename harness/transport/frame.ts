import { crc32 } from 'node:zlib';

/** Version of the framing and of the messages in it; both sides must have the same. */
export const protocolVersion = 4;

/** What a message is about; its place in the list is its number on the wire. */
export const messageKinds = [
  'join',
  'accepted',
  'refused',
  'activations',
  'gradient',
  'round',
  'adapters',
  'state-request',
  'state',
  'finished',
] as const;
export type MessageKind = (typeof messageKinds)[number];

/** A message between device and server. */
export interface Message {
  readonly kind: MessageKind;
  /** Small facts, as JSON. */
  readonly header: Readonly<Record<string, unknown>>;
  /** Bulk: a coded tensor or an adapter file; may be empty. */
  readonly body: Uint8Array;
}

export type FrameErrorCode = 'malformed' | 'version' | 'length' | 'checksum' | 'sequence' | 'flood';

/** Bytes that are no frame of this protocol. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  constructor(
    readonly code: FrameErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Largest frame that is accepted where nothing else is said. */
export const defaultFrameLimitBytes = 2 ** 28;

/** What a side takes from the other. */
export interface ReceiveLimits {
  /** Of a frame, byte. */
  readonly frameBytes: number;
  /** Of its header, byte: JSON takes many times its length in memory. */
  readonly headerBytes: number;
  /** Messages that may wait to be read. */
  readonly waitingMessages: number;
  /** Kinds whose header is looked at; default all. */
  readonly kinds?: readonly MessageKind[];
}

export const defaultReceiveLimits: ReceiveLimits = {
  frameBytes: defaultFrameLimitBytes,
  headerBytes: 2 ** 25,
  waitingMessages: 256,
};

/** Of one that has not shown the token yet. */
export const doorLimits: ReceiveLimits = {
  frameBytes: 2 ** 16,
  headerBytes: 2 ** 16,
  waitingMessages: 1,
  kinds: ['join'],
};

const magic = 0x5f53_4654;
/**
 * magic u32, version u8, kind u8, 2 bytes of zero, sequence u32, header length u32, body length u32, checksum u32: all
 * little-endian. The CRC-32 covers the whole frame with its own field as zero.
 */
const prefixBytes = 24;
const checksumOffset = 20;

/** Bytes of a message as a frame. `sequence` counts the messages of one direction from 0. */
export function encodeFrame(message: Message, sequence: number): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(JSON.stringify(message.header));
  const frame = new Uint8Array(prefixBytes + header.length + message.body.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, magic, true);
  view.setUint8(4, protocolVersion);
  view.setUint8(5, messageKinds.indexOf(message.kind));
  view.setUint32(8, sequence >>> 0, true);
  view.setUint32(12, header.length, true);
  view.setUint32(16, message.body.length, true);
  frame.set(header, prefixBytes);
  frame.set(message.body, prefixBytes + header.length);
  view.setUint32(checksumOffset, crc32(frame), true);
  return frame;
}

/** Bytes of the frame that a message takes. */
export function frameBytes({ header, body }: Message): number {
  return prefixBytes + Buffer.byteLength(JSON.stringify(header)) + body.length;
}

/** A received frame. */
export interface DecodedFrame {
  readonly message: Message;
  readonly sequence: number;
}

/** Bytes of the frame that begins so, by its prefix alone. Throws `FrameError` on what is not to be received. */
export function announcedBytes(start: Uint8Array, limits: ReceiveLimits): number {
  if (start.length < prefixBytes) throw new FrameError('malformed', `${start.length} bytes are no frame`);
  const view = viewOf(start);
  if (view.getUint32(0, true) !== magic) throw new FrameError('malformed', 'not a frame of this protocol');
  const version = view.getUint8(4);
  if (version !== protocolVersion) {
    throw new FrameError('version', `the other side speaks version ${version}, this one ${protocolVersion}`);
  }
  const headerBytes = view.getUint32(12, true);
  const total = prefixBytes + headerBytes + view.getUint32(16, true);
  if (total > limits.frameBytes) throw aboveLimit(total, limits.frameBytes);
  if (headerBytes > limits.headerBytes) {
    throw new FrameError('length', `a header of ${headerBytes} bytes is above the limit of ${limits.headerBytes}`);
  }
  const kind = messageKinds[view.getUint8(5)];
  if (!kind) throw new FrameError('malformed', `message kind ${view.getUint8(5)} is unknown`);
  if (limits.kinds?.includes(kind) === false) throw new FrameError('malformed', `${kind} came before joining`);
  return total;
}

/** The message in a frame; its body is a view of `frame`. Throws `FrameError`. */
export function decodeFrame(frame: Uint8Array, limits = defaultReceiveLimits): DecodedFrame {
  if (frame.length > limits.frameBytes) throw aboveLimit(frame.length, limits.frameBytes);
  if (announcedBytes(frame, limits) !== frame.length) {
    throw new FrameError('length', `a frame of ${frame.length} bytes claims another length`);
  }
  const view = viewOf(frame);
  if (checksumWithoutField(frame) !== view.getUint32(checksumOffset, true)) {
    throw new FrameError('checksum', 'the checksum does not fit the frame');
  }
  const bodyStart = prefixBytes + view.getUint32(12, true);
  return {
    message: {
      kind: messageKinds[view.getUint8(5)]!,
      header: parseHeader(frame.subarray(prefixBytes, bodyStart)),
      body: frame.subarray(bodyStart),
    },
    sequence: view.getUint32(8, true),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function aboveLimit(bytes: number, limit: number): FrameError {
  return new FrameError('length', `a frame of ${bytes} bytes is above the limit of ${limit}`);
}

function checksumWithoutField(frame: Uint8Array): number {
  const beforeField = crc32(frame.subarray(0, checksumOffset));
  const withZeros = crc32(new Uint8Array(prefixBytes - checksumOffset), beforeField);
  return crc32(frame.subarray(prefixBytes), withZeros);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new FrameError('malformed', 'the header of a frame is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new FrameError('malformed', 'the header of a frame is not an object');
  }
  return header as Record<string, unknown>;
}
