import type { MeasuredProfile } from '../../lib/io/index.js';
import type { Pair } from '../../lib/statistics/index.js';
import {
  coldRound,
  compareCase,
  predict,
  summariseCases,
  type ComparedCase,
  type Measurement,
  type ValidationCase,
  type ValidationSummary,
} from '../../lib/validation/index.js';
import type { LoadedBackend } from '../backend/tensorflow.js';
import { ReferenceTimer, type TimingWorkload } from '../calibrate/index.js';
import { transformerShape } from '../model/config.js';
import { measure, measureMemory } from './measure.js';

export interface ValidateOptions {
  readonly cases: readonly ValidationCase[];
  /** Measured rounds of each case. */
  readonly rounds: number;
  /** Most runs of a case; further ones where it was not steady. */
  readonly attempts: number;
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
  /** The first round of the first plan: the first work of this process. Absent where the profile does not foresee it. */
  readonly cold?: Pair;
  readonly cases: readonly ComparedCase[];
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
  const { rounds, attempts, seed } = options;
  const { machine } = profile.content;
  const cases: ComparedCase[] = [];
  let cold: Pair | undefined;
  const timer = new ReferenceTimer(tf);
  try {
    for (const [index, one] of options.cases.entries()) {
      const prediction = predict(one, transformerShape(workload.config), profile.content, profile.text);
      let measurement: Measurement | undefined;
      let repeats = -1;
      while (repeats + 1 < attempts && measurement?.unsteady.length !== 0) {
        const { references } = machine;
        measurement = await measure(tf, workload, timer, one, prediction, references, rounds, seed + index);
        repeats++;
        const first = coldRound(one, prediction, profile.content);
        if (first !== undefined) cold ??= { predicted: first, measured: measurement.firstSeconds };
      }
      const memory = await measureMemory(tf, workload, one);
      cases.push(compareCase({ one, prediction, measurement: measurement!, memory, repeats }));
      options.onCase?.(cases.at(-1)!, index);
    }
  } finally {
    timer.dispose();
  }
  return {
    created: new Date().toISOString(),
    model: workload.name,
    profileHash: profile.hash,
    profileCreated: profile.content.created,
    machine,
    seconds: (performance.now() - start) / 1000,
    summary: summariseCases(cases),
    ...(cold && { cold }),
    cases,
  };
}
