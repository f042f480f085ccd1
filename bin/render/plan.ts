import { formatQuantity, significant, type ResolvedFile } from '../../lib/io/index.js';
import type { Device } from '../../lib/models/index.js';
import type { DeviceReport, PlanAnswer, PlanReport } from '../../lib/plan/index.js';
import type { Paint } from '../terminal.js';
import { stageBar, stageLegend } from './bar.js';
import { renderBaselines } from './baselines.js';
import { renderTradeOff } from './trade-off.js';
import { columns } from './columns.js';
import { accuracyText, renderConventions, renderInfeasibility, renderPrices, renderTightLimits } from './sections.js';

export interface PlanView {
  readonly paint: Paint;
  readonly width: number;
}

/** Devices listed one by one; of more only the slowest. */
const listedDevices = 20;
const slowestDevices = 10;

/** The readable answer of `solve`. */
export function renderPlan(report: PlanReport, resolved: ResolvedFile, view: PlanView): string {
  const parts = [headline(report, resolved, view.paint)];
  if (report.answer) {
    parts.push(deviceTable(report.answer, resolved, view));
    parts.push(stageBars(report.answer, resolved, view));
    parts.push(renderTightLimits(report.answer, resolved, view.paint));
    parts.push(renderPrices(report, view.paint));
    parts.push(renderBaselines(report, view.paint), renderTradeOff(report, view.paint));
  }
  if (report.infeasibility) parts.push(renderInfeasibility(report.infeasibility, view.paint));
  parts.push(renderConventions(report, view.paint));
  return parts.filter((part) => part !== '').join('\n\n');
}

function headline(report: PlanReport, { file, problem }: ResolvedFile, paint: Paint): string {
  const name = file.name === undefined ? '' : `${paint('bold', file.name)}: `;
  const scenario = `${name}${problem.devices.length} devices, ${formatQuantity(problem.bandwidthHz, 'frequency')}, ${problem.blockCount} blocks`;
  const message = report.status === 'solved' ? [] : [report.message];
  return [scenario, statusLine(report, paint), ...message].join('\n');
}

function statusLine(report: PlanReport, paint: Paint): string {
  const took = `${report.method}, ${formatQuantity(report.timeSeconds, 'time')}`;
  if (!report.answer) {
    const word = report.status === 'infeasible' ? 'infeasible' : 'no plan found';
    return `${paint('red', word)} (${took})`;
  }
  const word = report.status === 'solved' ? paint('green', 'solved') : paint('yellow', feasibleWord(report));
  const delay = paint('bold', formatQuantity(report.answer.delay.totalSeconds, 'time', 4));
  return `${word}: round delay ${delay}, ${boundText(report)} (${took})`;
}

/** A search that ended by itself has an answer, if not a proof. */
function feasibleWord({ termination }: PlanReport): string {
  return termination === 'optimal' || termination === 'locally-optimal' ? 'feasible, not proven' : 'best plan so far';
}

function boundText({ bound }: PlanReport): string {
  if (bound.source === 'none' || bound.relativeGap === undefined) return 'without a proven bound';
  const proof = bound.verified ? 'recomputed and agreed' : 'not recomputed';
  const form =
    bound.chainFormGap === undefined ? '' : `, ${formatGap(bound.chainFormGap)} of it beyond the longest chain`;
  return `no plan is below ${formatQuantity(bound.boundSeconds, 'time', 4)} (gap ${formatGap(bound.relativeGap)}${form}, ${proof})`;
}

function formatGap(gap: number): string {
  return gap < 1e-8 ? 'none' : `${significant(100 * gap, 2)} %`;
}

/** One line a device: its decisions and what they come to. */
export function deviceTable(answer: PlanAnswer, resolved: ResolvedFile, view: PlanView): string {
  const shown = shownDevices(answer);
  const header = ['device', 'blocks', 'point', 'band', 'server', 'memory', 'accuracy', 'round'];
  const rows = shown.map((n) => deviceRow(answer, resolved, n));
  if (answer.devices.some(({ transmitPowerWatt }) => transmitPowerWatt !== undefined)) {
    header.push('power');
    shown.forEach((n, k) => rows[k]!.push(powerText(answer.devices[n]!, resolved.problem.devices[n]!)));
  }
  const [first = '', ...lines] = columns([header, ...rows], [1, 3, 4, 5, 6, 7, 8]).split('\n');
  const left = answer.devices.length - shown.length;
  const rest = left > 0 ? [`… and ${left} faster ones: ${spread(answer)}`] : [];
  return [view.paint('bold', first), ...lines, ...rest, ...leftOutLine(answer, resolved)].join('\n');
}

/** What the accuracy makes of the devices that are left out, if there are any. */
export function leftOutLine(answer: PlanAnswer, { problem }: Pick<ResolvedFile, 'problem'>): string[] {
  const { scope, leftOutAccuracy } = problem.accuracy;
  const weight = (part: boolean) =>
    problem.devices.reduce((sum, device, n) => sum + (answer.devices[n]!.participates === part ? device.weight : 0), 0);
  const [inside, outside] = [weight(true), weight(false)];
  if (outside === 0) return [];
  const count = answer.devices.filter(({ participates }) => !participates).length;
  const line = `${count} left out, ${formatQuantity(outside / (inside + outside), 'fraction')} of the weight`;
  if (scope === 'each') return [`${line}: not held to the accuracy`];
  if (leftOutAccuracy === undefined)
    return [`${line}: it leaves the mean accuracy, nothing is charged (accuracy.leftOut)`];
  const mean = problem.devices.reduce((sum, { weight: own }, n) => {
    const { participates, accuracy } = answer.devices[n]!;
    return sum + (participates ? (own / inside) * accuracy : 0);
  }, 0);
  const lost = ((mean - leftOutAccuracy) * outside) / (inside + outside);
  const counted = `counted with ${formatQuantity(leftOutAccuracy, 'fraction')}`;
  const change = lost < 0 ? 'added to the mean accuracy' : 'off the mean accuracy';
  return [`${line}: ${counted}, ${formatQuantity(Math.abs(lost), 'fraction', 2)} ${change}`];
}

/** Where the time of each listed device goes, as bars over a common scale. */
export function stageBars(answer: PlanAnswer, { problem }: ResolvedFile, { paint, width }: PlanView): string {
  const shown = shownDevices(answer).filter((n) => answer.delay.stages[n] !== undefined);
  const longest = answer.delay.chainSeconds.reduce((a, b) => Math.max(a, b), 0);
  const nameWidth = Math.max(0, ...shown.map((n) => answer.devices[n]!.name.length));
  const room = Math.max(20, Math.min(72, width - nameWidth - 14));
  const bars = shown.map((n) => {
    const { name, chainSeconds } = answer.devices[n]!;
    const bar = stageBar(answer.delay.stages[n]!, problem.stepsPerRound, longest, room, paint);
    return `  ${name.padEnd(nameWidth)}  ${bar} ${formatQuantity(chainSeconds, 'time')}`;
  });
  return [paint('bold', 'where the time of a round goes'), ...bars, `  ${stageLegend(paint)}`].join('\n');
}

/** All devices in their order, or of many the slowest. */
function shownDevices(answer: PlanAnswer): number[] {
  const order = answer.devices.map((_, n) => n);
  if (order.length <= listedDevices) return order;
  const chain = (n: number) => answer.devices[n]!.chainSeconds;
  return order.sort((a, b) => chain(b) - chain(a)).slice(0, slowestDevices);
}

function deviceRow(answer: PlanAnswer, { problem }: ResolvedFile, n: number): string[] {
  const report = answer.devices[n]!;
  const decision = answer.plan.devices[n]!;
  if (!report.participates) return [report.name, '–', 'left out', '', '', '', '', ''];
  return [
    report.name,
    String(decision.blocks),
    pointText(problem, decision, report),
    formatQuantity(decision.bandwidthHz, 'frequency'),
    decision.serverShare === 0 ? '–' : formatQuantity(decision.serverShare, 'fraction'),
    memoryText(report, problem.devices[n]!.memoryBytes),
    accuracyText(report.accuracy),
    formatQuantity(report.chainSeconds, 'time'),
  ];
}

function pointText(
  problem: ResolvedFile['problem'],
  decision: PlanAnswer['plan']['devices'][number],
  report: DeviceReport,
): string {
  if (decision.blocks === problem.blockCount) return 'nothing sent';
  const up = problem.upPoints[decision.upPoint]!.name;
  if (problem.tiedRatios) return `${up} (${significant(report.ratioUp, 2)})`;
  return `${up} / ${problem.downPoints[decision.downPoint]!.name}`;
}

/** Power that a device sends with, where the round needs less than all of it. */
function powerText({ participates, transmitPowerWatt }: DeviceReport, device: Device): string {
  return participates ? formatQuantity(transmitPowerWatt ?? device.transmitPowerWatt, 'power') : '';
}

function memoryText(report: DeviceReport, limit: number): string {
  const used = formatQuantity(report.memoryBytes, 'memory');
  return limit === Infinity ? used : `${used} of ${formatQuantity(limit, 'memory')}`;
}

/** Blocks, points and delays of all devices in one line. */
function spread(answer: PlanAnswer): string {
  const taking = answer.plan.devices.filter((device) => device.participates);
  const blocks = taking.map((device) => device.blocks).sort((a, b) => a - b);
  const chains = answer.devices.filter((device) => device.participates).map((device) => device.chainSeconds);
  const least = chains.reduce((a, b) => Math.min(a, b), Infinity);
  const range = blocks.length === 0 ? 'none' : `${blocks[0]}–${blocks.at(-1)} (median ${blocks[blocks.length >> 1]})`;
  const out = answer.devices.length - taking.length;
  return `blocks ${range}, fastest ${formatQuantity(least, 'time')}${out > 0 ? `, ${out} left out` : ''}`;
}
