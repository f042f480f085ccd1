import { createHash, timingSafeEqual } from 'node:crypto';
import type { Connection } from './connection.js';
import { protocolVersion, type Message } from './frame.js';

/** What a device says of itself on joining. */
export interface JoinRequest {
  readonly device: string;
  readonly token: string;
  readonly protocolVersion: number;
  /** Digest of all that both sides must agree on: model, adapters, cut, batch. */
  readonly agreement: string;
}

/** Joining was refused; the message is the reason. */
export class JoinError extends Error {
  override readonly name = 'JoinError';
}

/** A digest of what both sides must agree on; field order does not matter. */
export function agreementDigest(facts: Readonly<Record<string, unknown>>): string {
  const sorted = Object.keys(facts)
    .sort()
    .map((key) => [key, facts[key]]);
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/** The device's side: asks to join and waits for the answer. Throws `JoinError` with the server's reason. */
export async function join(
  connection: Connection,
  request: Omit<JoinRequest, 'protocolVersion'>,
  timeoutSeconds: number,
): Promise<Message> {
  await connection.send({ kind: 'join', header: { ...request, protocolVersion }, body: new Uint8Array(0) });
  const { message } = await connection.receive(timeoutSeconds);
  if (message.kind === 'accepted') return message;
  const reason = message.kind === 'refused' ? String(message.header['reason']) : `unexpected answer: ${message.kind}`;
  connection.close(reason);
  throw new JoinError(reason);
}

/** What the server demands of a device. */
export interface Admission {
  readonly token: string;
  /** By device name; who is not in it is refused. */
  readonly agreements: ReadonlyMap<string, string>;
  /** Names that have joined already. */
  readonly present: ReadonlySet<string>;
}

/**
 * The server's side: answers the request to join. Returns the device's name; refuses with a reason, closes and throws
 * `JoinError` otherwise.
 */
export async function admit(connection: Connection, admission: Admission, timeoutSeconds: number): Promise<string> {
  const { message } = await connection.receive(timeoutSeconds);
  const reason = refusal(message, admission);
  if (reason !== undefined) {
    await connection.send({ kind: 'refused', header: { reason }, body: new Uint8Array(0) });
    connection.close(reason);
    throw new JoinError(reason);
  }
  await connection.send({ kind: 'accepted', header: { protocolVersion }, body: new Uint8Array(0) });
  return String(message.header['device']);
}

function refusal({ kind, header }: Message, { token, agreements, present }: Admission): string | undefined {
  if (kind !== 'join') return `expected a request to join, found ${kind}`;
  if (!sameSecret(header['token'], token)) return 'wrong token';
  if (header['protocolVersion'] !== protocolVersion) {
    return `the device speaks version ${String(header['protocolVersion'])}, the server ${protocolVersion}`;
  }
  const device = header['device'];
  const agreement = typeof device === 'string' ? agreements.get(device) : undefined;
  if (typeof device !== 'string' || agreement === undefined) return `no device ${String(device)} is expected`;
  if (present.has(device)) return `device ${device} has joined already`;
  if (header['agreement'] !== agreement) return `device ${device} has another model, adapters, cut or batch`;
  return undefined;
}

/** Compares digests, so that the time taken says nothing about the token. */
function sameSecret(given: unknown, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(wanted));
}
