import { formatQuantity } from '../../lib/io/index.js';
import type { PlanReport } from '../../lib/plan/index.js';
import type { Paint } from '../terminal.js';
import { columns } from './columns.js';

/** The delay against a limit on what each device may use in a round. */
export function renderTradeOff({ tradeOff }: Pick<PlanReport, 'tradeOff'>, paint: Paint): string {
  if (!tradeOff) return '';
  const { resource, points, note } = tradeOff;
  const amount = (value: number | undefined) => {
    if (value === undefined) return '–';
    return resource === 'traffic' ? formatQuantity(value / 8, 'memory') : formatQuantity(value, 'energy');
  };
  const time = (value: number | undefined) => (value === undefined ? '–' : formatQuantity(value, 'time'));
  const rows = points.map(({ limit, status, totalSeconds, boundSeconds, mostUsed, ...sums }) => [
    amount(limit),
    time(totalSeconds),
    time(boundSeconds),
    amount(mostUsed),
    sums.bitsPerRound === undefined ? '–' : formatQuantity(sums.bitsPerRound / 8, 'memory'),
    sums.energyJoulePerRound === undefined ? '–' : formatQuantity(sums.energyJoulePerRound, 'energy'),
    status === 'found' ? '' : status === 'infeasible' ? 'no plan' : 'none found',
  ]);
  const header = ['most a device', 'round', 'no faster than', 'used', 'traffic of all', 'energy of all', ''];
  const table = columns([header, ...rows], [0, 1, 2, 3, 4, 5]).replaceAll(/^/gmu, '  ');
  const lines = [paint('bold', `delay against ${resource} of a device in a round`), table];
  return [...(points.length > 0 ? lines : [lines[0]!]), ...(note === undefined ? [] : [`  (${note})`])].join('\n');
}
