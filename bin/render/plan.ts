import { formatQuantity, significant, type ResolvedFile } from '../../lib/io/index.js';
import type { DeviceReport, PlanAnswer, PlanReport } from '../../lib/plan/report.js';
import type { Paint } from '../terminal.js';
import { stageBar, stageLegend } from './bar.js';
import { columns } from './columns.js';
import {
  renderBaselines,
  renderConventions,
  renderInfeasibility,
  renderPrices,
  renderTightLimits,
} from './sections.js';

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
    parts.push(renderTightLimits(report.answer, resolved, view.paint));
    parts.push(renderPrices(report, view.paint));
    parts.push(renderBaselines(report, view.paint));
  }
  if (report.infeasibility) parts.push(renderInfeasibility(report.infeasibility, view.paint));
  parts.push(renderConventions(report, view.paint));
  return parts.filter((part) => part !== '').join('\n\n');
}

function headline(report: PlanReport, { file, problem }: ResolvedFile, paint: Paint): string {
  const name = file.name === undefined ? '' : `${paint('bold', file.name)}: `;
  const scenario = `${name}${problem.devices.length} devices, ${formatQuantity(problem.bandwidthHz, 'frequency')}, ${problem.blockCount} blocks`;
  return [scenario, statusLine(report, paint), report.message].join('\n');
}

function statusLine(report: PlanReport, paint: Paint): string {
  const took = `${report.method}, ${formatQuantity(report.timeSeconds, 'time')}`;
  if (!report.answer) {
    const word = report.status === 'infeasible' ? 'infeasible' : 'no plan found';
    return `${paint('red', word)} (${took})`;
  }
  const word = report.status === 'solved' ? paint('green', 'solved') : paint('yellow', 'best plan so far');
  const delay = paint('bold', formatQuantity(report.answer.delay.totalSeconds, 'time'));
  return `${word}: round delay ${delay}, ${boundText(report)} (${took})`;
}

function boundText({ bound }: PlanReport): string {
  if (bound.source === 'none' || bound.relativeGap === undefined) return 'without a bound';
  const proof = bound.verified ? 'recomputed and agreed' : 'not recomputed';
  return `no plan is below ${formatQuantity(bound.boundSeconds, 'time')} (gap ${formatGap(bound.relativeGap)}, ${proof})`;
}

function formatGap(gap: number): string {
  return gap < 1e-9 ? '0 %' : `${significant(100 * gap, 2)} %`;
}

function deviceTable(answer: PlanAnswer, resolved: ResolvedFile, view: PlanView): string {
  const order = answer.devices.map((_, n) => n);
  const many = order.length > listedDevices;
  if (many) order.sort((a, b) => answer.devices[b]!.chainSeconds - answer.devices[a]!.chainSeconds);
  const shown = many ? order.slice(0, slowestDevices) : order;
  const header = ['device', 'blocks', 'point', 'band', 'server', 'memory', 'round'];
  const rows = shown.map((n) => deviceRow(answer, resolved, n));
  const lines = columns([header, ...rows], [1, 3, 4, 5, 6]).split('\n');
  const room = Math.max(12, Math.min(48, view.width - Math.max(...lines.map((line) => line.length)) - 2));
  const longest = Math.max(...answer.delay.chainSeconds);
  const edge = Math.max(...lines.map((line) => line.length));
  const withBars = lines.map((line, row) => {
    const stages = row === 0 ? undefined : answer.delay.stages[shown[row - 1]!];
    if (!stages) return row === 0 ? view.paint('bold', line) : line;
    return `${line.padEnd(edge)}  ${stageBar(stages, resolved.problem.stepsPerRound, longest, room, view.paint)}`;
  });
  const rest = many ? [`… and ${order.length - shown.length} faster ones: ${spread(answer)}`] : [];
  return [...withBars, ...rest, `${' '.repeat(2)}${stageLegend(view.paint)}`].join('\n');
}

function deviceRow(answer: PlanAnswer, { problem }: ResolvedFile, n: number): string[] {
  const report = answer.devices[n]!;
  const decision = answer.plan.devices[n]!;
  if (!report.participates) return [report.name, 'left out', '', '', '', '', ''];
  return [
    report.name,
    String(decision.blocks),
    pointText(problem, decision, report),
    formatQuantity(decision.bandwidthHz, 'frequency'),
    decision.serverShare === 0 ? '–' : formatQuantity(decision.serverShare, 'fraction'),
    memoryText(report, problem.devices[n]!.memoryBytes),
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
