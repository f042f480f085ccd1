import { formatQuantity, significant, type Dimension, type ResolvedFile } from '../../lib/io/index.js';
import { toldApart } from '../../lib/plan/explain/rounding.js';
import type {
  ActiveLimit,
  BandPrice,
  InfeasibilityReport,
  PlanAnswer,
  PlanReport,
  WhatIfReport,
} from '../../lib/plan/index.js';
import type { Paint } from '../terminal.js';
import { columns } from './columns.js';

const limitDimensions: Readonly<Partial<Record<ActiveLimit['limit'], Dimension>>> = {
  bandwidth: 'frequency',
  'device-bandwidth': 'frequency',
  'server-share': 'fraction',
  'server-memory': 'memory',
  'device-memory': 'memory',
  'device-energy': 'energy',
  accuracy: 'fraction',
  deadline: 'time',
  'round-delay': 'time',
};

/** An accuracy by a curve that may lose more than there is. */
export function accuracyText(value: number, digits = 3): string {
  return value < 0 ? 'below 0 %' : formatQuantity(value, 'fraction', digits);
}

/** An amount of a limit in its unit. */
export function limitAmount(limit: ActiveLimit['limit'], value: number, digits = 3): string {
  const dimension = limitDimensions[limit];
  if (limit === 'accuracy') return accuracyText(value, digits);
  // Traffic is counted in bits and written in bytes.
  if (limit === 'traffic' || limit === 'device-traffic') return formatQuantity(value / 8, 'memory', digits);
  return dimension ? formatQuantity(value, dimension, digits) : significant(value, digits);
}

/** Amounts nearer than this, relative, differ by rounding: no limit is broken by so little. */
const roundingFraction = 1e-9;

/** Two amounts of a limit, with digits enough to tell them apart where they differ by more than rounding. */
export function amountsApart(limit: ActiveLimit['limit'], found: number, allowed: number, fewest = 3) {
  if (Math.abs(found - allowed) <= roundingFraction * Math.abs(allowed)) {
    return [limitAmount(limit, allowed, fewest), limitAmount(limit, allowed, fewest)] as const;
  }
  const apart = toldApart(found, allowed, (value, digits) => limitAmount(limit, value, digits), fewest);
  if (apart[0] !== apart[1]) return apart;
  return [limitAmount(limit, found, fewest), limitAmount(limit, allowed, fewest)] as const;
}

function indented(text: string): string {
  return text.replaceAll(/^/gmu, '  ');
}

/** Limits that hold the answer; those of many devices in one line. */
export function renderTightLimits(answer: PlanAnswer, { problem }: ResolvedFile, paint: Paint): string {
  const groups = new Map<ActiveLimit['limit'], ActiveLimit[]>();
  for (const limit of answer.activeLimits) groups.set(limit.limit, [...(groups.get(limit.limit) ?? []), limit]);
  const rows = [...groups].map(([name, limits]) => {
    const first = limits[0]!;
    const amount = amountsApart(name, first.used, first.allowed).join(' of ');
    if (first.device === undefined) return [name, amount];
    const names = limits.map((limit) => limit.device ?? '').slice(0, 6);
    const more = limits.length > names.length ? `, … (${limits.length} of ${problem.devices.length} devices)` : '';
    return [name, `${names.join(', ')}${more}`];
  });
  return rows.length === 0 ? '' : `${paint('bold', 'what is tight')}\n${indented(columns(rows))}`;
}

/** What more of something is worth: three kinds of price, named apart. */
export function renderPrices(report: PlanReport, paint: Paint): string {
  const lines: string[][] = [];
  const price = report.answer?.bandPrice;
  if (price) lines.push(...priceLines(price));
  for (const row of report.whatIf) lines.push([row.change, changeFigure(row)]);
  return lines.length === 0 ? '' : `${paint('bold', 'what more would be worth')}\n${indented(columns(lines))}`;
}

/** "−50 ms (replanned: 31.2 s, gap 0.4 %)". */
function changeFigure({ delayChangeSeconds, totalSeconds, boundSeconds, note }: WhatIfReport): string {
  if (delayChangeSeconds === undefined || totalSeconds === undefined) return note ?? 'no plan';
  const gap = boundSeconds === undefined ? '' : `, gap ${significant(100 * (1 - boundSeconds / totalSeconds), 2)} %`;
  const why = note === undefined ? '' : `, ${note}`;
  return `${signedTime(delayChangeSeconds)} (replanned: ${formatQuantity(totalSeconds, 'time')}${gap}${why})`;
}

/** What the band is worth at this very plan; one line where both sides agree. */
function priceLines(price: BandPrice): string[][] {
  const { more, less } = price;
  if (price.unit === 'block') {
    return [
      ...(more === undefined ? [] : [['at this plan, one more block', signedTime(more)]]),
      ...(less === undefined ? [] : [['at this plan, one block less', signedTime(less)]]),
    ];
  }
  const perMegahertz = (slope: number) => `${signedTime(slope * 1e6)} a MHz (dT/dB)`;
  if (more !== undefined && less !== undefined && Math.abs(more - less) <= 1e-3 * Math.abs(less)) {
    return [['at this plan, a little more band', perMegahertz(more)]];
  }
  return [
    ...(more === undefined ? [] : [['at this plan, a little more band', perMegahertz(more)]]),
    ...(less === undefined ? [] : [['at this plan, a little less band', perMegahertz(-less)]]),
  ];
}

function signedTime(seconds: number): string {
  if (seconds === 0) return 'no change';
  return `${seconds > 0 ? '+' : '−'}${formatQuantity(Math.abs(seconds), 'time')}`;
}

/** Which limits conflict, and what would cure it, with the settings to try it by. */
export function renderInfeasibility({ conflicts, remedies, isComplete }: InfeasibilityReport, paint: Paint): string {
  const why = [...new Set(conflicts.map(({ message }) => `  - ${message}`))];
  const shown = (text: string) => (/[^\w.=/[\]-]/u.test(text) ? `'${text}'` : text);
  const cure = remedies.flatMap(({ message, settings }) => [
    `  - ${message}`,
    ...(settings.length === 0 ? [] : [paint('dim', `    ${settings.map((each) => `--set ${shown(each)}`).join(' ')}`)]),
  ]);
  const heading = remedies.length > 1 ? 'any one of these would make it feasible' : 'this would make it feasible';
  return [
    ...(why.length === 0 ? [] : [paint('bold', 'why no plan exists'), ...why]),
    ...(cure.length === 0 ? [] : [paint('bold', heading), ...cure]),
    ...(isComplete ? [] : ['the time limit ended the search for remedies: there may be more']),
  ].join('\n');
}

/** The modelling choices behind the numbers, in one line. */
export function renderConventions({ conventions }: PlanReport, paint: Paint): string {
  const { barrier, sharing, uplinkRateLaws, downlinkRateLaws, accuracyFamily, accuracyScope } = conventions;
  const text = `barrier: ${barrier}; sharing: ${sharing}; uplink: ${uplinkRateLaws.join(', ')}; downlink: ${downlinkRateLaws.join(', ')}; accuracy: ${accuracyFamily}, ${accuracyScope}`;
  return paint('dim', text);
}
