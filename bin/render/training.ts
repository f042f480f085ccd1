import type { Scenario } from '../../harness/scenario/index.js';
import { formatQuantity, significant } from '../../lib/io/index.js';
import type { TrainingSummary } from '../training/summary.js';
import type { Paint } from '../terminal.js';
import { columns } from './columns.js';

const time = (seconds: number) => (seconds === 0 ? '–' : formatQuantity(seconds, 'time', 3));
const bytes = (count: number) => (count === 0 ? '–' : formatQuantity(count, 'memory', 3));

/** What a training was of. */
export interface TrainingFacts {
  readonly scenario: Scenario;
  readonly clock: string;
  /** Of the machine since the plan's profile was measured. */
  readonly slowdown?: number;
}

/** What a training came to: rounds, loss, accuracy, and where each device's time went. */
export function renderTraining(summary: TrainingSummary, training: TrainingFacts, paint: Paint): string {
  const { clock, scenario } = training;
  const header = [
    'device',
    'blocks',
    'forward',
    'encode',
    'uplink',
    'server',
    'downlink',
    'decode',
    'backward',
    'update',
    'up',
    'down',
  ];
  const rows = summary.devices.map(({ name, seconds, uplinkBytes, downlinkBytes }, k) => [
    name,
    String(scenario.devices[k]!.cut),
    ...[
      seconds.deviceForward,
      seconds.deviceEncode,
      seconds.uplink,
      seconds.server,
      seconds.downlink,
      seconds.deviceDecode,
      seconds.deviceBackward,
      seconds.deviceUpdate,
    ].map(time),
    bytes(uplinkBytes),
    bytes(downlinkBytes),
  ]);
  const right = header.map((_, k) => k).slice(1);
  const [first = '', ...lines] = columns([header, ...rows], right).split('\n');
  return [
    headline(summary, training, paint),
    '',
    paint('bold', first),
    ...lines,
    `times: means of a step, ${clock} clock`,
  ].join('\n');
}

/** Whether rounds were as long as the plan said, by the profile's own word on its errors. */
function misprediction(measured: number, { scenario, slowdown }: TrainingFacts): string {
  const { predictedRoundSeconds, predictionError } = scenario;
  if (predictedRoundSeconds === undefined || predictionError === undefined || measured === 0) return '';
  const apart = measured / predictedRoundSeconds - 1;
  if (Math.abs(apart) <= predictionError) return '';
  const speed = slowdown === undefined ? '' : `, which takes ${significant(slowdown, 2)} × the time that it took then`;
  const percent = (share: number) => `${significant(100 * Math.abs(share), 2)} %`;
  return `\nthat is ${percent(apart)} ${apart > 0 ? 'more' : 'less'} than predicted, and the profile varies by ${percent(predictionError)}: calibrate anew on this machine${speed}`;
}

function headline(summary: TrainingSummary, training: TrainingFacts, paint: Paint): string {
  const { scenario } = training;
  const { file, predictedRoundSeconds } = scenario;
  const { rounds, firstLoss, lastLoss, accuracy, perplexity, meanRoundSeconds, devices } = summary;
  const name = file.name === undefined ? '' : `${paint('bold', file.name)}: `;
  const facts = [`${rounds} ${rounds === 1 ? 'round' : 'rounds'}`];
  if (firstLoss !== undefined && lastLoss !== undefined) {
    facts.push(`loss ${firstLoss.toFixed(3)} → ${paint('bold', lastLoss.toFixed(3))}`);
  }
  if (accuracy !== undefined) facts.push(`accuracy ${paint('bold', `${significant(100 * accuracy, 3)} %`)}`);
  if (perplexity !== undefined) facts.push(`perplexity ${paint('bold', significant(perplexity, 4))}`);
  const predicted =
    predictedRoundSeconds === undefined ? '' : `, predicted ${formatQuantity(predictedRoundSeconds, 'time', 4)}`;
  const traffic = `${bytes(summary.uplinkBytes)} up, ${bytes(summary.downlinkBytes)} down`;
  const faults = devices.reduce((sum, device) => sum + device.faults, 0);
  const left = faults === 0 ? '' : `; ${faults} times a device was left behind`;
  return [
    `${name}${facts.join(', ')}`,
    `a round took ${formatQuantity(meanRoundSeconds, 'time', 4)}${predicted}; ${traffic}${left}${misprediction(meanRoundSeconds, training)}`,
  ].join('\n');
}
