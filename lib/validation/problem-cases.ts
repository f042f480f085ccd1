import { formatIssue, readProblemFile } from '../io/index.js';
import type { OperatingPoint } from '../models/index.js';
import { calibrationCuts, type CodecPoint } from './points.js';
import type { ValidationCase } from './cases.js';

/** A problem file that validation cannot run. */
export class ValidationProblemError extends Error {
  override readonly name = 'ValidationProblemError';
  readonly code = 'validation-problem';
}

/**
 * Plans of a problem file: cuts that calibration has not run and their neighbours, alike on all devices or deeper on every
 * second one, with each operating point, in equal shares; at most `most`, evenly over all. `settings` stand in place of the
 * file's keys. Throws
 * `ValidationProblemError` where the file is wrong, names no profile or gives devices batches of their own.
 */
export function problemCases(
  text: string,
  profileText: string,
  name: string,
  most: number,
  settings: readonly string[] = [],
): ValidationCase[] {
  const outcome = readProblemFile(text, { readFile: () => profileText, settings });
  if (!outcome.ok) {
    throw new ValidationProblemError(outcome.issues.map((issue) => formatIssue(issue, name)).join('\n'));
  }
  const { file, problem, summaries, origin } = outcome.resolved;
  const problemText = settings.length === 0 ? text : JSON.stringify(origin.document);
  if (file.calibration === undefined) throw new ValidationProblemError(`${name} names no profile (\`calibration\`)`);
  if (file.devices.some(({ batchSize }) => batchSize !== undefined && batchSize !== file.training.batchSize)) {
    throw new ValidationProblemError(`${name}: validation runs all devices with one batch size`);
  }
  const calibrated = calibrationCuts(problem.blockCount);
  const allowed = problem.devices[0]!.costs.allowedBlocks.filter((cut) => cut > 0 && cut < problem.blockCount);
  const heldOut = allowed.filter((cut) => !calibrated.includes(cut));
  const cuts = heldOut.length > 0 ? heldOut : allowed;
  const count = problem.devices.length;
  const plans = cuts.flatMap((cut, k) =>
    problem.upPoints.flatMap((up, index) => {
      const down = problem.downPoints[Math.min(index, problem.downPoints.length - 1)]!;
      const other = cuts[(k + 1) % cuts.length]!;
      const alike = { cut, other: cut, up, down };
      return count > 1 && other !== cut ? [alike, { ...alike, other }] : [alike];
    }),
  );
  const step = Math.max(1, plans.length / most);
  const chosen = Array.from({ length: Math.min(most, plans.length) }, (_, k) => plans[Math.floor(k * step)]!);
  return chosen.map(({ cut, other, up, down }, index) => ({
    scenario: name,
    name: `${name} ${index + 1}`,
    sharing: problem.sharing,
    activations: file.training.activations,
    batchSize: file.training.batchSize,
    stepsPerRound: problem.stepsPerRound,
    serverFactor: file.server.profileFactor,
    problemText,
    devices: problem.devices.map((_, n) => ({
      speedFactor: file.devices[summaries[n]!.entry]!.profileFactor,
      // The problem file's links count.
      uplinkRate: 0,
      downlinkRate: 0,
      cut: n % 2 === 0 ? cut : other,
      up: codecPoint(up),
      down: codecPoint(down),
      bandShare: 1 / count,
      serverShare: 1 / count,
    })),
  }));
}

function codecPoint({ keptFraction = 1, bitsPerKeptValue = 32 }: OperatingPoint): CodecPoint {
  return { keptFraction, bits: bitsPerKeptValue };
}
