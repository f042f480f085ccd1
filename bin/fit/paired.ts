import type { PairedFit, PairedObservation } from '../../lib/models/accuracy/index.js';
import { columns } from '../render/columns.js';
import type { Paint } from '../terminal.js';

/** Points of the table. */
const listedRatios = 8;

/** Paired losses for people: the tasks, and what is lost along the ratios with its interval. */
export function renderPaired(fit: PairedFit, runs: readonly PairedObservation[], paint: Paint): string {
  const { family, cut, directions } = fit.form;
  const tasks = fit.tasks.map(({ name, uncompressed, runs: count, seeds, factor }) => [
    `  ${name}`,
    percent(uncompressed),
    String(count),
    String(seeds),
    factor.toFixed(2),
  ]);
  const rows = sampledRuns(fit, runs).map(({ upRatio, downRatio = upRatio, cut: at = 0 }) => {
    const { loss, lower, upper } = fit.band(upRatio, downRatio, at);
    const [up, down] = [upRatio, downRatio].map((ratio) => ratio.toFixed(3));
    return [`  ${up!}`, down!, String(at), points(loss), `${points(lower)} … ${points(upper)}`];
  });
  const whom = fit.tasks.length > 1 ? 'a new task' : 'this task again';
  return [
    `${fit.runs} runs against the uncompressed one of their task and seed; form: ${family}, cut ${cut}, ${directions === 'one' ? 'one ratio' : 'two ratios, added'}`,
    ...(fit.beyondUse > 0 ? [`${fit.beyondUse} runs at points that lose more than 15 points are left out`] : []),
    ...(fit.unpaired > 0 ? [`${fit.unpaired} runs have no uncompressed one of their seed`] : []),
    '',
    columns([['  task', 'uncompressed', 'runs', 'seeds', 'losses × the curve'], ...tasks], [1, 2, 3, 4]),
    '',
    paint('bold', `Points lost, ${Math.round(100 * fit.confidence)} % interval for ${whom}`),
    columns([['  ρ up', 'ρ down', 'cut', 'lost', 'interval'], ...rows], [1, 2, 3]),
    '',
    fit.betweenTasks === undefined
      ? 'one task: nothing is known of another'
      : `between tasks losses differ by a factor of ${Math.exp(fit.betweenTasks).toFixed(2)} (one deviation)`,
  ].join('\n');
}

/** Runs at evenly spread ratios among those that were fitted. */
function sampledRuns({ model }: PairedFit, runs: readonly PairedObservation[]): PairedObservation[] {
  const within = runs
    .filter(({ upRatio }) => upRatio < 1 && upRatio >= model.fittedRatio.minimum)
    .sort((a, b) => a.upRatio - b.upRatio);
  const count = Math.min(listedRatios, within.length);
  return Array.from(
    { length: count },
    (_, k) => within[Math.round((k * (within.length - 1)) / Math.max(1, count - 1))]!,
  );
}

function points(value: number): string {
  const lost = 100 * value;
  return lost < 0.005 ? '0.00' : lost > 100 ? '> 100' : lost.toFixed(2);
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}
