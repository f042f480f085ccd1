import { allowedBlocks, resolvePoint, resolveShape } from '../resolve/index.js';
import { formatQuantity } from '../units/index.js';
import type { RawIssue } from '../source/index.js';
import type { CheckedSections } from './sections.js';

type Loss = NonNullable<CheckedSections['accuracy']>['up'];
type PointEntry = NonNullable<CheckedSections['codec']>['points'][number];

/** What must fit together in the accuracy model and the codec. */
export function checkAccuracyAndCodec(sections: CheckedSections): RawIssue[] {
  return [...checkAccuracy(sections), ...checkCodec(sections)];
}

function checkAccuracy({ accuracy, model, split }: CheckedSections): RawIssue[] {
  if (!accuracy) return [];
  const issues: RawIssue[] = [];
  if (model !== undefined && split) {
    const blocks = allowedBlocks({ split }, resolveShape(model));
    const outside = outsideCuts(accuracy.fittedCuts, blocks, accuracy.allowExtrapolation);
    if (outside !== undefined) issues.push({ path: ['accuracy', 'fittedCuts'], message: outside });
  }
  if (accuracy.minimum !== undefined && accuracy.maximumLoss !== undefined) {
    issues.push({ path: ['accuracy', 'maximumLoss'], message: 'give either `minimum` or `maximumLoss`', atKey: true });
  }
  if (accuracy.maximumLoss !== undefined && accuracy.maximumLoss > accuracy.limit) {
    const most = formatQuantity(accuracy.limit, 'fraction');
    issues.push({
      path: ['accuracy', 'maximumLoss'],
      message: `${formatQuantity(accuracy.maximumLoss, 'fraction')} is more than there is to lose: must be at most \`limit\`, ${most} (1 % is \`0.01\` or \`1 %\`)`,
    });
  }
  if (accuracy.confidence !== undefined && accuracy.spread === undefined) {
    const message = 'needs `spread`: how far losses may be from the curve (`sft-opt fit --paired` measures it)';
    issues.push({ path: ['accuracy', 'confidence'], message, atKey: true });
  }
  if (accuracy.leftOut !== undefined && accuracy.scope === 'each') {
    const message = 'needs `scope: mean`: with `each` a device that is left out is held to nothing';
    issues.push({ path: ['accuracy', 'leftOut'], message, atKey: true });
  }
  const fitted = accuracy.fittedRatios;
  if (fitted && fitted[0] > fitted[1]) {
    issues.push({ path: ['accuracy', 'fittedRatios'], message: 'the least ratio must come first' });
  }
  if (accuracy.fittedCuts && accuracy.fittedCuts[0] > accuracy.fittedCuts[1]) {
    issues.push({ path: ['accuracy', 'fittedCuts'], message: 'the fewest blocks must come first' });
  }
  for (const direction of ['up', 'down'] as const) {
    const loss = accuracy[direction];
    if (loss) issues.push(...checkLoss(loss, direction));
  }
  return issues;
}

function checkLoss(loss: Loss, direction: 'up' | 'down'): RawIssue[] {
  const issues: RawIssue[] = [];
  const add = (key: string, message: string) => issues.push({ path: ['accuracy', direction, key], message });
  if (loss.family === 'table') {
    if (loss.ratios.length !== loss.losses.length) {
      add('losses', `must list as many as there are ratios (${loss.ratios.length})`);
    }
    if (!increases(loss.ratios)) add('ratios', 'must increase from one to the next');
    if (loss.losses.some((value, k) => k > 0 && value > loss.losses[k - 1]!)) {
      add('losses', 'must not grow: a larger ratio never loses more');
    }
  }
  if (typeof loss.cut !== 'string' && 'cuts' in loss.cut) {
    if (loss.cut.cuts.length !== loss.cut.factors.length) {
      add('cut', `must list as many factors as cuts (${loss.cut.cuts.length})`);
    }
    if (!increases(loss.cut.cuts)) add('cut', 'the cuts must increase from one to the next');
  }
  return issues;
}

function checkCodec({ codec, accuracy }: CheckedSections): RawIssue[] {
  if (!codec) return [];
  const issues: RawIssue[] = [];
  if (codec.downPoints && codec.ratios === 'tied') {
    issues.push({
      path: ['codec', 'downPoints'],
      message: 'own points for gradients need `ratios: separate`',
      atKey: true,
    });
  }
  for (const list of ['points', 'downPoints'] as const) {
    const names = new Map<string, number>();
    for (const [index, entry] of (codec[list] ?? []).entries()) {
      const path = ['codec', list, index];
      if (entry.ratio === undefined && entry.keptFraction === undefined && entry.bits === undefined) {
        issues.push({ path, message: 'must have a `ratio`, or `keptFraction` and `bits`' });
        continue;
      }
      const { name, ratio } = resolvePoint(entry, codec.valueBits);
      const earlier = names.get(name);
      if (earlier === undefined) names.set(name, index);
      else issues.push({ path, message: `\`${name}\` is also the name of ${list}[${earlier}]` });
      const outside = outsideFit(ratio, accuracy);
      if (outside) issues.push({ path: [...path, ...ratioKey(entry)], message: outside });
    }
  }
  return issues;
}

/** The key that an issue about a point's ratio is best shown at. */
function ratioKey(entry: PointEntry): string[] {
  return entry.ratio === undefined ? [] : ['ratio'];
}

function outsideFit(ratio: number, accuracy: CheckedSections['accuracy']): string | undefined {
  if (!accuracy?.fittedRatios || accuracy.allowExtrapolation) return undefined;
  const [least, largest] = accuracy.fittedRatios;
  if (ratio >= least && ratio <= largest) return undefined;
  return `its ratio ${Number(ratio.toPrecision(4))} is outside the ratios the accuracy model was fitted to (${least} to ${largest}); leave it out or set accuracy.allowExtrapolation`;
}

/** Says that splits are allowed at which nothing was measured. */
export function outsideCuts(
  measured: readonly [number, number] | undefined,
  blocks: readonly number[],
  allowed: boolean,
): string | undefined {
  if (!measured || allowed || blocks.length === 0) return undefined;
  const [least, most] = measured;
  if (blocks[0]! >= least && blocks.at(-1)! <= most) return undefined;
  return `accuracy was measured with ${least} to ${most} blocks on the device, \`split\` allows ${blocks[0]} to ${blocks.at(-1)}; narrow \`split\` or set accuracy.allowExtrapolation`;
}

function increases(values: readonly number[]): boolean {
  return values.every((value, k) => k === 0 || value > values[k - 1]!);
}
