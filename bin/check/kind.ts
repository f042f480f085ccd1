import { settledText } from '../../lib/io/reading/index.js';
import { nearest } from '../../lib/io/problem-file/units/index.js';

/** What `check` can look at. */
export type FileKind = 'problem' | 'simulation' | 'training' | 'study';

/** Keys that files of one kind alone have. */
const signs = {
  problem: ['radio', 'accuracy', 'deadline', 'split', 'traffic', 'pinned', 'calibration'],
  training: ['data', 'plan', 'clock', 'evaluation', 'record', 'checkpoint', 'faults'],
  trainingSection: ['rounds', 'learningRate', 'schedule'],
  trainingDevice: ['cut', 'speedFactor'],
  study: ['workload', 'groups'],
} as const;

/** Tells by its keys what a file is. What cannot be read at all, or says nothing of itself, counts as a problem file. */
export function fileKind(text: string, settings: readonly string[] = []): FileKind {
  const settled = settledText(text, settings);
  if ('issues' in settled) return 'problem';
  const { document } = settled;
  // A slip in the one key that tells is still a scenario.
  if (keysOf(document).some((key) => nearest(key, ['simulation']))) return 'simulation';
  const [training, devices] = [valueOf(document, 'training'), valueOf(document, 'devices')];
  const ofTraining =
    count(document, signs.training) +
    count(training, signs.trainingSection) +
    (Array.isArray(devices) && devices.some((device) => count(device, signs.trainingDevice) > 0) ? 1 : 0);
  const ofStudy = count(document, signs.study);
  // Studies have no devices; both others do.
  const ofProblem = count(document, signs.problem);
  if (ofStudy > 0 && ofStudy >= Math.max(ofTraining, ofProblem) + (devices === undefined ? 0 : 1)) return 'study';
  return ofTraining > ofProblem ? 'training' : 'problem';
}

function count(value: unknown, keys: readonly string[]): number {
  return keysOf(value).filter((key) => keys.includes(key)).length;
}

function valueOf(document: unknown, key: string): unknown {
  return keysOf(document).includes(key) ? (document as Record<string, unknown>)[key] : undefined;
}

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
