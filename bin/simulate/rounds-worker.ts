/** The thread in which schemes of people's own decide: whatever they do there, the main thread hears Ctrl-C. */
import { parentPort, workerData } from 'node:worker_threads';
import { resolveScenario } from '../../lib/io/index.js';
import { SchemeAnswerError, simulate, simulationOptions } from '../../lib/simulate/index.js';
import { thrownText } from '../../lib/simulate/shown.js';
import { CommandError } from '../exit-codes.js';
import type { RoundMessage, RoundOrder } from './rounds.js';
import { loadSchemes } from './schemes.js';

const { origin, schemes: wanted, details, stop } = workerData as RoundOrder;
const flag = new Int32Array(stop);
const say = (message: RoundMessage) => parentPort!.postMessage(message);

try {
  const { cell, settings, start } = resolveScenario(origin);
  const schemes = await loadSchemes(wanted);
  for (const record of simulate(cell, simulationOptions(settings), schemes, { seed: start.file.seed, details })) {
    say({ kind: 'round', record });
    if (Atomics.load(flag, 0) !== 0) break;
  }
  say({ kind: 'done' });
} catch (error) {
  const isForPeople = error instanceof SchemeAnswerError || error instanceof CommandError;
  say({
    kind: 'failed',
    message: thrownText(error),
    isForPeople,
    stack: error instanceof Error ? error.stack : undefined,
  });
}
