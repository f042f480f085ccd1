import { resolveScenario } from '../../lib/io/index.js';
import { simulate, simulationOptions, summarise, type SchemeSummary } from '../../lib/simulate/index.js';
import { loadSchemes } from '../simulate/schemes.js';
import type { Task } from './tasks.js';

/** What a worker is handed. */
export interface TaskOrder {
  readonly task: Task;
  /** The scheme as it was given: a name, or a path. */
  readonly scheme: string;
}

/** Runs one task; what comes out depends on the task alone. */
export async function runTask({ task, scheme }: TaskOrder): Promise<SchemeSummary> {
  const { document, simulation, seed, files } = task;
  const { cell, settings } = resolveScenario({ document, simulation, seed, files });
  const schemes = await loadSchemes([scheme]);
  const [summary] = summarise(simulate(cell, simulationOptions(settings), schemes, { seed }));
  return summary!;
}
