import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProblemFile } from '../../lib/io/index.js';
import { Replanner, solvePlan } from '../../lib/plan/index.js';
import { temporaryFolder } from '../support/ampl.js';
import type { AnswerBody } from '../support/serve-process.js';
import { endless, minimal, serveProcesses, submit, until } from '../support/serve-problems.js';

const serve = serveProcesses();

const solvedHere = () => solvePlan(parseProblemFile(minimal), { baselines: false, whatIf: 'never' });
/** Of two devices, solved at once, with a common batch: no replanner takes it. */
const batched = `${minimal.replace('count: 4', 'count: 1')}\nserver: { sharing: batched }\n`;

/** The plan of a report, or the best so far of a thread that was too slow to write one. */
function planOf({ report, answer }: AnswerBody) {
  return (report as AnswerBody['report'] | undefined)?.answer ?? answer!;
}

/** Niceness of a process's threads on Linux, that of requests first. */
function priorities(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .sort((a, b) => Number(a) - Number(b))
    .map((thread) => {
      const line = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[16]);
    });
}

describe('problems over HTTP', () => {
  it('are solved as the library solves them, from a file or from JSON', async () => {
    const server = await serve();
    const direct = solvedHere();
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
    if (process.platform === 'linux') {
      const [own, ...others] = priorities(server.child.pid!);
      expect(others.filter((other) => other > own!)).toHaveLength(1);
    }
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
    const direct = new Replanner(problem, solvedHere().answer!.plan);
    const path = `/sessions/${session.id}`;
    for (const seed of [1, 2, 3, 4, 5]) {
      const uplinkGain = problem.devices.map((_, n) => 0.2 + ((n * 7 + seed * 3) % 11));
      const { body } = await server.ask('POST', `${path}/step`, { body: { uplinkGain } });
      expect(body.totalSeconds).toBeCloseTo(direct.step(uplinkGain), 9);
      expect(body.bandwidthHz).toHaveLength(5);
    }
    const { body: replanned } = await server.ask('POST', `${path}/replan`, { body: {} });
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
    const waiting = await submit(server, batched);
    expect((await server.ask('POST', '/sessions', { body: { problem: waiting } })).body.error?.code).toBe('not-ready');
    await server.ask('DELETE', `/problems/${blocking}`);
    await server.ended(waiting);
    const { status, body } = await server.ask('POST', '/sessions', { body: { problem: waiting } });
    expect([status, body.error?.code]).toEqual([422, 'wrong-problem']);
    expect(body.error?.message).toContain('batched');
  });
});

describe('an end by SIGTERM', () => {
  it('gives whoever waits the best plan so far', async () => {
    // Time enough for whoever waits, however busy the machine.
    const server = await serve(['--threads', '2', '--drain', '60s']);
    const ids = [await submit(server, endless, '?method=exact'), await submit(server, endless, '?method=exact&seed=2')];
    await until(async () => {
      const states = await Promise.all(ids.map((id) => server.ask('GET', `/problems/${id}`)));
      return states.every(({ body }) => body.answer !== undefined);
    });
    const waiting = ids.map((id) => server.ended(id));
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
