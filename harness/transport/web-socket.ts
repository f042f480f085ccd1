import { createServer } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import { optionalPackage } from '../optional-package.js';
import { ConnectionError, FramedConnection, Mailbox, type Connection, type Listener } from './connection.js';
import { announcedBytes, defaultFrameLimitBytes, doorLimits, FrameError } from './frame.js';
import { oneLine } from './text.js';

export interface SocketOptions {
  /** Largest frame sent or accepted; default 256 MiB. */
  readonly limitBytes?: number;
  /** Seconds between two heartbeats; default 5. */
  readonly heartbeatSeconds?: number;
  /** A side not heard of for so long is taken for gone; default 20. */
  readonly silenceSeconds?: number;
  /** For the connection to be made; default 10. */
  readonly connectSeconds?: number;
}

const defaults = {
  limitBytes: defaultFrameLimitBytes,
  heartbeatSeconds: 5,
  silenceSeconds: 20,
  connectSeconds: 10,
};

export interface ListenOptions extends SocketOptions {
  /** Interface to listen on; default this machine alone. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
  /**
   * For strangers: connections take no more than `doorLimits` until somebody says otherwise, so many at most stand open,
   * and one that does not speak the protocol within seconds is cut off. Default: everybody is known.
   */
  readonly door?: { readonly connections: number };
}

/** A frame goes as pieces of this size, so that a side knows what is announced before it holds it. */
const pieceBytes = 2 ** 16;
/** WebSocket messages of strangers in more fragments are refused. */
const mostFragments = 16;
/** For the HTTP request that opens a connection, ms. */
const requestMs = 5000;

/** Accepts WebSocket connections. Throws `ConnectionError` where the port is taken. */
export async function listenWebSocket(options: ListenOptions): Promise<Listener> {
  const settings = { ...defaults, ...options };
  const { host = '127.0.0.1', port, door } = options;
  const { WebSocketServer } = await optionalPackage('ws', () => import('ws'));
  const http = createServer({
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 8192,
  });
  if (door) http.maxConnections = door.connections;
  const server = new WebSocketServer({ server: http, ...socketOptions });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (cause) => {
      reject(new ConnectionError('unreachable', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    http.listen(port, host);
  });
  const arrivals = new Mailbox<Connection>();
  let isOpen = true;
  server.on('connection', (socket) => {
    if (!isOpen) {
      socket.terminate();
      return;
    }
    const connection = overSocket(socket, settings);
    if (door) connection.restrict(doorLimits);
    arrivals.put(connection);
  });
  const bound = http.address() as { readonly port: number };
  return {
    address: `ws://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    accept: (timeoutSeconds) => arrivals.take(timeoutSeconds),
    close: () => {
      isOpen = false;
      arrivals.fail(new ConnectionError('closed', 'the listener has been closed'));
      // Open connections would keep the server's callback from ever coming.
      server.close();
      http.close();
      return Promise.resolve();
    },
  };
}

/** Pongs are answered by hand: one who pings and does not read would fill the memory with answers. */
const socketOptions = {
  maxPayload: pieceBytes,
  maxFragments: mostFragments,
  perMessageDeflate: false,
  autoPong: false,
} as const;

/** Connects to `ws://host:port`. Throws `ConnectionError` where nobody answers in time. */
export async function connectWebSocket(address: string, options: SocketOptions = {}): Promise<Connection> {
  const settings = { ...defaults, ...options };
  const { WebSocket } = await optionalPackage('ws', () => import('ws'));
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, {
      ...socketOptions,
      handshakeTimeout: settings.connectSeconds * 1000,
    });
    // Made at once: frames may come right behind the handshake.
    const connection = overSocket(socket, settings);
    socket.once('open', () => resolve(connection));
    socket.once('error', (cause) => {
      reject(new ConnectionError('unreachable', `${address} does not answer: ${cause.message}`, { cause }));
    });
  });
}

function overSocket(socket: WebSocket, settings: Required<SocketOptions>): FramedConnection {
  const connection = new FramedConnection(
    {
      write: (frame) =>
        new Promise((resolve, reject) => {
          const sent = (cause?: Error) => {
            if (cause) reject(new ConnectionError('closed', `the socket is gone: ${cause.message}`, { cause }));
            else resolve();
          };
          const last = Math.max(0, Math.ceil(frame.length / pieceBytes) - 1) * pieceBytes;
          for (let at = 0; at < last; at += pieceBytes)
            socket.send(frame.subarray(at, at + pieceBytes), () => undefined);
          socket.send(frame.subarray(last), sent);
        }),
      shutdown: (reason) => closeSocket(socket, reason),
    },
    settings.limitBytes,
  );
  const assemble = assembler(connection);
  let heard = true;
  let silentBeats = 0;
  socket.on('message', (data: RawData, isBinary) => {
    heard = true;
    // Text is no frame: an empty one ends the connection with that reason.
    assemble(isBinary ? bytesOf(data) : new Uint8Array(0));
  });
  socket.on('pong', () => (heard = true));
  socket.on('ping', (data: Buffer) => {
    heard = true;
    if (socket.bufferedAmount < pieceBytes && socket.readyState === socket.OPEN) socket.pong(data);
  });
  // Beats are counted, not seconds: a process that computed for a minute has not listened for a minute either.
  const mostSilentBeats = Math.ceil(settings.silenceSeconds / settings.heartbeatSeconds);
  const heartbeat = setInterval(() => {
    silentBeats = heard ? 0 : silentBeats + 1;
    heard = false;
    if (silentBeats > mostSilentBeats) {
      connection.end(new ConnectionError('timeout', `nothing heard for ${settings.silenceSeconds} s`));
      socket.terminate();
    } else if (socket.readyState === socket.OPEN) socket.ping();
  }, settings.heartbeatSeconds * 1000);
  heartbeat.unref();
  socket.on('close', (_code, reason) => {
    clearInterval(heartbeat);
    connection.end(new ConnectionError('closed', oneLine(reason.toString()) || 'the other side has gone'));
  });
  socket.on('error', (cause) => connection.end(new ConnectionError('closed', cause.message, { cause })));
  return connection;
}

/** Puts frames together from their pieces, of which all but the last are full. */
function assembler(connection: FramedConnection): (piece: Uint8Array) => void {
  let pieces: Uint8Array[] = [];
  let missing = 0;
  return (piece) => {
    if (!connection.isOpen) return;
    try {
      if (pieces.length === 0) missing = announcedBytes(piece, connection.limits);
      if (piece.length !== Math.min(missing, pieceBytes)) {
        throw new FrameError('length', `a piece of ${piece.length} bytes came where ${missing} were missing`);
      }
    } catch (cause) {
      pieces = [];
      connection.refuse(cause);
      return;
    }
    pieces.push(piece);
    missing -= piece.length;
    if (missing > 0) return;
    const frame = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces = [];
    connection.arrived(frame);
  };
}

/** Close reasons are limited to 123 bytes; a side that does not answer the close is cut off. */
function closeSocket(socket: WebSocket, reason: string): void {
  socket.close(
    1000,
    new TextDecoder().decode(new TextEncoder().encode(reason).subarray(0, 120)).replaceAll('\uFFFD', ''),
  );
  setTimeout(() => socket.terminate(), 1000).unref();
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
