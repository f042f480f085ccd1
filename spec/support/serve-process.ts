import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PlanFile } from '../../lib/io/index.js';
import { cliFile } from './compiled-cli.js';

/** A line of the server's log. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

type PlanAnswer = NonNullable<PlanFile['answer']>;

/** What may stand in an answer; a test says what does. */
export interface AnswerBody {
  readonly id: string;
  readonly status: string;
  readonly state: string;
  readonly stopping: boolean;
  readonly best?: { readonly totalSeconds: number; readonly boundSeconds?: number };
  readonly answer?: PlanAnswer;
  readonly report: PlanFile & { readonly answer: PlanAnswer };
  readonly devices: readonly { readonly name: string }[];
  readonly totalSeconds: number;
  readonly boundSeconds: number;
  readonly verified: boolean;
  readonly bandwidthHz: readonly number[];
  readonly step: { readonly totalSeconds: number };
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly issues: readonly { readonly path: string; readonly line?: number }[];
  };
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: AnswerBody;
}

/** `sft-opt serve` in a process of its own, and requests to it. */
export class ServeProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly token: string,
    /** What it has logged so far. */
    readonly log: readonly LogLine[],
  ) {}

  static async start(
    args: readonly string[] = [],
    tokens: readonly string[] = ['token-of-tests'],
  ): Promise<ServeProcess> {
    const child = spawn(process.execPath, [fileURLToPath(cliFile()), 'serve', '--port', '0', ...args], {
      env: { ...process.env, SFT_OPT_TOKEN: tokens.join('\n') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: LogLine[] = [];
    let errors = '';
    let rest = '';
    let seen: (line: LogLine) => void = () => undefined;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop()!;
      for (const part of parts) {
        const line = JSON.parse(part) as LogLine;
        lines.push(line);
        seen(line);
      }
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    const url = await new Promise<string>((resolve, reject) => {
      seen = (line) => line.event === 'listening' && resolve(line['url'] as string);
      child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${errors}`)));
    });
    return new ServeProcess(child, url, tokens[0]!, lines);
  }

  async ask(
    method: string,
    path: string,
    { body, type = 'application/json', token = this.token }: { body?: unknown; type?: string; token?: string } = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': type }),
      },
      ...(body !== undefined && {
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson ? JSON.parse(text) : {}) as AnswerBody,
    };
  }

  /** The state of a problem when it has ended. */
  async ended(id: string): Promise<AnswerBody> {
    for (;;) {
      const { body } = await this.ask('GET', `/problems/${id}?wait=20`);
      if (body.state === 'done' || body.state === 'failed') return body;
    }
  }

  /** Sends a signal; resolves with the exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await exit) as [number | null];
    return code;
  }
}
