import type { PlanFile } from '../../../lib/io/index.js';
import { accuracy, type PlanningProblem } from '../../../lib/models/index.js';
import type { ChartLibrary } from '../chart/library.js';
import { dotChart } from '../chart/dots.js';
import { figure, text, type Part } from '../page.js';

type Answer = NonNullable<PlanFile['answer']>;

/** Points of the drawn curve. */
const curvePoints = 80;

/** The accuracy model over the ratio, with what the devices chose. */
export function accuracyParts(
  library: ChartLibrary,
  { devices, use }: Answer,
  problem: PlanningProblem | undefined,
): Part[] {
  const sending = devices.filter(({ participates, ratioUp }) => participates && ratioUp > 0);
  if (sending.length === 0) return [];
  const groups = [...new Set(sending.map(({ upPoint }) => upPoint))].map((name) => ({
    name,
    points: sending
      .filter(({ upPoint }) => upPoint === name)
      .map((device) => ({ name: device.name, x: device.ratioUp, y: device.accuracy })),
  }));
  const cuts = sending.map(({ blocks }) => blocks).sort((a, b) => a - b);
  const cut = cuts[cuts.length >> 1]!;
  const words = {
    title: 'Accuracy against the compression ratio',
    description: `Each device at the point that it chose; all together reach ${Number(use.accuracy.toPrecision(4))}.`,
    xLabel: 'ratio up, bits sent over uncompressed bits',
    yLabel: 'accuracy',
  };
  const line = problem && { name: `model at ${cut} blocks, both ratios alike`, points: curveOf(problem, cut) };
  const limit =
    problem && Number.isFinite(problem.accuracy.minimum)
      ? [text(`The limit is ${Number(problem.accuracy.minimum.toPrecision(4))}.`)]
      : [];
  return [figure(dotChart(library, groups, words, { ...(line && { line }), fileName: 'accuracy.csv' })), ...limit];
}

function curveOf({ accuracy: { model }, upPoints }: PlanningProblem, cut: number): (readonly [number, number])[] {
  const ratios = upPoints.map(({ ratio }) => ratio);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return Array.from({ length: curvePoints }, (_, k) => {
    const ratio = least * (most / least) ** (k / (curvePoints - 1));
    return [ratio, accuracy(model, ratio, ratio, cut)] as const;
  });
}
