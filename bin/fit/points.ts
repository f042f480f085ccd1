import type { AccuracyModel } from '../../lib/models/accuracy/index.js';
import { accuracy } from '../../lib/models/accuracy/index.js';
import type { PointEntry } from './block.js';
import type { CodecSetting, Run } from './runs.js';

/** One measured codec setting of a direction. */
interface MeasuredPoint {
  readonly setting: CodecSetting;
  readonly ratios: number[];
}

/**
 * Operating points of one direction, by ratio: the measured settings, uncompressed ones apart. Of settings within a few
 * per cent of one ratio the one that keeps most accuracy stays.
 */
export function operatingPoints(runs: readonly Run[], model: AccuracyModel, direction: 'up' | 'down'): PointEntry[] {
  const found = new Map<string, MeasuredPoint>();
  for (const run of runs) {
    const setting = run[direction];
    if (!setting || setting.bits > 8) continue;
    const key = `${setting.keptFraction}/${setting.bits}`;
    const point = found.get(key) ?? { setting, ratios: [] };
    point.ratios.push(direction === 'up' ? run.upRatio : (run.downRatio ?? run.upRatio));
    found.set(key, point);
  }
  const accuracyOf = ({ setting }: MeasuredPoint) => meanResidual(runs, model, direction, setting);
  return [...found.values()]
    .map((point) => ({ ...point, ratio: mean(point.ratios), residual: accuracyOf(point) }))
    .sort((a, b) => a.ratio - b.ratio)
    .reduce<{ setting: CodecSetting; ratio: number; residual: number }[]>((kept, point) => {
      const last = kept.at(-1);
      if (!last || point.ratio > 1.08 * last.ratio) return [...kept, point];
      return point.residual > last.residual ? [...kept.slice(0, -1), point] : kept;
    }, [])
    .map(({ setting: { keptFraction, bits }, ratio }) => ({
      name: `${keptFraction}/${bits} bit`,
      ratio: Number(ratio.toPrecision(4)),
      keptFraction,
      bits,
    }));
}

/** How far the runs of a setting lie above the curve, on average: what is left when ratio and cut are accounted for. */
function meanResidual(
  runs: readonly Run[],
  model: AccuracyModel,
  direction: 'up' | 'down',
  { keptFraction, bits }: CodecSetting,
): number {
  const own = runs.filter((run) => run[direction]?.keptFraction === keptFraction && run[direction].bits === bits);
  return mean(
    own.map((run) => run.accuracy - accuracy(model, run.upRatio, run.downRatio ?? run.upRatio, run.cut ?? 0)),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
