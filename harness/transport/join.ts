import { createHash, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { machineIdentity, machineSeconds } from './clock.js';
import { ConnectionError, type Connection } from './connection.js';
import { protocolVersion, type Message } from './frame.js';
import { oneLine } from './text.js';

/** Small facts, as they go into a header. */
export type Facts = Readonly<Record<string, unknown>>;

/** What a device says of itself on joining. */
export interface JoinRequest {
  readonly device: string;
  readonly token: string;
  /** All that both sides must agree on: model, adapters, data. */
  readonly facts: Facts;
  /** Anything else the server should know. */
  readonly more?: Facts;
}

/** The server's answer. */
export interface Accepted {
  readonly assignment: Facts;
  /** The server's `machineSeconds` less the device's; 0 on one machine. */
  readonly clockOffsetSeconds: number;
}

/** Joining was refused; the message is the reason. */
export class JoinError extends Error {
  override readonly name = 'JoinError';
  readonly code = 'join';
  constructor(
    message: string,
    /** Whether it may go well later: the server still holds an earlier connection of this device. */
    readonly isTemporary = false,
  ) {
    super(message);
  }
}

/** The device's side: asks to join and waits for the answer. Throws `JoinError` with the server's reason. */
export async function join(connection: Connection, request: JoinRequest, timeoutSeconds: number): Promise<Accepted> {
  const machine = machineIdentity();
  const sentAt = machineSeconds();
  await connection.send({
    kind: 'join',
    header: { ...request, protocolVersion, machine },
    body: new Uint8Array(0),
  });
  const { message, atSeconds } = await connection.receive(timeoutSeconds).catch((error: unknown) => {
    // A server of another version cannot read the request; it closes with that reason.
    const isVersion = error instanceof ConnectionError && error.message.includes('speaks version');
    throw isVersion ? new JoinError(error.message) : error;
  });
  const { kind, header } = message;
  if (kind === 'accepted') {
    const assignment = isRecord(header['assignment']) ? header['assignment'] : {};
    return { assignment, clockOffsetSeconds: offset(header, machine, sentAt, atSeconds) };
  }
  const reason = kind === 'refused' ? oneLine(String(header['reason'])) : `unexpected answer: ${kind}`;
  connection.close(reason);
  throw new JoinError(reason, kind === 'refused' && header['isTemporary'] === true);
}

/** Half of the way there and back is taken for the way there (as NTP does). */
function offset(header: Facts, machine: string, sentAt: number, answeredAt: number): number {
  const { machine: serverMachine, receivedAtSeconds, sentAtSeconds } = header;
  if (serverMachine === machine || typeof receivedAtSeconds !== 'number' || typeof sentAtSeconds !== 'number') return 0;
  return (receivedAtSeconds - sentAt + (sentAtSeconds - answeredAt)) / 2;
}

/** What the server demands of a device. */
export interface Admission {
  readonly token: string;
  /** What a device of this name must agree with; undefined for one that is not expected. */
  readonly facts: (device: string) => Facts | undefined;
  /** Whether a device of this name is there. */
  readonly isPresent: (device: string) => boolean;
  /** What it is told when it is accepted. */
  readonly assignment: (device: string, more: Facts) => Facts;
}

/** The request to join, once the token is the right one. */
const hello = z.object({
  device: z.string().max(80),
  facts: z.record(z.string(), z.unknown()),
  more: z.record(z.string(), z.unknown()).default({}),
});

/** A device that has been let in. */
export interface Admitted {
  readonly device: string;
  readonly more: Facts;
}

/**
 * The server's side: answers the request to join. Refuses with a reason, closes and throws `JoinError` otherwise.
 */
export async function admit(connection: Connection, admission: Admission, timeoutSeconds: number): Promise<Admitted> {
  const { message, atSeconds } = await connection.receive(timeoutSeconds);
  const request = requested(message, admission);
  if (request instanceof JoinError) {
    const { message: reason, isTemporary } = request;
    await connection.send({ kind: 'refused', header: { reason, isTemporary }, body: new Uint8Array(0) });
    connection.close(reason);
    throw request;
  }
  const { device, more } = request;
  const header = {
    assignment: admission.assignment(device, more),
    machine: machineIdentity(),
    receivedAtSeconds: atSeconds,
    sentAtSeconds: machineSeconds(),
  };
  await connection.send({ kind: 'accepted', header, body: new Uint8Array(0) });
  return { device, more };
}

function requested({ kind, header }: Message, admission: Admission): JoinError | Admitted {
  if (kind !== 'join') return new JoinError(`expected a request to join, found ${kind}`);
  if (!sameSecret(header['token'], admission.token)) return new JoinError('wrong token');
  if (header['protocolVersion'] !== protocolVersion) {
    const spoken = shortened(header['protocolVersion']);
    return new JoinError(`the device speaks version ${spoken}, the server ${protocolVersion}`);
  }
  const parsed = hello.safeParse(header);
  if (!parsed.success) return new JoinError('the request to join is malformed');
  const { device, facts, more } = parsed.data;
  const wanted = admission.facts(device);
  if (wanted === undefined) return new JoinError(oneLine(`no device ${device} is expected`));
  const different = differences(facts, wanted);
  if (different.length > 0) return new JoinError(`device ${device} does not fit: ${different.slice(0, 5).join('; ')}`);
  if (admission.isPresent(device)) return new JoinError(`device ${device} has joined already`, true);
  return { device, more };
}

/** Where facts differ, in words. */
export function differences(found: unknown, wanted: unknown, whose = 'the server', path = ''): string[] {
  if (isRecord(wanted) && isRecord(found)) {
    const keys = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
    return keys.flatMap((key) => differences(found[key], wanted[key], whose, path === '' ? key : `${path}.${key}`));
  }
  if (Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length) {
    return wanted.flatMap((each: unknown, k) => differences(found[k], each, whose, `${path}.${k}`));
  }
  const [own, other] = [JSON.stringify(found), JSON.stringify(wanted)] as (string | undefined)[];
  if (own === other) return [];
  return [
    `${path} is ${found === undefined ? 'absent' : shortened(found)}, ${whose} has ${wanted === undefined ? 'none' : shortened(wanted)}`,
  ];
}

/** A value for people, who need not see all of a long one. */
function shortened(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Compares digests, so that the time taken says nothing about the token. */
function sameSecret(given: unknown, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(wanted));
}
