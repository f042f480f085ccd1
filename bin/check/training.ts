import { dirname } from 'node:path';
import type { ScenarioDevice } from '../../harness/scenario/index.js';
import { significant } from '../../lib/io/index.js';
import { singleConflicts } from '../../lib/plan/index.js';
import { columns } from '../render/columns.js';
import { explained } from '../training/errors.js';
import type { Checked } from './checked.js';

/** What a scenario of a training stands for; of one with a plan also its problem, and the plan where it is given. */
export async function checkTraining(text: string, path: string, settings: readonly string[]): Promise<Checked> {
  const { readScenarioText, resolveScenario, scenarioProblem } = await import('../../harness/scenario/read.js');
  const folder = path === '-' ? '.' : dirname(path);
  const file = await explained(path, () => readScenarioText(text, path === '-' ? './-' : path, settings));
  const { plan, data, model, training } = file;
  const problem = await explained(path, () => scenarioProblem(file, folder));
  const facts: [string, string][] = [
    ['model', typeof model === 'string' ? model : 'family' in model ? model.family : shapeName(model.shape)],
    ['data', [data.set, data.task, data.path ?? data.folder].filter((part) => part !== undefined).join(', ')],
    [
      'training',
      `${training.rounds} rounds of ${training.stepsPerRound} local steps, ${training.batchSize} samples each, ${training.activations} activations`,
    ],
    ['clock', file.clock],
  ];
  // A plan that is still to be found is not looked for here.
  const isOpen = plan?.plan === 'solve';
  const scenario = isOpen ? undefined : await explained(path, () => resolveScenario(file, folder));
  const names = problem?.problem.devices.map(({ name }) => name) ?? [];
  const rows = scenario
    ? scenario.devices.map(({ name, cut, batchSize, uplinkCodec, speedFactor, link }) => [
        name,
        String(cut),
        String(batchSize),
        codecText(uplinkCodec),
        significant(speedFactor),
        link ? 'radio' : 'none',
      ])
    : names.map((name) => [name, 'planned', '', 'planned', '', 'radio']);
  const shown = rows.slice(0, shownDevices);
  const table = columns([['device', 'cut', 'batch', 'codec up', 'slowdown', 'link'], ...shown], [1, 2, 4]);
  const more = rows.length > shown.length ? [`… and ${rows.length - shown.length} more`] : [];
  return {
    summary: [columns([...facts, ['devices', String(rows.length)]]), '', table, ...more].join('\n'),
    conflicts: problem && isOpen && !problem.frame ? singleConflicts(problem) : [],
    heading: `${plan?.problem ?? ''} has no plan:`,
  };
}

const shownDevices = 20;

function shapeName(shape: unknown): string {
  return typeof shape === 'string' ? shape : 'explicit shape';
}

function codecText(codec: ScenarioDevice['uplinkCodec']): string {
  if (codec === 'identity') return 'none';
  const { keptFraction = 1, bits } = codec;
  return `${significant(100 * keptFraction)} %${bits === undefined ? '' : `, ${bits} bits`}`;
}
