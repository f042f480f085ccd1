import { parse, stringify } from 'yaml';
import { readScenarioFile, type ResolvedScenario } from '../../lib/io/index.js';

/** A small cell whose devices all move. */
export const smallScenario = `
version: 1
seed: 3
model: { preset: deit-tiny }
training: { batchSize: 8, stepsPerRound: 2 }
codec:
  points:
    - { keptFraction: 2 %, bits: 4 }
    - { keptFraction: 10 %, bits: 4 }
    - { keptFraction: 50 %, bits: 8 }
accuracy:
  minimum: 89 %
  limit: 91.7 %
  up: { family: power, scale: 0.0011, exponent: 0.85, cut: { decay: 0.25 } }
radio: { bandwidth: 5 MHz, pathLoss: { model: umi, sight: drawn }, shadowing: 6 dB }
server: { throughput: 2 TFLOP/s, sharing: allocated }
devices:
  - { name: walker, count: 4, throughput: 60 GFLOP/s, memory: 400 MiB, distance: { disc: { radius: 150 m } } }
  - { name: desk, throughput: 200 GFLOP/s, distance: 60 m }
simulation:
  rounds: 12
  interval: 4 s
  motion: { model: waypoint, speed: 1.5 m/s, radius: 150 m }
  devices: { desk: { motion: { model: static } } }
  replan: { every: 5 }
  boundEvery: 3
`;

/** The small cell with some of its keys set otherwise. */
export function scenario(...settings: string[]): ResolvedScenario {
  const outcome = readScenarioFile(smallScenario, { settings });
  if (outcome.ok) return outcome.scenario;
  throw new Error(outcome.issues.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}

/** The text of the small cell after a change of its values. */
export function changedScenario(
  change: (document: { devices: object[]; simulation: Record<string, unknown> }) => void,
): string {
  const document = parse(smallScenario) as { devices: object[]; simulation: Record<string, unknown> };
  change(document);
  return stringify(document);
}
