import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import {
  admit,
  connectWebSocket,
  ConnectionError,
  encodeFrame,
  join,
  JoinError,
  listenWebSocket,
  RadioConnection,
  RadioLink,
  type Connection,
  type Listener,
  type Message,
} from '../../harness/transport/index.js';
import { listenInProcess } from '../support/listen-in-process.js';

const limitBytes = 4 * 2 ** 20;

interface Opened {
  readonly listener: Listener;
  readonly connect: () => Promise<Connection>;
}

/** Every implementation has to pass the same tests. */
const transports: Record<string, () => Promise<Opened>> = {
  'in process': () => Promise.resolve(listenInProcess(limitBytes)),
  WebSocket: async () => {
    const listener = await listenWebSocket({ port: 0, limitBytes });
    return { listener, connect: () => connectWebSocket(listener.address, { limitBytes }) };
  },
  'in process over an emulated radio link': () => {
    const { listener, connect } = listenInProcess(limitBytes);
    const law = { kind: 'linear', bitsPerSecondPerHz: 8 } as const;
    const link = () => new RadioLink({ uplink: law, downlink: law, bandwidthHz: 1e9 });
    return Promise.resolve({ listener, connect: async () => new RadioConnection(await connect(), link()) });
  },
};

const message = (k: number, bytes: number): Message => ({
  kind: 'activations',
  header: { k, text: 'µ' },
  body: Uint8Array.from({ length: bytes }, (_, i) => (i * 7 + k) % 256),
});

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const item of opened.splice(0)) await item.close();
});

describe.each(Object.entries(transports))('transport %s', (_, open) => {
  async function pair(): Promise<[Connection, Connection]> {
    const { listener, connect } = await open();
    const [near, far] = await Promise.all([connect(), listener.accept(5)]);
    opened.push(near, far, listener);
    return [near, far];
  }

  it('carries messages whole and in order, both ways', async () => {
    const [near, far] = await pair();
    const sizes = [0, 1, 100_000, 3, 2_000_000];
    const sending = Promise.all(sizes.map((bytes, k) => near.send(message(k, bytes))));
    const back = Promise.all([0, 1].map((k) => far.send(message(k, 10))));
    for (const [k, bytes] of sizes.entries()) {
      const received = await far.receive(5);
      expect(received.message.header).toEqual({ k, text: 'µ' });
      expect(Buffer.compare(received.message.body, message(k, bytes).body)).toBe(0);
    }
    for (const k of [0, 1]) expect((await near.receive(5)).message.header['k']).toBe(k);
    await Promise.all([sending, back]);
  });

  it('counts the bytes of frames alike on both sides', async () => {
    const [near, far] = await pair();
    const sent = await near.send(message(1, 5000));
    const { bytes } = await far.receive(5);
    expect(bytes).toBe(sent);
    expect(sent).toBe(encodeFrame(message(1, 5000), 0).length);
    expect(near.traffic).toMatchObject({ sentBytes: sent, sentMessages: 1, receivedBytes: 0 });
    expect(far.traffic).toMatchObject({ receivedBytes: sent, receivedMessages: 1, sentBytes: 0 });
  });

  it('gives messages that were under way before a close, then the reason', async () => {
    const [near, far] = await pair();
    await near.send(message(7, 10));
    near.close('done for today');
    near.close('again');
    expect(near.isOpen).toBe(false);
    expect((await far.receive(5)).message.header['k']).toBe(7);
    await expect(far.receive(5)).rejects.toThrow('done for today');
    await expect(near.send(message(8, 1))).rejects.toThrow(ConnectionError);
  });

  it('rejects a waiting reader when the other side goes', async () => {
    const [near, far] = await pair();
    const waiting = expect(far.receive(5)).rejects.toMatchObject({ code: 'closed' });
    near.close();
    await waiting;
    await expect(near.receive(5)).rejects.toMatchObject({ code: 'closed' });
  });

  it('gives up waiting in time and loses nothing by it', async () => {
    const [near, far] = await pair();
    await expect(far.receive(0.02)).rejects.toMatchObject({ code: 'timeout' });
    await near.send(message(3, 4));
    expect((await far.receive(5)).message.header['k']).toBe(3);
  });

  it('refuses to send a frame above the limit and stays usable', async () => {
    const [near, far] = await pair();
    await expect(near.send(message(0, limitBytes))).rejects.toThrow('above the limit');
    await near.send(message(1, 4));
    expect((await far.receive(5)).message.header['k']).toBe(1);
  });

  const facts = { config: { width: 96, blocks: 6 }, lora: { rank: 8 } };
  const admission = {
    token: 'right',
    facts: (device: string) => (device === 'a' ? facts : undefined),
    isPresent: () => false,
    assignment: (device: string, more: unknown) => ({ device, more, cut: 2 }),
  };

  it('lets a device join with its token, and refuses others with the reason', async () => {
    const narrow = { ...facts, config: { width: 24, blocks: 6 } };
    const cases = [
      [{ device: 'a', token: 'wrong', facts }, 'wrong token'],
      [{ device: 'b', token: 'right', facts }, 'no device b'],
      [{ device: 'a', token: 'right', facts: narrow }, 'config.width is 24, the server has 96'],
      [{ device: 'a', token: 'right', facts: {} }, 'lora is absent'],
    ] as const;
    for (const [request, reason] of cases) {
      const [near, far] = await pair();
      const admitting = expect(admit(far, admission, 5)).rejects.toThrow(JoinError);
      await expect(join(near, request, 5)).rejects.toThrow(reason);
      await admitting;
    }
    const [near, far] = await pair();
    const admitting = admit(far, admission, 5);
    const joined = await join(near, { device: 'a', token: 'right', facts, more: { round: 3 } }, 5);
    expect(await admitting).toEqual({ device: 'a', more: { round: 3 } });
    expect(joined).toEqual({ assignment: { device: 'a', more: { round: 3 }, cut: 2 }, clockOffsetSeconds: 0 });
    const [second, other] = await pair();
    const late = expect(admit(other, { ...admission, isPresent: () => true }, 5)).rejects.toThrow(JoinError);
    const refused = join(second, { device: 'a', token: 'right', facts }, 5);
    await expect(refused).rejects.toMatchObject({
      isTemporary: true,
      message: expect.stringContaining('already') as string,
    });
    await late;
  });

  it('refuses a device of another version', async () => {
    const [near, far] = await pair();
    const admitting = expect(admit(far, admission, 5)).rejects.toThrow('version 99');
    const header = { device: 'a', token: 'right', facts, protocolVersion: 99 };
    await near.send({ kind: 'join', header, body: new Uint8Array(0) });
    const { message: answer } = await near.receive(5);
    expect([answer.kind, String(answer.header['reason'])]).toEqual(['refused', expect.stringContaining('version')]);
    await admitting;
  });

  it('no longer accepts once the listener is closed', async () => {
    const { listener, connect } = await open();
    await listener.close();
    await expect(listener.accept(1)).rejects.toThrow(ConnectionError);
    await expect(connect()).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('WebSocket connections', () => {
  it.each([
    ['text', 'hello'],
    ['noise', Buffer.from('not a frame at all, but long enough to be one')],
    ['a frame out of order', Buffer.from(encodeFrame(message(0, 3), 5))],
  ])('end on %s, and the listener goes on', async (_, rubbish) => {
    const listener = await listenWebSocket({ port: 0 });
    opened.push(listener);
    const raw = new WebSocket(listener.address);
    raw.on('open', () => raw.send(rubbish));
    const closed = new Promise((resolve) => raw.on('close', resolve));
    const far = await listener.accept(5);
    await expect(far.receive(5)).rejects.toMatchObject({ code: 'frame' });
    await closed;
    const [near, next] = await Promise.all([connectWebSocket(listener.address), listener.accept(5)]);
    opened.push(near, next);
    await near.send(message(1, 2));
    expect((await next.receive(5)).message.header['k']).toBe(1);
  });

  it('notice a side that has fallen silent', async () => {
    const listener = await listenWebSocket({ port: 0, heartbeatSeconds: 0.05, silenceSeconds: 0.3 });
    opened.push(listener);
    const raw = new WebSocket(listener.address, { autoPong: false });
    raw.on('error', () => undefined);
    const far = await listener.accept(5);
    await expect(far.receive(10)).rejects.toMatchObject({ code: 'timeout' });
    raw.terminate();
  });

  it('stay open over silence that heartbeats fill', async () => {
    const options = { heartbeatSeconds: 0.1, silenceSeconds: 2 };
    const listener = await listenWebSocket({ port: 0, ...options });
    const [near, far] = await Promise.all([connectWebSocket(listener.address, options), listener.accept(5)]);
    opened.push(listener, near, far);
    await new Promise((resolve) => setTimeout(resolve, 2600));
    expect([near.isOpen, far.isOpen]).toEqual([true, true]);
  });
});
