import type { Tf } from '../backend/tensorflow.js';
import { initialAdapters } from '../model/adapters.js';
import { defaultAdamW } from '../training/index.js';
import { fineTune, type FineTuneResult } from './fine-tune.js';
import { runCodecs, type RunSettings } from './settings.js';
import { WeightError } from '../model/weights.js';
import type { Workload } from './workload.js';

/** One run of a study. */
export function executeRun(
  tf: Tf,
  workload: Workload,
  run: RunSettings,
  onStep?: (step: number, loss: number) => void,
): Promise<FineTuneResult> {
  const { config, weights, frozen, train, validation } = workload;
  const { training, cut, seed } = run;
  if (cut > config.blocks) throw new WeightError(`cut ${cut} is beyond the model’s ${config.blocks} blocks`);
  const settings = { ...run.adapters, trainHead: run.adapters.trainHead ?? false, dropout: 0 };
  const adapters = initialAdapters(config, settings, seed, weights);
  return fineTune(tf, {
    part: { config, weights, frozen, settings, adapters, memoryMode: 'keep' },
    cut,
    ...runCodecs(run),
    train,
    validation,
    steps: training.steps,
    batchSize: training.batchSize,
    optimizer: { ...defaultAdamW, learningRate: training.learningRate, weightDecay: training.weightDecay },
    rateFactor: (step) => rateFactor(training, step),
    seed,
    ...(onStep && { onStep }),
  });
}

/** Share of the peak rate at a step: a straight rise, then half a cosine to 0, or constant. */
export function rateFactor(
  { steps, warmUpSteps, schedule }: Pick<RunSettings['training'], 'steps' | 'warmUpSteps' | 'schedule'>,
  step: number,
): number {
  if (step < warmUpSteps) return (step + 1) / warmUpSteps;
  if (schedule === 'constant') return 1;
  return 0.5 * (1 + Math.cos((Math.PI * (step - warmUpSteps)) / Math.max(1, steps - warmUpSteps)));
}
