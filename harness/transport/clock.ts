import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A clock that never goes back and that all processes of a machine share, s from its start. */
export function machineSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** Tells machines, and starts of a machine, apart: two processes with the same one share `machineSeconds`. */
export function machineIdentity(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return hostname();
  }
}

/** Timers may come late by a millisecond or two: the last of a wait is spent asking. */
const timerSlackSeconds = 0.0015;

/** Resolves at a time of `machineSeconds`, to within some 0.1 ms where the machine is idle. */
export async function sleepUntil(time: number): Promise<void> {
  const left = time - machineSeconds();
  if (left > timerSlackSeconds) {
    await new Promise((resolve) => setTimeout(resolve, (left - timerSlackSeconds) * 1000));
  }
  while (machineSeconds() < time) await new Promise((resolve) => setImmediate(resolve));
}
