import type { StepCodec } from '../protocol/index.js';
import type { LearningRateSchedule } from '../protocol/index.js';
import { defaultAdamW, type OptimizerSettings } from '../training/index.js';
import { radioLink } from './link.js';
import type { ScenarioDevice } from './scenario.js';
import type { CodecEntry, ScenarioFile, TrainingEntry } from '../../lib/io/training-file/index.js';

/** Devices that a file lists itself, groups unfolded. */
export function listedDevices(file: ScenarioFile): ScenarioDevice[] {
  return (file.devices ?? []).flatMap((entry) => {
    const { name, count, cut, speedFactor, link, serverShare } = entry;
    const [uplinkCodec, downlinkCodec] = codecPair(entry.codec ?? file.codec, file);
    const device = {
      cut,
      batchSize: entry.batchSize ?? file.training.batchSize,
      uplinkCodec,
      downlinkCodec,
      speedFactor,
      ...(link && { link: radioLink(link) }),
      ...(serverShare !== undefined && { serverShare }),
    };
    if (count === undefined) return [{ name, ...device }];
    return Array.from({ length: count }, (_, k) => ({ name: `${name}-${k + 1}`, ...device }));
  });
}

/** Where a file says nothing: activations of decoders have outlier channels (`bench/codec-decoder.ts`). */
const codecOfVit = { lossless: 'fast', outlierThreshold: 0 } as const;
const codecOfDecoder = { lossless: 'small', outlierThreshold: 4 } as const;

function codecPair(entry: CodecEntry, { model }: ScenarioFile): [StepCodec, StepCodec] {
  const isDecoder = model === 'embedded-decoder' || (typeof model === 'object' && 'family' in model);
  const usual = isDecoder ? codecOfDecoder : codecOfVit;
  const filled = (codec: StepCodec): StepCodec => {
    if (codec === 'identity') return codec;
    const { lossless = usual.lossless, outlierThreshold = usual.outlierThreshold } = codec;
    return { ...codec, lossless, outlierThreshold };
  };
  if (entry === 'identity') return [entry, entry];
  return 'up' in entry ? [filled(entry.up), filled(entry.down)] : [filled(entry), filled(entry)];
}

export function optimizerSettings({ optimizer, learningRate }: TrainingEntry): OptimizerSettings {
  if (optimizer === 'adamw') return { ...defaultAdamW, learningRate };
  if (optimizer === 'sgd') return { kind: 'sgd', learningRate, momentum: 0, weightDecay: 0 };
  return { ...optimizer, learningRate };
}

export function learningRateSchedule({ schedule }: TrainingEntry): LearningRateSchedule {
  if (schedule === 'constant') return { kind: 'constant' };
  if (schedule === 'cosine') return { kind: 'cosine', warmUpSteps: 0, final: 0 };
  return { kind: 'cosine', ...schedule.cosine };
}
