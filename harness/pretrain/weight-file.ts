import { fromFloat32, writeSafetensors } from '../../lib/io/tensors/index.js';
import { isDecoder, type TransformerConfig } from '../model/config.js';
import type { PretrainOptions, PretrainResult } from './pretrain.js';

/** Weights as a safetensors file that says how they came about. */
export function weightFile(
  config: TransformerConfig,
  options: PretrainOptions,
  result: PretrainResult,
  precision: 'F16' | 'F32',
): Uint8Array<ArrayBuffer> {
  const { steps, batchSize, learningRate, warmUpSteps, weightDecay, seed } = options;
  const tensors = [...result.weights].map(([name, { shape, values }]) => fromFloat32(name, shape, values, precision));
  const metadata = {
    format: 'pt',
    model: JSON.stringify(config),
    command:
      `sft-opt pretrain --family ${isDecoder(config) ? 'decoder' : 'vit'} --steps ${steps} --batch-size ${batchSize} --learning-rate ${learningRate} ` +
      `--warm-up-steps ${warmUpSteps} --weight-decay ${weightDecay} --seed ${seed} --precision ${precision}`,
    classes: `${isDecoder(config) ? 'grammar' : 'procedural'}, pre-training half`,
    testAccuracy: result.testAccuracy.toFixed(4),
    seconds: result.seconds.toFixed(0),
    date: new Date().toISOString().slice(0, 10),
  };
  return writeSafetensors({ tensors, metadata });
}
