import { formatQuantity, type PlanFile } from '../../../lib/io/index.js';
import type { PlanningProblem } from '../../../lib/models/index.js';
import type { SolveProgress } from '../../../lib/plan/index.js';
import { barChart } from '../chart/bars.js';
import type { ChartLibrary } from '../chart/library.js';
import { figure, filled, table, text, type Part, type Report, type Section } from '../page.js';
import { accuracyParts } from './accuracy-curve.js';
import { convergenceParts } from './convergence.js';
import { limitParts } from './limits.js';
import { worthParts } from './worth.js';
import { inUnit, unitFor } from './units.js';

/** What a report of a plan is made from. */
export interface PlanSources {
  readonly plan: PlanFile;
  /** The problem that it is a plan of: steps a round and the accuracy's curve come from there. */
  readonly problem?: PlanningProblem | undefined;
  /** Notes of the search in their order. */
  readonly progress?: readonly SolveProgress[] | undefined;
}

type Answer = NonNullable<PlanFile['answer']>;

/** Bars of a picture: of more devices the slowest are drawn, the table below has all. */
const mostBars = 40;

/** A plan, what it rests on, and what it is worth. Times that the search took are not in it: the same plan gives the same page. */
export function planReport(library: ChartLibrary, { plan, problem, progress = [] }: PlanSources): Report {
  const { answer } = plan;
  return {
    title: plan.scenario ?? 'Plan',
    answer: answerOf(plan),
    remarks: [conventionsText(plan)],
    sections: filled([
      answer && { heading: 'Stages', parts: stageParts(library, answer, problem) },
      answer && { heading: 'Devices', parts: [deviceTable(answer)] },
      answer && { heading: 'Limits', parts: limitParts(library, answer, problem) },
      answer && { heading: 'Accuracy', parts: accuracyParts(library, answer, problem) },
      { heading: 'Worth', parts: worthParts(library, plan) },
      baselineSection(library, plan),
      infeasibilitySection(plan),
      { heading: 'Convergence', parts: convergenceParts(library, progress) },
    ]),
  };
}

function answerOf({ status, answer, bound, message }: PlanFile): string {
  if (!answer) return status === 'infeasible' ? 'No plan keeps all limits; that is proven.' : `No plan: ${message}.`;
  const taking = answer.devices.filter(({ participates }) => participates).length;
  const delay = `The round takes ${formatQuantity(answer.roundDelaySeconds, 'time', 4)} with ${taking} ${taking === 1 ? 'device' : 'devices'}`;
  const { boundSeconds, relativeGap } = bound;
  if (bound.source === 'none' || boundSeconds === null || relativeGap === undefined) {
    return `${delay}; how much faster a plan could be is not proven.`;
  }
  const least = `no plan is below ${formatQuantity(boundSeconds, 'time', 4)}`;
  const gap =
    relativeGap < 1e-8 ? 'this one is optimal' : `this one is within ${formatQuantity(relativeGap, 'fraction')}`;
  return `${delay}: ${least}, so ${gap}${bound.verified ? '' : ' (the bound was not recomputed)'}.`;
}

function conventionsText({ conventions, method }: PlanFile): string {
  const { barrier, sharing, uplinkRateLaws, downlinkRateLaws, accuracyFamily, accuracyScope } = conventions;
  return `Method ${method}. Barrier: ${barrier}; server: ${sharing}; uplink: ${uplinkRateLaws.join(', ')}; downlink: ${downlinkRateLaws.join(', ')}; accuracy: ${accuracyFamily}, ${accuracyScope}.`;
}

const stageNames = ['forward', 'encode', 'uplink', 'server', 'downlink', 'decode', 'backward'] as const;

/** Where each device spends its time, the slowest first. */
function stageParts(library: ChartLibrary, { devices }: Answer, problem: PlanningProblem | undefined): Part[] {
  const steps = problem?.stepsPerRound;
  const rows = devices.flatMap(({ name, stages, chainSeconds }) => {
    if (!stages) return [];
    const adapters = stages.adapterUplink + stages.adapterDownlink + stages.adapterCodec;
    const values = stageNames.map((stage) => (steps ?? 1) * stages[stage]);
    return [{ name, chainSeconds, values: steps === undefined ? values : [...values, adapters] }];
  });
  if (rows.length === 0) return [];
  rows.sort((a, b) => b.chainSeconds - a.chainSeconds);
  const drawn = rows.slice(0, mostBars);
  const unit = unitFor(
    'time',
    drawn.map(({ values }) => values.reduce((a, b) => a + b, 0)),
  );
  const what = steps === undefined ? 'a local step' : 'a round';
  const some = drawn.length < rows.length ? `, the ${drawn.length} slowest of ${rows.length} devices` : '';
  const words = {
    title: `Where the time of ${what} goes${some}`,
    description: `The longest chain is that of ${drawn[0]!.name}, ${formatQuantity(drawn[0]!.chainSeconds, 'time')} a round.`,
    xLabel: `${what}, ${unit.name}`,
    yLabel: 'device',
  };
  const bars = drawn.map(({ name, values }) => ({ name, values: values.map((value) => inUnit(value, unit)) }));
  const parts = [...stageNames, ...(steps === undefined ? [] : ['adapters'])];
  return [figure(barChart(library, bars, words, { parts, fileName: 'stages.csv' }))];
}

function deviceTable({ devices }: Answer): Part {
  const sparing = devices.some(({ transmitPowerWatt }) => transmitPowerWatt !== undefined);
  return table({
    caption: 'Decisions of each device and what they come to',
    columns: [
      'device',
      'takes part',
      'blocks',
      'point up',
      'point down',
      'ratio up',
      'bandwidth, MHz',
      'server share',
      'own time, s',
      'accuracy',
      'memory, MB',
      'up, MB a round',
      'down, MB a round',
      'energy, J a round',
      ...(sparing ? ['power, W'] : []),
    ],
    rows: devices.map((each) => [
      each.name,
      each.participates ? 'yes' : 'no',
      each.blocks,
      each.upPoint,
      each.downPoint,
      each.ratioUp,
      each.bandwidthHz / 1e6,
      each.serverShare,
      each.chainSeconds,
      each.accuracy,
      each.memoryBytes / 1e6,
      each.uplinkBitsPerRound / 8e6,
      each.downlinkBitsPerRound / 8e6,
      each.energyJoulePerRound,
      ...(sparing ? [each.transmitPowerWatt ?? 'all'] : []),
    ]),
    fileName: 'devices.csv',
  });
}

/** Delays of other schemes beside that of the plan, with what is proven of each. */
function baselineSection(library: ChartLibrary, { answer, baselines }: PlanFile): Section | undefined {
  if (!answer || baselines.length === 0) return undefined;
  const known = baselines.filter(({ totalSeconds }) => totalSeconds !== undefined);
  const unit = unitFor('time', [answer.roundDelaySeconds, ...known.map(({ totalSeconds }) => totalSeconds)]);
  const bars = [
    { name: 'this plan', values: [answer.roundDelaySeconds / unit.size] },
    ...known.map(({ name, totalSeconds }) => ({ name, values: [totalSeconds! / unit.size] })),
  ];
  const words = {
    title: 'Round of other schemes',
    description: `This plan takes ${formatQuantity(answer.roundDelaySeconds, 'time')}; the limit line is there.`,
    xLabel: `round, ${unit.name}`,
    yLabel: 'scheme',
  };
  const proven = known.map(({ boundSeconds }) => inUnit(boundSeconds, unit));
  const chart = barChart(library, bars, words, {
    parts: ['round'],
    limit: answer.roundDelaySeconds / unit.size,
    marks: { name: `no plan of the scheme below, ${unit.name}`, values: [null, ...proven] },
    fileName: 'schemes.csv',
  });
  return {
    heading: 'Other schemes',
    parts: [
      figure(chart),
      text('The dashed line is the round of this plan; a tick is a proven lower bound of a scheme’s own best plan.'),
      table({
        caption: 'What the plan saves',
        columns: ['scheme', 'restricts', 'status', 'round, s', 'delay saved', 'at least', 'traffic saved', 'remark'],
        rows: baselines.map((each) => [
          each.name,
          each.decision ?? '',
          each.status,
          each.totalSeconds ?? null,
          each.delaySaved ?? null,
          each.leastDelaySaved ?? null,
          each.trafficSaved ?? null,
          [each.note ?? '', each.outside ? 'its plans are not among those of the problem' : '']
            .filter((remark) => remark !== '')
            .join('; '),
        ]),
        fileName: 'savings.csv',
      }),
    ],
  };
}

function infeasibilitySection({ infeasibility }: PlanFile): Section | undefined {
  if (!infeasibility) return undefined;
  const { conflicts, remedies, isComplete } = infeasibility;
  return {
    heading: 'Why there is no plan',
    parts: [
      ...[...new Set(conflicts.map(({ message }) => message))].map((message) => text(message)),
      ...(remedies.length === 0
        ? []
        : [
            table({
              caption: 'Each of these alone would make it feasible',
              columns: ['change', 'as --set'],
              rows: remedies.map(({ message, settings }) => [message, settings.join(' ')]),
              fileName: 'remedies.csv',
            }),
          ]),
      ...(isComplete ? [] : [text('The time limit ended the search for remedies: there may be more.')]),
    ],
  };
}
