import { buildChoices } from '../../lib/models/index.js';
import { formatQuantity, significant, type ResolvedFile } from '../../lib/io/index.js';
import { columns } from './columns.js';

/** What a problem file stands for once everything is drawn and computed. */
export function renderSummary({ file, shape, problem, summaries }: ResolvedFile): string {
  const facts: [string, string][] = [
    ['model', `${modelName(file)}: ${shape.blocks} blocks, width ${shape.width}, ${shape.tokens} tokens`],
    [
      'round',
      `${problem.stepsPerRound} local steps of ${file.training.batchSize} samples, ${file.training.activations} activations`,
    ],
    ['band', bandText(problem)],
    [
      'server',
      `${formatQuantity(file.server.throughput, 'throughput')}, ${formatQuantity(file.server.memory ?? Infinity, 'memory')}, sharing ${problem.sharing}`,
    ],
    [
      'accuracy',
      `at least ${significant(100 * problem.accuracy.minimum, 4)} % (${problem.accuracy.scope}), ${significant(100 * problem.accuracy.model.limit, 4)} % uncompressed`,
    ],
    [
      'points',
      `${problem.upPoints.length}, ratios ${problem.tiedRatios ? 'tied' : 'separate'}, ${significant(problem.upPoints[0]!.ratio)} to ${significant(problem.upPoints.at(-1)!.ratio)}`,
    ],
    ['deadline', problem.deadlineSeconds === undefined ? 'none' : formatQuantity(problem.deadlineSeconds, 'time')],
    ['devices', String(problem.devices.length)],
  ];
  const rows = problem.devices.slice(0, shownDevices).map((device, n) => {
    const { throughputFlopsPerSecond, link } = summaries[n]!;
    const choices = buildChoices(problem, device);
    return [
      device.name,
      formatQuantity(throughputFlopsPerSecond, 'throughput'),
      formatQuantity(device.memoryBytes, 'memory'),
      link.distanceMetre === undefined ? 'given' : formatQuantity(link.distanceMetre, 'length'),
      `${significant(10 * Math.log10(link.gain), 4)} dB`,
      choices.count === 0 ? 'none' : blockRange(choices.blocks),
    ];
  });
  const table = columns([['device', 'throughput', 'memory', 'distance', 'gain', 'blocks'], ...rows], [1, 2, 3, 4, 5]);
  const rest = problem.devices.length - shownDevices;
  return [columns(facts), '', table, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
}

const shownDevices = 20;

function modelName({ model }: ResolvedFile['file']): string {
  if (typeof model === 'string') return model;
  return 'preset' in model ? model.preset : 'explicit shape';
}

function bandText(problem: ResolvedFile['problem']): string {
  const band = formatQuantity(problem.bandwidthHz, 'frequency');
  if (problem.resourceBlockHz === undefined) return band;
  return `${band}, ${Math.floor(problem.bandwidthHz / problem.resourceBlockHz)} blocks of ${formatQuantity(problem.resourceBlockHz, 'frequency')}`;
}

function blockRange(blocks: Int32Array): string {
  const least = blocks[0]!;
  const most = blocks.at(-1)!;
  return least === most ? String(least) : `${least}–${most}`;
}
