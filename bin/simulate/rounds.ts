import { on } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { ResolvedScenario, ScenarioOrigin } from '../../lib/io/index.js';
import { simulate, simulationOptions, type RoundRecord, type SimulationScheme } from '../../lib/simulate/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { startThread } from '../thread-file.js';
import { isModule } from './schemes.js';

/** What the thread of a simulation is started with. All of it survives structured cloning. */
export interface RoundOrder {
  readonly origin: ScenarioOrigin;
  /** As `--scheme` has them. */
  readonly schemes: readonly string[];
  readonly details: boolean;
  /** One 32-bit word; anything but 0 asks it to stop. */
  readonly stop: SharedArrayBuffer;
}

/** What that thread says. */
export type RoundMessage =
  | { readonly kind: 'round'; readonly record: RoundRecord }
  | { readonly kind: 'done' }
  | {
      readonly kind: 'failed';
      readonly message: string;
      /** Whether whoever types the command can mend it. */
      readonly isForPeople: boolean;
      readonly stack: string | undefined;
    };

/** Schemes as they were named, and as they were loaded. */
export interface NamedSchemes {
  readonly names: readonly string[];
  readonly loaded: readonly SimulationScheme[];
}

/**
 * The rounds of a scenario, until the signal is raised. Modules may never come back from a decision: they decide in a thread of their
 * own, so that Ctrl-C is heard all the same.
 */
export function playedRounds(
  scenario: ResolvedScenario,
  schemes: NamedSchemes,
  details: boolean,
  signal: AbortSignal,
): AsyncGenerator<RoundRecord> {
  return schemes.names.some(isModule)
    ? roundsOfThread(scenario, schemes.names, details, signal)
    : roundsHere(scenario, schemes.loaded, details, signal);
}

async function* roundsHere(
  { cell, settings, start }: ResolvedScenario,
  schemes: readonly SimulationScheme[],
  details: boolean,
  signal: AbortSignal,
): AsyncGenerator<RoundRecord> {
  const { seed } = start.file;
  for (const record of simulate(cell, simulationOptions(settings), schemes, { seed, details })) {
    yield record;
    // The rounds are worked out without a pause: this is where Ctrl-C is heard.
    await setImmediate();
    if (signal.aborted) break;
  }
}

async function* roundsOfThread(
  { origin }: ResolvedScenario,
  schemes: readonly string[],
  details: boolean,
  signal: AbortSignal,
): AsyncGenerator<RoundRecord> {
  const stop = new SharedArrayBuffer(4);
  const ask = () => Atomics.store(new Int32Array(stop), 0, 1);
  if (signal.aborted) ask();
  signal.addEventListener('abort', ask);
  const worker = startThread('rounds-worker', import.meta.url, {
    workerData: { origin, schemes, details, stop } satisfies RoundOrder,
  });
  try {
    for await (const [message] of on(worker, 'message', { close: ['exit'] }) as AsyncIterable<[RoundMessage]>) {
      if (message.kind === 'done') return;
      if (message.kind === 'round') yield message.record;
      else if (message.isForPeople) throw new CommandError(exitCodes.badInput, message.message);
      else throw Object.assign(new Error(message.message), { stack: message.stack });
    }
    throw new CommandError(exitCodes.badInput, 'a scheme ended the thread in which it decides');
  } finally {
    signal.removeEventListener('abort', ask);
    await worker.terminate();
  }
}
