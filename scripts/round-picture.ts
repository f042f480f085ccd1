import type { PlanningProblem, StageSeconds } from '../lib/models/index.js';
import type { PlanAnswer } from '../lib/plan/index.js';

/** Stages of a step as they are drawn, with their colours. */
const stages: readonly (readonly [keyof StageSeconds, string, string])[] = [
  ['forward', 'forward', '#4c78a8'],
  ['encode', 'encode', '#9ecae9'],
  ['uplink', 'uplink', '#f58518'],
  ['server', 'server', '#54a24b'],
  ['downlink', 'downlink', '#ffbf79'],
  ['decode', 'decode', '#88d27a'],
  ['backward', 'backward', '#b279a2'],
];
const adapters = ['adapters', '#e45756'] as const;
const [left, width, bar, gap, top] = [130, 640, 16, 8, 48] as const;

/** Where the round of every device goes, as a picture; steps are added up. */
export function roundPicture(problem: PlanningProblem, { delay }: Pick<PlanAnswer, 'delay'>): string {
  const perSecond = width / delay.totalSeconds;
  const rows = problem.devices.map(({ name }, n) => {
    const y = top + n * (bar + gap);
    const label = `<text x="${left - 8}" y="${y + bar - 4}" text-anchor="end">${escaped(name)}</text>`;
    return label + (delay.stages[n] ? barOf(problem, delay.stages[n], y, perSecond) : '');
  });
  const height = top + problem.devices.length * (bar + gap) + 8;
  const legend = [...stages.map(([, name, colour]) => [name, colour] as const), adapters].map(
    ([name, colour], k) =>
      `<rect x="${left + k * 80}" y="14" width="10" height="10" fill="${colour}"/><text x="${left + k * 80 + 14}" y="23">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 20}" height="${height}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...legend,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function barOf({ stepsPerRound }: PlanningProblem, stage: StageSeconds, y: number, perSecond: number): string {
  const parts = [
    ...stages.map(([key, , colour]) => [stepsPerRound * stage[key], colour] as const),
    [stage.adapterUplink + stage.adapterDownlink + stage.adapterCodec, adapters[1]] as const,
  ];
  let x = left;
  return parts
    .map(([seconds, colour]) => {
      const wide = seconds * perSecond;
      const rectangle = `<rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${bar}" fill="${colour}"/>`;
      x += wide;
      return rectangle;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
