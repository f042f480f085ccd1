import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseProblemFile } from '../../lib/io/index.js';
import { Replanner, solvePlan } from '../../lib/plan/index.js';
import { refusals } from '../../bin/serve/refusal.js';
import { temporaryFolder } from '../support/ampl.js';
import { cliFile, compileCli, removeCli } from '../support/compiled-cli.js';
import { ServeProcess, type Answer, type AnswerBody } from '../support/serve-process.js';

const minimal = readFileSync('examples/minimal.yaml', 'utf8');
/** As much work for `exact` as nobody waits for: a common batch of ten devices, no two alike. */
const endless = `${minimal
  .replace('count: 4', 'count: 9')
  .replace('throughput: 40 GFLOP/s', 'throughput: { logNormal: { median: 40 GFLOP/s, sigma: 0.6 } }')
  .replace(
    'memory: 300 MiB',
    'memory: { choice: [120 MiB, 200 MiB, 300 MiB] }\n    distance: { disc: { radius: 300 m, minimum: 20 m } }',
  )}\nserver: { sharing: batched }\n`;
const started: ServeProcess[] = [];

async function serve(args: readonly string[] = [], tokens?: readonly string[]): Promise<ServeProcess> {
  const server = await ServeProcess.start(args, tokens);
  started.push(server);
  return server;
}

const yaml = (body: string | Uint8Array) => ({ body, type: 'application/yaml' });
const submit = async (server: ServeProcess, body = minimal, query = ''): Promise<string> => {
  const { status, body: state } = await server.ask('POST', `/problems${query}`, yaml(body));
  expect(status).toBe(202);
  return state.id;
};

beforeAll(compileCli);
afterAll(removeCli);
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.end('SIGKILL')));
});

/** The plan of a report, or the best so far of a thread that was too slow to write one. */
function planOf({ report, answer }: AnswerBody) {
  return (report as AnswerBody['report'] | undefined)?.answer ?? answer!;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('problems over HTTP', () => {
  it('are solved as the library solves them, from a file or from JSON', async () => {
    const server = await serve();
    const direct = solvePlan(parseProblemFile(minimal), { baselines: false, whatIf: 'never' });
    const asText = await server.ended(await submit(server));
    expect(asText.report.answer.roundDelaySeconds).toBe(direct.answer!.delay.totalSeconds);
    expect(asText.report.bound.boundSeconds).toBe(direct.bound.boundSeconds);
    const problem = {
      version: 1,
      model: 'deit-tiny',
      devices: [{ name: 'phone', throughput: 4e10, memory: '300 MiB' }],
    };
    const { status, headers, body } = await server.ask('POST', '/problems', { body: { problem, method: 'exact' } });
    expect([status, headers.get('location')]).toEqual([202, `/problems/${body.id}`]);
    const asJson = await server.ended(body.id);
    expect([asJson.state, asJson.report.status, asJson.report.method]).toEqual(['done', 'solved', 'exact']);
    // From the answer of before, bandwidths alone.
    const warm = await server.ask('POST', '/problems', { body: { problem, method: 'bandwidth', warm: asJson.report } });
    const again = await server.ended(warm.body.id);
    expect(again.report.answer.roundDelaySeconds).toBeCloseTo(asJson.report.answer.roundDelaySeconds, 6);
    expect(await server.end()).toBe(0);
  });

  it('show the best plan so far, and end with it', async () => {
    const server = await serve();
    const id = await submit(server, endless, '?method=exact');
    let state: AnswerBody | undefined;
    await until(async () => {
      ({ body: state } = await server.ask('GET', `/problems/${id}`));
      return state.best?.boundSeconds !== undefined && state.answer !== undefined;
    });
    const { answer, best } = state!;
    expect(state!.state).toBe('running');
    expect(answer!.devices).toHaveLength(10);
    expect(answer!.roundDelaySeconds).toBe(best!.totalSeconds);
    expect(best!.boundSeconds!).toBeLessThanOrEqual(best!.totalSeconds);
    const { status, body: stopped } = await server.ask('DELETE', `/problems/${id}`);
    expect([status, stopped.state, stopped.stopping]).toEqual([200, 'done', true]);
    expect(planOf(stopped).roundDelaySeconds).toBeLessThanOrEqual(best!.totalSeconds);
    expect((await server.ask('GET', `/problems/${id}`)).body).toEqual(stopped);
  });

  it('belong to the token that sent them', async () => {
    const server = await serve([], ['first-token', 'second-token']);
    const id = await submit(server);
    const paths = [`/problems/${id}`, '/problems', '/sessions', `/sessions/${id}/step`, '/metrics'];
    for (const token of ['', 'wrong-token', 'first-token\u00e9']) {
      const codes = await Promise.all(
        paths.map(async (path, k) => (await server.ask(k === 0 || k === 4 ? 'GET' : 'POST', path, { token })).status),
      );
      expect(codes).toEqual(paths.map(() => 401));
    }
    expect((await server.ask('GET', `/problems/${id}`, { token: 'second-token' })).status).toBe(404);
    expect((await server.ask('DELETE', `/problems/${id}`, { token: 'second-token' })).status).toBe(404);
    expect((await server.ask('GET', `/problems/${id}`)).status).toBe(200);
    expect((await server.ask('GET', '/health', { token: '' })).body.status).toBe('ok');
    expect(JSON.stringify(server.log)).not.toContain('first-token');
  });
});

describe('live cells', () => {
  it('find the bandwidths that a replanner finds', async () => {
    const server = await serve();
    const id = await submit(server);
    const { report } = await server.ended(id);
    const { status, body: session } = await server.ask('POST', '/sessions', { body: { problem: id } });
    expect(status).toBe(201);
    const { problem } = parseProblemFile(minimal);
    const direct = new Replanner(problem, solvePlan(problem).answer!.plan);
    const path = `/sessions/${session.id}`;
    for (const seed of [1, 2, 3, 4, 5]) {
      const uplinkGain = problem.devices.map((_, n) => 0.2 + ((n * 7 + seed * 3) % 11));
      const { body } = await server.ask('POST', `${path}/step`, { body: { uplinkGain } });
      expect(body.totalSeconds).toBeCloseTo(direct.step(uplinkGain), 9);
      expect(body.bandwidthHz).toHaveLength(5);
    }
    const { body: replanned } = await server.ask('POST', `${path}/replan`, { body: { timeLimitSeconds: 2 } });
    expect(replanned.totalSeconds).toBeLessThanOrEqual(direct.totalSeconds * (1 + 1e-9));
    expect(replanned.step.totalSeconds).toBeCloseTo(replanned.totalSeconds, 9);
    expect(replanned.boundSeconds).toBeLessThanOrEqual(replanned.totalSeconds);
    expect(replanned.verified).toBe(true);
    const { body: plan } = await server.ask('GET', path);
    expect(plan.devices.map(({ name }) => name)).toEqual(report.answer.devices.map(({ name }) => name));
    for (const [body, code] of [
      [{ uplinkGain: [1, 1] }, 'wrong-problem'],
      [{ uplinkGain: [1, 1, 1, 1, 0] }, 'wrong-request'],
      [{ uplinkGain: [1, 1, 1, 1, '1'] }, 'wrong-request'],
      [{ uplinkGain: [1, 1, 1, 1, 1], gain: 2 }, 'wrong-request'],
    ]) {
      expect((await server.ask('POST', `${path}/step`, { body })).body.error?.code).toBe(code);
    }
    expect((await server.ask('DELETE', path)).status).toBe(204);
    expect((await server.ask('POST', `${path}/step`, { body: { uplinkGain: [1, 1, 1, 1, 1] } })).status).toBe(404);
  });

  it('need a plan, and one that a replanner takes', async () => {
    const server = await serve(['--threads', '1']);
    const blocking = await submit(server, endless, '?method=exact');
    const waiting = await submit(server, `${minimal}\nserver: { sharing: batched }\n`);
    expect((await server.ask('POST', '/sessions', { body: { problem: waiting } })).body.error?.code).toBe('not-ready');
    await server.ask('DELETE', `/problems/${blocking}`);
    await server.ended(waiting);
    const { status, body } = await server.ask('POST', '/sessions', { body: { problem: waiting } });
    expect([status, body.error?.code]).toEqual([422, 'wrong-problem']);
    expect(body.error?.message).toContain('batched');
  });
});

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

describe('an end by SIGTERM', () => {
  it('gives whoever waits the best plan so far', async () => {
    const server = await serve(['--threads', '2']);
    const ids = [await submit(server, endless, '?method=exact'), await submit(server, endless, '?method=exact&seed=2')];
    await until(async () => {
      const states = await Promise.all(ids.map((id) => server.ask('GET', `/problems/${id}`)));
      return states.every(({ body }) => body.answer !== undefined);
    });
    const waiting = ids.map((id) => server.ended(id));
    await until(() => true);
    const exit = server.end();
    const states = await Promise.all(waiting);
    for (const state of states) {
      expect(state.state).toBe('done');
      expect(planOf(state).devices).toHaveLength(10);
    }
    expect(await exit).toBe(0);
    expect(server.log.at(-1)).toMatchObject({ event: 'stopped', unfetched: 0 });
  });

  it('loses nothing that was accepted where there is a store, nor does a sudden end', async () => {
    const folder = temporaryFolder();
    const before = await serve(['--threads', '1', '--store', folder]);
    const done = await submit(before);
    const report = (await before.ended(done)).report;
    const running = await submit(before, endless, '?method=exact');
    await until(async () => (await before.ask('GET', `/problems/${running}`)).body.answer !== undefined);
    const queued = [await submit(before), await submit(before)];
    expect(await before.end()).toBe(0);
    const after = await serve(['--threads', '1', '--store', folder]);
    expect((await after.ended(done)).report).toEqual(report);
    const stopped = await after.ended(running);
    expect(stopped.state).toBe('done');
    expect(planOf(stopped).devices).toHaveLength(10);
    for (const id of queued) expect((await after.ended(id)).report.status).toBe('solved');
    const killed = await submit(after, minimal, '?seed=7');
    await after.end('SIGKILL');
    const last = await serve(['--store', folder]);
    expect((await last.ended(killed)).report.seed).toBe(7);
    expect(readdirSync(folder).filter((name) => name.endsWith('.order.json'))).toHaveLength(5);
    expect(readFileSync(join(folder, `${done}.order.json`), 'utf8')).not.toContain('token-of-tests');
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
    const run = spawnSync(process.execPath, [join(folder, 'dist/bin/sft-opt.js'), 'serve'], { encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([2, expect.stringContaining('npm install hono') as string]);
    expect(fileURLToPath(cliFile())).toContain('node_modules');
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
