import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { refusals } from '../../bin/serve/refusal.js';
import { temporaryFolder } from '../support/ampl.js';
import { cliFile } from '../support/compiled-cli.js';
import type { Answer, ServeProcess } from '../support/serve-process.js';
import { endless, minimal, serveProcesses, submit, until, yaml } from '../support/serve-problems.js';

const serve = serveProcesses();

describe('what is wrong', () => {
  it('is refused with a code and all its mistakes, and harms nobody', async () => {
    const server = await serve(['--body-limit', '65536']);
    const json = (body: unknown) => ({ body });
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replaceAll(/./gu, (name, k: number) => `${name}: &${name} [${`*${'abcdefgh'[k]!},`.repeat(9)}]\n`)}`;
    const refused: [string, string, Parameters<ServeProcess['ask']>[2], number, string][] = [
      ['POST', '/problems', json('{'), 400, 'not-json'],
      ['POST', '/problems', json(`{"problem":${'['.repeat(30_000)}${']'.repeat(30_000)}}`), 400, 'not-json'],
      ['POST', '/problems', json('{"problem":{}}}'), 400, 'not-json'],
      ['POST', '/problems', json(Uint8Array.of(0x22, 0xff, 0x22)), 400, 'not-json'],
      ['POST', '/problems', json({}), 400, 'wrong-request'],
      [
        'POST',
        '/problems',
        json({ problem: {}, methode: 'exact', seed: -1, timeLimitSeconds: 0 }),
        400,
        'wrong-request',
      ],
      ['POST', '/problems', json({ problem: minimal, method: 'bandwidth' }), 400, 'wrong-request'],
      ['POST', '/problems?method=guess', yaml(minimal), 400, 'wrong-request'],
      ['POST', '/problems?seed=', yaml(minimal), 400, 'wrong-request'],
      ['POST', '/problems', json('{"problem":{"__proto__":{"version":1}}}'), 422, 'wrong-problem'],
      ['POST', '/problems', json({ problem: minimal, warm: { devices: [] } }), 422, 'wrong-problem'],
      ['POST', '/problems', yaml(''), 422, 'wrong-problem'],
      ['POST', '/problems', yaml(bomb), 422, 'wrong-problem'],
      ['POST', '/problems', yaml('['.repeat(30_000)), 422, 'wrong-problem'],
      ['POST', '/problems', yaml(minimal.replace('count: 4', 'count: 400000000')), 422, 'wrong-problem'],
      ['POST', '/problems', yaml(minimal.replace('deit-tiny', '../../etc/passwd')), 422, 'wrong-problem'],
      [
        'POST',
        '/problems',
        yaml(minimal.replace('40 GFLOP', '40 kg').replace('300 MiB', 'much')),
        422,
        'wrong-problem',
      ],
      ['POST', '/problems', yaml('x'.repeat(65_537)), 413, 'body-too-large'],
      ['POST', '/problems', { body: minimal, type: 'image/png' }, 415, 'unsupported-media-type'],
      ['POST', '/sessions', json({ problem: 'none' }), 404, 'not-found'],
      ['POST', '/sessions', json([]), 400, 'wrong-request'],
      ['GET', '/problems/..%2f..%2fetc', {}, 404, 'not-found'],
      ['GET', '/problems/__proto__', {}, 404, 'not-found'],
      ['GET', '/nothing', {}, 404, 'not-found'],
      ['PUT', '/problems', {}, 405, 'method-not-allowed'],
      ['DELETE', '/metrics', {}, 405, 'method-not-allowed'],
    ];
    const id = await submit(server);
    for (const [method, path, request, status, code] of refused) {
      const answer = await server.ask(method, path, request);
      expect([path, request?.body, answer.status, answer.body.error?.code]).toEqual([
        path,
        request?.body,
        status,
        code,
      ]);
    }
    const { body } = await server.ask('POST', '/problems', refused[16]![2]);
    expect(body.error!.issues.map(({ path }) => path)).toEqual([
      'problem.devices[0].throughput',
      'problem.devices[0].memory',
    ]);
    expect(body.error!.issues[0]!.line).toBe(9);
    const { body: three } = await server.ask('POST', '/problems', refused[5]![2]);
    expect(three.error?.issues).toHaveLength(3);
    expect((await server.ask('GET', `/problems/${id}?wait=minute`)).status).toBe(400);
    expect((await server.ended(id)).state).toBe('done');
    expect(server.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is refused as raw bytes as well', async () => {
    const server = await serve(['--body-limit', '1000', '--request-time', '1s']);
    const { port } = new URL(server.url);
    const authorised = `Host: here\r\nAuthorization: Bearer ${server.token}\r\nContent-Type: application/yaml\r\n`;
    const chunked = `POST /problems HTTP/1.1\r\n${authorised}Transfer-Encoding: chunked\r\n\r\n`;
    const cases: [string, RegExp][] = [
      ['nonsense\r\n\r\n', /^HTTP\/1\.1 400/u],
      [`GET /health HTTP/1.1\r\nHost: here\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, /^HTTP\/1\.1 431/u],
      [`${chunked}800\r\n${'x'.repeat(0x800)}\r\n0\r\n\r\n`, /^HTTP\/1\.1 413/u],
      [`${chunked}zz\r\n`, /^HTTP\/1\.1 400|^$/u],
      // What was promised and does not come, and a smuggled second length.
      [`POST /problems HTTP/1.1\r\n${authorised}Content-Length: 900\r\n\r\nslow`, /^HTTP\/1\.1 408|^$/u],
      [
        `POST /problems HTTP/1.1\r\n${authorised}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n`,
        /^HTTP\/1\.1 400/u,
      ],
    ];
    const answers = await Promise.all(cases.map(([text]) => rawAnswer(Number(port), text)));
    expect(answers.map((answer, k) => cases[k]![1].test(answer))).toEqual(cases.map(() => true));
    expect((await server.ended(await submit(server))).state).toBe('done');
  });

  it('cannot take all connections', async () => {
    const server = await serve(['--request-time', '60s']);
    const id = await submit(server);
    const sockets = idlers(server, 1000);
    const open = () => sockets.filter((socket) => !socket.closed).length;
    await until(() => open() <= 3 * 256);
    expect((await server.ended(id)).state).toBe('done');
    expect((await server.ended(await submit(server))).state).toBe('done');
    const { text: metrics } = await server.ask('GET', '/metrics');
    const refused = Number(/connections_refused_total\{by="address"\} (\d+)/u.exec(metrics)?.[1]);
    expect(refused).toBe(1000 - 3 * 256);
    for (const socket of sockets) socket.destroy();
    expect(await server.end()).toBe(0);
  });

  it('is waited for no longer than a request may take', async () => {
    const server = await serve(['--request-time', '1s']);
    const sockets = idlers(server, 60);
    await until(() => sockets.every((socket) => socket.closed));
    expect((await server.ended(await submit(server))).state).toBe('done');
  });

  it('of too much at a time is refused until there is room', async () => {
    const server = await serve(['--threads', '1', '--queue', '2']);
    const first = await submit(server, endless, '?method=exact');
    const rest = await Promise.all(Array.from({ length: 8 }, () => server.ask('POST', '/problems', yaml(minimal))));
    const taken = rest.filter(({ status }) => status === 202);
    const refused = rest.filter(({ status }) => status === 429);
    expect([taken.length, refused.length]).toEqual([2, 6]);
    expect(refused[0]!.headers.get('retry-after')).toBe('1');
    await server.ask('DELETE', `/problems/${first}`);
    for (const { body } of taken) expect((await server.ended(body.id)).state).toBe('done');
  });
});

describe('what the server says of itself', () => {
  it('is an OpenAPI document that its answers keep to', async () => {
    const server = await serve();
    const { text } = await server.ask('GET', '/openapi.json', { token: '' });
    const document = JSON.parse(text) as Record<string, unknown>;
    const { valid, errors } = await new Validator().validate(document);
    expect([valid, errors]).toEqual([true, undefined]);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, 'api');
    const keeps = (path: string, method: string, { status, body }: Answer) => {
      const pointer = `#/paths/${path.replaceAll('/', '~1')}/${method}/responses/${status}/content/application~1json/schema`;
      const check = ajv.getSchema(`api${pointer}`)!;
      expect([path, check(body), check.errors]).toEqual([path, true, null]);
    };
    keeps('/health', 'get', await server.ask('GET', '/health'));
    const accepted = await server.ask('POST', '/problems', yaml(minimal));
    keeps('/problems', 'post', accepted);
    keeps('/problems', 'post', await server.ask('POST', '/problems', yaml('model: 3')));
    await server.ended(accepted.body.id);
    keeps('/problems/{id}', 'get', await server.ask('GET', `/problems/${accepted.body.id}`));
    keeps('/problems/{id}', 'delete', await server.ask('DELETE', '/problems/none'));
    const session = await server.ask('POST', '/sessions', { body: { problem: accepted.body.id } });
    keeps('/sessions', 'post', session);
    const path = `/sessions/${session.body.id}`;
    keeps('/sessions/{id}', 'get', await server.ask('GET', path));
    const gains = { uplinkGain: [1, 2, 1, 2, 1] };
    keeps('/sessions/{id}/step', 'post', await server.ask('POST', `${path}/step`, { body: gains }));
    keeps('/sessions/{id}/replan', 'post', await server.ask('POST', `${path}/replan`, { body: {} }));
    const request = ajv.getSchema('api#/components/schemas/SolveRequest')!;
    expect(
      request({ problem: { version: 1, model: 'deit-tiny', devices: [{ name: 'a', throughput: 1e9, memory: 1e9 }] } }),
    ).toBe(true);
    expect(request({ problem: 3 })).toBe(false);
    const { text: metrics } = await server.ask('GET', '/metrics');
    const line = /^(?:# (?:HELP|TYPE) .*|[a-z_]+(?:\{(?:[a-z]+="[^"]*",?)+\})? -?[\d.e+-]+)$/u;
    expect(
      metrics
        .trimEnd()
        .split('\n')
        .filter((written) => !line.test(written)),
    ).toEqual([]);
    expect(metrics).toContain('sft_opt_http_requests_total{route="accept",status="202"} 1');
  });

  it('names a package that is missing, with what installs it', () => {
    const folder = temporaryFolder();
    cpSync(new URL('../', new URL('./', cliFile())), join(folder, 'dist'), { recursive: true });
    const run = () => spawnSync(process.execPath, [join(folder, 'dist/bin/sft-opt.js'), 'serve'], { encoding: 'utf8' });
    const told = (name: string) =>
      expect.stringContaining(`the package ${name}: npm install hono @hono/node-server\n`) as string;
    const neither = run();
    expect([neither.status, neither.stderr]).toEqual([2, told('hono')]);
    const hono = join(folder, 'node_modules/hono');
    mkdirSync(hono, { recursive: true });
    writeFileSync(join(hono, 'package.json'), '{"name":"hono","type":"module","exports":"./index.js"}');
    writeFileSync(join(hono, 'index.js'), '');
    const one = run();
    expect([one.status, one.stderr]).toEqual([2, told('@hono/node-server')]);
    expect(fileURLToPath(cliFile())).toContain('node_modules');
  });
});

describe('the guide', () => {
  it('names every refusal with its status', () => {
    const page = readFileSync('docs/serve.md', 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)`\s*\| (\d{3})/gmu)].map(([, code, status]) => [
      code,
      Number(status),
    ]);
    expect(rows).toEqual(Object.entries(refusals).sort(([, a], [, b]) => a - b));
  });
});

/** Connections from three addresses: a third says nothing, a third never ends its headers, a third never ends its body. */
function idlers({ url, token }: ServeProcess, count: number): Socket[] {
  const port = Number(new URL(url).port);
  const head = `POST /problems HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/yaml\r\n`;
  return Array.from({ length: count }, (_, k) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${2 + (k % 3)}` });
    socket.on('error', () => undefined).resume();
    if (k % 3 === 1) socket.write('GET /health HTTP/1.1\r\nHost: here\r\nX-Slow: ');
    if (k % 3 === 2) socket.write(`${head}Content-Length: 60000\r\n\r\nversion`);
    return socket;
  });
}

/** Everything that comes back for some bytes, until the server ends the connection. */
function rawAnswer(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (/^HTTP\/1\.1 [45]/u.test(answer)) socket.end();
    });
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  });
}
