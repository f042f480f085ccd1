import type { StageSeconds } from '../../lib/models/index.js';
import type { Paint } from '../terminal.js';

type Stage = keyof StageSeconds;

/** How each stage is drawn: a letter where there is no colour, a coloured block where there is. */
const looks: readonly { stages: readonly Stage[]; name: string; letter: string; colour: Parameters<Paint>[0] }[] = [
  { stages: ['forward'], name: 'forward', letter: 'F', colour: 'blue' },
  { stages: ['encode'], name: 'encode', letter: 'e', colour: 'magenta' },
  { stages: ['uplink'], name: 'uplink', letter: 'U', colour: 'yellow' },
  { stages: ['server'], name: 'server', letter: 'S', colour: 'green' },
  { stages: ['downlink'], name: 'downlink', letter: 'D', colour: 'red' },
  { stages: ['decode'], name: 'decode', letter: 'd', colour: 'magentaBright' },
  { stages: ['backward'], name: 'backward', letter: 'B', colour: 'cyan' },
  { stages: ['adapterUplink', 'adapterDownlink', 'adapterCodec'], name: 'adapters', letter: 'A', colour: 'gray' },
];

/** Shares of a round by stage as a bar: `longest` seconds fill the width. */
export function stageBar(
  stages: StageSeconds,
  stepsPerRound: number,
  longestSeconds: number,
  width: number,
  paint: Paint,
): string {
  let seconds = 0;
  let drawn = 0;
  let bar = '';
  for (const { stages: parts, letter, colour } of looks) {
    for (const part of parts) seconds += stages[part] * (part.startsWith('adapter') ? 1 : stepsPerRound);
    const end = longestSeconds > 0 ? Math.min(width, Math.round((seconds / longestSeconds) * width)) : 0;
    if (end > drawn) bar += paint(colour, cell(letter, colour, paint).repeat(end - drawn));
    drawn = Math.max(drawn, end);
  }
  return bar;
}

/** What the letters or colours of the bars mean. */
export function stageLegend(paint: Paint): string {
  return looks.map(({ name, letter, colour }) => `${paint(colour, cell(letter, colour, paint))} ${name}`).join('  ');
}

function cell(letter: string, colour: Parameters<Paint>[0], paint: Paint): string {
  return paint(colour, letter) === letter ? letter : '█';
}
