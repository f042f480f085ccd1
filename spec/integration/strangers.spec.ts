import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadBackend } from '../../harness/backend/tensorflow.js';
import { loadWorkload, openScenario, workloadFacts } from '../../harness/scenario/index.js';
import { encodeFrame, protocolVersion, type Facts } from '../../harness/transport/index.js';
import { cliFile, compileCli } from '../support/compiled-cli.js';
import { started, type Started } from '../support/harness-processes.js';

const scenario = `
version: 1
seed: 3
data: { images: 40, evaluationImages: 0 }
model: { seed: 1, imageSize: 32, shape: { patchSize: 16, width: 12, blocks: 3, heads: 2, mlpWidth: 24 } }
lora: { rank: 2, alpha: 4, targets: [query, value] }
training: { rounds: 3, stepsPerRound: 1, batchSize: 4, learningRate: 0.01 }
clock: emulated
devices: [{ name: near, cut: 1 }, { name: far, cut: 2 }]
`;

let cli: string;
let folder: string;
let path: string;
const running: Started[] = [];
beforeAll(async () => {
  await compileCli();
  cli = fileURLToPath(cliFile());
  folder = await mkdtemp(join(tmpdir(), 'strangers-'));
  path = join(folder, 'scenario.yaml');
  await writeFile(path, scenario);
});
afterAll(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

function start(...args: string[]): Started {
  const one = started(cli, args, { SFT_OPT_TOKEN: 'secret' });
  running.push(one);
  return one;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Largest resident memory of a process so far, MiB; 0 for one that has ended. */
function peak({ child }: Started): number {
  const [, kibibytes = '0'] = /VmHWM:\s+(\d+)/u.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

const joinFrame = (header: Record<string, unknown>) =>
  encodeFrame({ kind: 'join', header, body: new Uint8Array(0) }, 0);

/** Opens a WebSocket; resolves to it or, where it is turned away, to undefined. */
function opened(address: string): Promise<WebSocket | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address, { autoPong: false });
    socket.on('error', () => resolve(undefined));
    socket.on('open', () => resolve(socket));
  });
}

async function many(address: string, count: number, act: (socket: WebSocket) => void): Promise<() => void> {
  const sockets = await Promise.all(Array.from({ length: count }, () => opened(address)));
  for (const socket of sockets) if (socket) act(socket);
  return () => sockets.forEach((socket) => socket?.terminate());
}

/** Raw bytes after a handshake done by hand: what no library would send. */
async function rawFrames(address: string, count: number, bytes: Uint8Array, times: number): Promise<() => void> {
  const { hostname, port } = new URL(address);
  const sockets: Socket[] = [];
  for (let k = 0; k < count; k++) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    socket.once('data', () => {
      for (let time = 0; time < times && !socket.destroyed; time++) socket.write(bytes);
    });
    sockets.push(socket);
  }
  await pause(300);
  return () => sockets.forEach((socket) => socket.destroy());
}

/** Ways of a stranger, each begun against a server and given up after a while. */
const attacks: Record<string, (address: string) => Promise<() => void>> = {
  'headers of 60 MB': (address) => {
    const frame = joinFrame({ token: 'x', text: 'y'.repeat(6e7) });
    return many(address, 4, (socket) => socket.send(frame));
  },
  'headers of 60 MB in pieces': (address) => {
    const frame = joinFrame({ token: 'x', text: 'y'.repeat(6e7) });
    return many(address, 4, (socket) => {
      for (let at = 0; at < frame.length; at += 65536) socket.send(frame.subarray(at, at + 65536));
    });
  },
  'two hundred who say nothing': (address) => many(address, 200, () => undefined),
  'two hundred who begin a frame': (address) =>
    many(address, 200, (socket) => socket.send(joinFrame({ text: 'y'.repeat(60_000) }).subarray(0, 30_000))),
  'two hundred guesses': (address) =>
    many(address, 200, (socket) => socket.send(joinFrame({ token: `guess ${Math.random()}`, device: 'near' }))),
  'deeply nested requests': (address) => {
    const header = `{"token":"secret","protocolVersion":4,"device":${'['.repeat(15_000)}${']'.repeat(15_000)}}`;
    const frame = joinFrame({});
    const bytes = Buffer.concat([frame.subarray(0, 24), Buffer.from(header)]);
    return many(address, 16, (socket) => socket.send(bytes));
  },
  text: (address) => many(address, 16, (socket) => socket.send('x'.repeat(60_000))),
  'pings without end, answers unread': (address) =>
    many(address, 16, (socket) => {
      socket.pause();
      for (let k = 0; k < 20_000; k++) socket.ping(Buffer.alloc(125));
    }),
  // Masked with zeros, not final: a text message that never ends.
  'fragments of one byte': (address) =>
    rawFrames(
      address,
      16,
      Buffer.concat([
        Buffer.of(0x02, 0x81, 0, 0, 0, 0, 1),
        ...Array.from({ length: 5000 }, () => Buffer.of(0x00, 0x81, 0, 0, 0, 0, 1)),
      ]),
      4,
    ),
  'empty fragments': (address) =>
    rawFrames(
      address,
      16,
      Buffer.concat([
        Buffer.of(0x02, 0x80, 0, 0, 0, 0),
        ...Array.from({ length: 20_000 }, () => Buffer.of(0x00, 0x80, 0, 0, 0, 0)),
      ]),
      4,
    ),
  'HTTP that never ends': (address) => {
    const { hostname, port } = new URL(address);
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(`GET / HTTP/1.1\r\n${'X-A: y\r\n'.repeat(500)}`);
      return socket;
    });
    return Promise.resolve(() => sockets.forEach((socket) => socket.destroy()));
  },
};

/** A training of both devices after something else has happened; the server's peak of memory, MiB. */
async function served(before: (address: string) => Promise<void>): Promise<number> {
  const server = start('server', path, '--port', '0');
  await server.said('listening on');
  const address = /ws:\/\/\S+/u.exec(server.output.text)![0];
  await before(address);
  const devices = ['near', 'far'].map((name) => start('device', path, '--join', address, '--name', name));
  let largest = 0;
  const watch = setInterval(() => {
    if (server.child.exitCode === null) largest = Math.max(largest, peak(server));
  }, 20);
  const codes = await Promise.all([server, ...devices].map(({ ended }) => ended));
  clearInterval(watch);
  expect(codes).toEqual([0, 0, 0]);
  return largest;
}

it('strangers neither fill a server’s memory nor keep its devices out', async () => {
  const quiet = await served(() => Promise.resolve());
  const peaks: Record<string, number> = {};
  const attacked = await served(async (address) => {
    const server = running.at(-1)!;
    for (const [name, attack] of Object.entries(attacks)) {
      const giveUp = await attack(address);
      await pause(700);
      giveUp();
      expect(server.child.exitCode, name).toBe(null);
      peaks[name] = peak(server);
    }
  });
  console.log(`peak ${quiet.toFixed(0)} MiB quiet, ${attacked.toFixed(0)} MiB under attack`, peaks);
  expect(Object.keys(peaks).length).toBeGreaterThanOrEqual(10);
  expect(attacked).toBeLessThanOrEqual(1.2 * quiet);
}, 180_000);

it('a device that comes under a name that is taken is told so, and the first goes on', async () => {
  const server = start('server', path, '--port', '0');
  await server.said('listening on');
  const address = /ws:\/\/\S+/u.exec(server.output.text)![0];
  const first = start('device', path, '--join', address, '--name', 'near');
  await server.said('near has joined');
  const second = start('device', path, '--join', address, '--name', 'near');
  await second.said('device near has joined already');
  second.child.kill('SIGKILL');
  const far = start('device', path, '--join', address, '--name', 'far');
  expect(await Promise.all([server.ended, first.ended, far.ended])).toEqual([0, 0, 0]);
}, 60_000);

/** Ways of a device that has shown the token; it is silent otherwise, and so left behind in the end. */
const memberAttacks: Record<string, (socket: WebSocket) => void> = {
  'pings without end, answers unread': (socket) => {
    socket.pause();
    for (let k = 0; k < 20_000; k++) socket.ping(Buffer.alloc(125));
  },
  'messages that nobody waits for': (socket) => {
    const message = { kind: 'activations', header: { round: 0, step: 0 }, body: new Uint8Array(20_000) } as const;
    for (let k = 1; k < 3000; k++) socket.send(encodeFrame(message, k));
  },
  'headers of a thousand arrays': (socket) => {
    const header = { nested: Array.from({ length: 1000 }, () => [[[]]]) };
    for (let k = 1; k < 3000; k++) socket.send(encodeFrame({ kind: 'state', header, body: new Uint8Array(0) }, k));
  },
  'a frame byte by byte': (socket) => {
    const { _socket: raw } = socket as unknown as { readonly _socket: Socket };
    // Final, binary, masked with zeros, of 30,000 bytes.
    raw.write(Buffer.of(0x82, 0xfe, 0x75, 0x30, 0, 0, 0, 0));
    const drip = setInterval(() => raw.write(Buffer.of(0)), 20);
    socket.on('close', () => clearInterval(drip));
  },
  'a frame that announces more than is due': (socket) => {
    const bytes = encodeFrame({ kind: 'adapters', header: {}, body: new Uint8Array(40_000) }, 1);
    new DataView(bytes.buffer).setUint32(16, 2 ** 31, true);
    socket.send(bytes);
  },
  noise: (socket) => socket.send(Buffer.alloc(60_000, 0xa5)),
  silence: () => undefined,
};

it('a device that has joined fills no memory either, and holds nobody up', async () => {
  const file = join(folder, 'members.yaml');
  await writeFile(
    file,
    scenario.replace('rounds: 3', 'rounds: 1000000').replace('clock:', 'faults: { messageTimeout: 2 s }\nclock:'),
  );
  const opening = await openScenario(file);
  const facts = await workloadFacts(await loadWorkload(opening, await loadBackend()));
  const record = join(folder, 'members.jsonl');
  const server = start('server', file, '--port', '0', '--record', record);
  await server.said('listening on');
  const address = /ws:\/\/\S+/u.exec(server.output.text)![0];
  start('device', file, '--join', address, '--name', 'near');
  const honest = start('device', file, '--join', address, '--name', 'far');
  await server.said('far has joined');
  await pause(2000);
  const quiet = peak(server);
  honest.child.kill('SIGKILL');
  await honest.ended;
  const peaks: Record<string, number> = {};
  const rounds = () => readFileSync(record, 'utf8').split('"kind":"round"').length;
  for (const [name, attack] of Object.entries(memberAttacks)) {
    const socket = await joined(address, facts);
    const ended = new Promise((resolve) => socket.on('close', resolve));
    const before = rounds();
    attack(socket);
    // A socket that is not read from does not say that it was closed.
    await Promise.race([ended, pause(6000)]);
    socket.terminate();
    peaks[name] = peak(server);
    while (rounds() === before) await pause(50);
  }
  server.child.kill('SIGINT');
  expect(await server.ended).toBe(4);
  const largest = Math.max(...Object.values(peaks));
  console.log(`peak ${quiet.toFixed(0)} MiB quiet, ${largest.toFixed(0)} MiB with a hostile member`, peaks);
  expect(largest).toBeLessThanOrEqual(1.2 * quiet);
}, 180_000);

/** A connection that the server has let in as `far`; tries again while it has not missed the last one. */
async function joined(address: string, facts: Facts): Promise<WebSocket> {
  for (;;) {
    const socket = (await opened(address))!;
    const answer = new Promise<string>((resolve) => {
      socket.once('message', (data: Buffer) => resolve(data.toString('latin1')));
      socket.once('close', () => resolve(''));
    });
    socket.send(joinFrame({ token: 'secret', protocolVersion, device: 'far', facts }));
    if ((await answer).includes('assignment')) return socket;
    socket.terminate();
    await pause(100);
  }
}
