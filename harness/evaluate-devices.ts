import type { Tf } from './backend/tensorflow.js';
import { decodeTensor, encodeTensor, type DeviceSettings } from './protocol/index.js';
import { evaluate, type Evaluation, type EvaluationOptions } from './training/index.js';

export interface DevicesEvaluationOptions extends Omit<EvaluationOptions, 'cut' | 'channel'> {
  readonly devices: readonly Pick<DeviceSettings, 'cut' | 'uplinkCodec'>[];
  /** Of a batch's coding. */
  readonly batchSeed: (batch: number) => number;
}

/**
 * Mean over the devices of accuracy and loss with the compression that each trains with: a model trained with it is used
 * with it. Equal cuts with equal codecs are measured once; without compression the cut changes nothing.
 */
export async function evaluateDevices(tf: Tf, options: DevicesEvaluationOptions): Promise<Evaluation> {
  const { devices, batchSeed, ...common } = options;
  const known = new Map<string, Evaluation>();
  let [accuracy, loss, targets] = [0, 0, 0];
  for (const { cut, uplinkCodec: codec } of devices) {
    const key = codec === 'identity' ? codec : JSON.stringify([cut, codec]);
    const channel = (values: Float32Array, shape: readonly number[], batch: number) =>
      decodeTensor(encodeTensor(values, shape, codec, batchSeed(batch)), shape, codec);
    const own = { ...common, cut, ...(codec !== 'identity' && { channel }) };
    const found = known.get(key) ?? (await evaluate(tf, own));
    known.set(key, found);
    accuracy += found.accuracy / devices.length;
    loss += found.loss / devices.length;
    targets = found.targets;
  }
  return { accuracy, loss, targets };
}
