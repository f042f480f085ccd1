import { formatQuantity, significant } from '../../lib/io/index.js';
import type { SchemeSummary } from '../../lib/simulate/index.js';
import { columns } from '../render/columns.js';

const header = [
  'scheme',
  'rounds',
  'broken',
  'incomplete',
  'mean delay',
  '95 % below',
  'traffic',
  'energy',
  'accuracy',
  'time to accuracy',
  'decisions',
  'SQP steps',
  'regret',
];

/** The summaries as a table for people; a round counts for the means when it keeps all limits. */
export function renderSummaries(summaries: readonly SchemeSummary[]): string {
  const rows = summaries.map((summary) => [
    summary.scheme,
    `${summary.run} of ${summary.rounds}`,
    String(summary.broken),
    String(summary.incomplete),
    shown(summary.meanDelaySeconds, (value) => formatQuantity(value, 'time')),
    shown(summary.ninetyFifthDelaySeconds, (value) => formatQuantity(value, 'time')),
    shown(summary.meanTrafficBits, (value) => formatQuantity(value / 8, 'memory')),
    shown(summary.meanEnergyJoule, (value) => formatQuantity(value, 'energy')),
    shown(summary.meanAccuracy, (value) => formatQuantity(value, 'fraction')),
    shown(summary.secondsToAccuracy, (value) => formatQuantity(value, 'time')),
    String(summary.decisions),
    shown(summary.meanSteps, (value) => significant(value)),
    shown(summary.meanRegret, (value) => formatQuantity(value, 'fraction')),
  ]);
  const numbers = header.map((_, index) => index).slice(1);
  return columns([header, ...rows], numbers);
}

function shown(value: number | null, text: (value: number) => string): string {
  return value === null ? '–' : text(value);
}
