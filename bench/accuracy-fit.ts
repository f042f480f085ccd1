/**
 * How well accuracy models are recovered from synthetic runs whose truth is known: 500 random curves with noise and 5 %
 * outliers. Run: npx tsx bench/accuracy-fit.ts [curves]. Exit code 1 when a bar is missed.
 */
import { fitAccuracy } from '../lib/models/index.js';
import { comparisonRatios, syntheticCase, type SyntheticCase } from '../spec/support/accuracy/curves.js';
import { writeResults } from './support/results.js';

const seed = 20261123;
const curves = Number(process.argv[2] ?? 500);
const families = ['power', 'exponential', 'logistic'] as const;

/**
 * Whether AICc can tell: every other family, fitted to the curve without noise, misses it by so much that the expected
 * difference Σ(miss/σ)² is at least 25 (five deviations of the difference's own scatter).
 */
function canTell({ family, noise, observations, truth }: SyntheticCase): boolean {
  const exact = observations.map(({ upRatio }) => ({ upRatio, accuracy: truth(upRatio) }));
  return families
    .filter((other) => other !== family.kind)
    .every((other) => {
      const { model, band } = fitAccuracy(exact, { family: other, loss: 'squares', weights: 'equal' });
      const misses = exact.map(({ upRatio, accuracy }) => (band(upRatio, upRatio, 0).accuracy - accuracy) / noise);
      return model.limit > 0 && misses.reduce((sum, miss) => sum + miss * miss, 0) >= 25;
    });
}

/** Share of the compared ratios at which the interval holds the truth. */
function covered(given: SyntheticCase, fit: ReturnType<typeof fitAccuracy>): number {
  const ratios = comparisonRatios(given);
  const inside = ratios.filter((ratio) => {
    const { lower, upper } = fit.band(ratio, ratio, 0);
    return lower <= given.truth(ratio) && given.truth(ratio) <= upper;
  });
  return inside.length / ratios.length;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const coverage: Record<'given' | 'chosen', number[]> = { given: [], chosen: [] };
const byFamily = new Map<string, number[]>();
let [tellable, right] = [0, 0];
const milliseconds: number[] = [];
for (let k = 0; k < curves; k++) {
  const given = syntheticCase(seed, k, { outliers: 0.05 });
  const start = performance.now();
  const chosen = fitAccuracy(given.observations);
  milliseconds.push(performance.now() - start);
  const known = fitAccuracy(given.observations, { family: given.family.kind });
  const share = covered(given, known);
  coverage.given.push(share);
  coverage.chosen.push(covered(given, chosen));
  byFamily.set(given.family.kind, [...(byFamily.get(given.family.kind) ?? []), share]);
  if (canTell(given)) {
    tellable++;
    if (chosen.form.family === given.family.kind) right++;
  }
}

/** Largest relative error of a parameter without noise. */
let exactError = 0;
for (let k = 0; k < 60; k++) {
  const { limit, family, observations } = syntheticCase(seed + 1, k, { noise: 0, repeats: 1 });
  const { model } = fitAccuracy(observations, { family: family.kind });
  exactError = Math.max(exactError, Math.abs(model.limit / limit - 1));
  for (const [name, value] of Object.entries(family) as [string, number][]) {
    const found = (model.up.family as unknown as Record<string, number>)[name];
    if (typeof value === 'number') exactError = Math.max(exactError, Math.abs(found! / value - 1));
  }
}

const figures = {
  curves,
  coverageRightFamily: mean(coverage.given),
  coverageByFamily: Object.fromEntries([...byFamily].map(([name, shares]) => [name, mean(shares)])),
  coverageChosenFamily: mean(coverage.chosen),
  tellable,
  rightFamilyShare: right / tellable,
  exactParameterError: exactError,
  medianMilliseconds: [...milliseconds].sort((a, b) => a - b)[milliseconds.length >> 1]!,
};
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const bars = [
  [
    '95 % band covers the truth, right family (92 … 98 %)',
    percent(figures.coverageRightFamily),
    figures.coverageRightFamily >= 0.92 && figures.coverageRightFamily <= 0.98,
  ],
  [
    '95 % band covers the truth, family chosen by AICc (92 … 98 %)',
    percent(figures.coverageChosenFamily),
    figures.coverageChosenFamily >= 0.92 && figures.coverageChosenFamily <= 0.98,
  ],
  [
    `right family where AICc can tell, ${tellable} curves (≥ 90 %)`,
    percent(figures.rightFamilyShare),
    figures.rightFamilyShare >= 0.9,
  ],
  ['largest error of a parameter without noise, 60 curves (≤ 1 %)', percent(exactError), exactError <= 0.01],
] as const;
const lines = [
  `${curves} random curves (power, exponential, logistic in turn), 10 ratios × 3 runs, noise 0.3 … 1 point, 5 % outliers of 5 … 15 deviations`,
  ...bars.map(([name, value, holds]) => `${holds ? 'holds ' : 'MISSED'} ${name}: ${value}`),
  `coverage by family: ${Object.entries(figures.coverageByFamily)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(', ')}; comparison of all families, median ${figures.medianMilliseconds.toFixed(0)} ms`,
];
writeResults('accuracy-fit', `npx tsx bench/accuracy-fit.ts ${curves}`, lines.join('\n'), figures);
if (bars.some(([, , holds]) => !holds)) process.exitCode = 1;
