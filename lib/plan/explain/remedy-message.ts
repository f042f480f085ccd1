import type { Remedy } from '../report.js';
import { toldApart } from './rounding.js';

type Change = Remedy['changes'][number];

/** A remedy in a sentence. */
export function remedyMessage(changes: readonly Change[], isLeast: boolean, wasStopped: boolean): string {
  const parts = changes.map(partMessage);
  const text =
    parts.length === 1
      ? `${parts[0]} ${changes[0]!.limit === 'device-memory' || changes[0]!.limit === 'device-energy' ? 'suffice' : 'suffices'}`
      : `${parts.join(' together with ')} suffice`;
  if (isLeast) return text;
  if (wasStopped) return `${text} (the time limit ended the search: less may do)`;
  const [only] = changes;
  if (changes.length > 1 || only?.impossibleBeyond === undefined) return text;
  const word = only.limit === 'accuracy' ? 'above' : 'below';
  return `${text}; ${word} ${amount(only, only.impossibleBeyond, 5)} it is proven impossible`;
}

function partMessage(change: Change): string {
  const { limit, device, from, to } = change;
  const [now, then] = toldApart(from, to, (value, digits) => amount(change, value, digits), 6);
  switch (limit) {
    case 'deadline':
      return `a deadline of ${then} (now ${now})`;
    case 'accuracy':
      return `an accuracy limit of ${then} (now ${now})`;
    case 'server-memory':
      return `a server memory of ${then} (now ${now})`;
    case 'traffic':
      return `traffic of ${then} a round for all devices together (now ${now})`;
    case 'bandwidth':
      return `a band of ${then} (now ${now})`;
    case 'device-memory':
      return `${then} of memory on ${device} (now ${now})`;
    case 'device-energy':
      return `${then} a round for ${device} (now ${now})`;
    case 'device-traffic':
      return `traffic of ${then} a round for ${device} (now ${now})`;
    case 'device-bandwidth':
      return `a largest share of ${then} for ${device} (now ${now})`;
    default:
      return `${limit} of ${then} (now ${now})`;
  }
}

/** An amount of a limit in its unit, not rounded beyond `digits`. */
export function amount({ limit }: Pick<Change, 'limit'>, value: number, digits: number): string {
  const shown = (unit: number, name: string) => `${Number((value / unit).toPrecision(digits))} ${name}`;
  switch (limit) {
    case 'deadline':
      return shown(1, 's');
    case 'accuracy':
      // A curve may lose more than there is.
      return value < 0 ? 'below 0 %' : shown(0.01, '%');
    case 'device-energy':
      return shown(1, 'J');
    case 'traffic':
    case 'device-traffic':
      return shown(8 * 2 ** 20, 'MiB');
    case 'bandwidth':
    case 'device-bandwidth':
      return Math.abs(value) >= 1e6 ? shown(1e6, 'MHz') : shown(1e3, 'kHz');
    case 'server-memory':
    case 'device-memory':
      return Math.abs(value) >= 2 ** 30 ? shown(2 ** 30, 'GiB') : shown(2 ** 20, 'MiB');
    default:
      return shown(1, '').trimEnd();
  }
}
