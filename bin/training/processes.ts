import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { connectionsFor, type TrainingResult } from '../../harness/server/index.js';
import { runServerProcess } from '../../harness/scenario/index.js';
import { listenWebSocket } from '../../harness/transport/index.js';
import type { OpenedTraining, TrainingArguments, TrainingHooks } from './session.js';

/** Variable that holds the token; arguments could be read by others on the machine. */
const tokenVariable = 'SFT_OPT_TOKEN';

/** Set for a device that ends with whoever has started it. */
const ownedVariable = 'SFT_OPT_OWNED';

/** Serves in this process; each device runs in one of its own, which ends with this one. */
export async function trainInProcesses(
  path: string,
  { scenario, workload, backend, clock }: OpenedTraining,
  options: TrainingArguments,
  hooks: TrainingHooks,
  say: (text: string) => void,
): Promise<TrainingResult> {
  const token = randomBytes(24).toString('base64url');
  const listener = await listenWebSocket({ port: 0, door: { connections: connectionsFor(scenario.devices.length) } });
  let isEnding = false;
  const tell = (text: string) => {
    if (!isEnding) say(text);
  };
  const devices = scenario.devices.map(({ name }) => {
    const own = ['device', path, '--join', listener.address, '--name', name, '--backend', backend.name];
    const seed = options.seed === undefined ? [] : ['--seed', String(options.seed)];
    const settings = (options.set ?? []).flatMap((setting) => ['--set', setting]);
    return startDevice(name, [...own, ...seed, ...settings], token, tell);
  });
  let graceSeconds = 0;
  try {
    const result = await runServerProcess(backend.tf, scenario, workload, { ...hooks, listener, token, clock });
    // Devices that were told so end by themselves.
    if (result.roundsDone >= scenario.rounds) graceSeconds = 5;
    return result;
  } finally {
    isEnding = true;
    await Promise.all(devices.map((device) => ended(device, graceSeconds)));
  }
}

/** Reads from a pipe and writes errors to one. */
type DeviceProcess = ChildProcessByStdio<Writable, null, Readable>;

function startDevice(name: string, args: readonly string[], token: string, say: (text: string) => void): DeviceProcess {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    env: { ...process.env, [tokenVariable]: token, [ownedVariable]: '1' },
    // The device ends when its standard input does: with this process, however that ends.
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  let last = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (last = text.trim() || last));
  child.on('exit', (code, signal) => {
    if (code !== 0 && signal !== 'SIGKILL') say(`${name} has ended (${signal ?? String(code)}): ${last}`);
  });
  return child;
}

/** Waits for a device to end by itself, then asks it to, then makes it. */
async function ended(child: DeviceProcess, graceSeconds: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const asking = setTimeout(() => child.stdin.end(), graceSeconds * 1000);
  const making = setTimeout(() => child.kill('SIGKILL'), (graceSeconds + 5) * 1000);
  await gone;
  clearTimeout(asking);
  clearTimeout(making);
}
