import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, connect, type Socket } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../../', import.meta.url);

/** Bundles a program of this project (packages aside) so that it starts quickly; returns where it is. */
export async function bundled(source: string): Promise<string> {
  const outfile = fileURLToPath(new URL(`.cache/programs/${basename(source, '.ts')}-${process.pid}.js`, root));
  await build({
    entryPoints: [fileURLToPath(new URL(source, root))],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    define: { PACKAGE_VERSION: '"0.0.0"', PACKAGE_DESCRIPTION: '"under test"' },
    logLevel: 'error',
  });
  return outfile;
}

/** A program that runs; what it says is gathered. */
export interface Started {
  readonly child: ChildProcess;
  readonly output: { text: string };
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** Resolves once it has said so. */
  said(text: string): Promise<void>;
}

export function started(program: string, args: readonly string[], environment: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: fileURLToPath(root),
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { text: '' };
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output.text += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<number | string>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? code ?? -1));
  });
  return {
    child,
    output,
    ended,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!output.text.includes(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then((how) => reject(new Error(`ended (${how}) before saying “${text}”: ${output.text}`)));
      }),
  };
}

/** A wire between devices and a server that can be cut, and that can damage what goes over it. */
export class Wire {
  private readonly sockets = new Set<Socket>();
  private damage = false;
  private constructor(
    readonly address: string,
    private readonly stop: () => void,
  ) {}

  static async to(address: string): Promise<Wire> {
    const { hostname, port } = new URL(address);
    let wire: Wire | undefined = undefined;
    const server = createServer((near) => {
      const far = connect(Number(port), hostname);
      wire?.join(near, far);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bound = server.address() as { readonly port: number };
    const made = new Wire(`ws://127.0.0.1:${bound.port}`, () => server.close());
    wire = made;
    return made;
  }

  /** The next bytes of a device to the server are not those it has sent. */
  damageNext(): void {
    this.damage = true;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.stop();
    this.cut();
  }

  private join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    far.on('data', (bytes) => near.write(bytes));
    near.on('data', (bytes) => {
      // Only whole messages are worth damaging: heartbeats are a few bytes.
      if (this.damage && bytes.length > 100) {
        this.damage = false;
        bytes[bytes.length - 20]! ^= 0x10;
      }
      far.write(bytes);
    });
  }
}
