import type { MeasuredProfile } from '../../lib/io/index.js';
import type { LoadedBackend } from '../backend/tensorflow.js';
import { collectGarbage, referenceKernelSeconds, type TimingWorkload } from '../calibrate/index.js';
import type { ValidationCase } from './cases.js';
import { compareCase, summariseCases, type ComparedCase, type ValidationSummary } from './compare.js';
import { measure, measureMemory, type Measurement } from './measure.js';
import { predict } from './predict.js';

export interface ValidateOptions {
  readonly cases: readonly ValidationCase[];
  /** Measured rounds of each case. */
  readonly rounds: number;
  /** Most runs of a case; further ones where the machine has moved. */
  readonly attempts: number;
  /** How far the reference kernel may be from that of the profile, relative. */
  readonly allowedDrift: number;
  readonly seed: number;
  readonly onCase?: (done: ComparedCase, index: number) => void;
}

/** A frozen profile against real runs. */
export interface ValidationReport {
  readonly created: string;
  readonly model: string;
  /** SHA-256 of the profile's file. */
  readonly profileHash: string;
  readonly profileCreated: string;
  readonly machine: MeasuredProfile['machine'];
  readonly seconds: number;
  readonly summary: ValidationSummary;
  readonly cases: readonly ComparedCase[];
}

/** The machine is not that of the profile, or too busy: the reference kernel never came within reach. */
export interface Attempt {
  readonly measurement: Measurement;
  readonly drift: readonly [number, number];
}

/** Runs each case and sets what the profile foresees beside what is measured. */
export async function validate(
  backend: LoadedBackend,
  workload: TimingWorkload,
  profile: { readonly content: MeasuredProfile; readonly text: string; readonly hash: string },
  options: ValidateOptions,
): Promise<ValidationReport> {
  const { tf } = backend;
  const start = performance.now();
  const { rounds, attempts, allowedDrift, seed } = options;
  const reference = profile.content.machine.referenceKernelSeconds;
  const cases: ComparedCase[] = [];
  for (const [index, one] of options.cases.entries()) {
    const prediction = predict(one, workload.config, profile.content, profile.text);
    if (index === 0) await measure(tf, workload, one, prediction, 1, seed);
    const memory = await measureMemory(tf, workload, one);
    let best: Attempt | undefined;
    let repeats = -1;
    while (repeats + 1 < attempts && !(best && steady(best.drift, allowedDrift))) {
      collectGarbage();
      const before = referenceKernelSeconds(tf) / reference - 1;
      const measurement = await measure(tf, workload, one, prediction, rounds, seed + index);
      const after = referenceKernelSeconds(tf) / reference - 1;
      const attempt: Attempt = { measurement, drift: [before, after] };
      if (!best || largest(attempt.drift) < largest(best.drift)) best = attempt;
      repeats++;
    }
    const { measurement, drift } = best!;
    const isSteady = steady(drift, allowedDrift);
    const processBytes = process.memoryUsage().rss;
    const run = { one, prediction, measurement, memory, drift, repeats, isSteady, processBytes };
    cases.push(compareCase(run));
    options.onCase?.(cases.at(-1)!, index);
  }
  return {
    created: new Date().toISOString(),
    model: workload.name,
    profileHash: profile.hash,
    profileCreated: profile.content.created,
    machine: profile.content.machine,
    seconds: (performance.now() - start) / 1000,
    summary: summariseCases(cases),
    cases,
  };
}

function largest(drift: readonly [number, number]): number {
  return Math.max(Math.abs(drift[0]), Math.abs(drift[1]));
}

function steady(drift: readonly [number, number], allowed: number): boolean {
  return largest(drift) <= allowed;
}
