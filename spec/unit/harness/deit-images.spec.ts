import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadBackend } from '../../../harness/backend/tensorflow.js';
import { decodePortable, imageNetNormalisation, jpegDecoder, resizeBicubic } from '../../../harness/data/index.js';
import { deitTinyConfig } from '../../../harness/model/config.js';
import { DevicePart, ServerPart, type PartOptions } from '../../../harness/model/parts.js';
import { readWeights } from '../../../harness/model/weights.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

const shared = new URL('../../../../shared/data/', import.meta.url);
const hasShared = existsSync(new URL('weights/', shared)) && existsSync(new URL('tiny-imagenet-subset/', shared));
if (!hasShared) console.log('skipping the top five of photographs: ../shared/data is absent');

interface Reference {
  readonly images: readonly { readonly file: string; readonly top5: readonly [number, string, number][] }[];
}

it.skipIf(!hasShared)(
  'DeiT-Tiny names the five likeliest classes of five photographs in order',
  async () => {
    const backend = await loadBackend();
    const { tf } = backend;
    console.log(`backend: ${backend.description}`);
    const weights = readWeights(
      readFileSync(new URL('weights/deit_tiny_patch16_224.fp16.safetensors', shared)),
      deitTinyConfig,
    );
    const settings = { rank: 1, alpha: 1, targets: [], dropout: 0 };
    const options: PartOptions = {
      config: deitTinyConfig,
      weights,
      settings,
      adapters: new Map(),
      memoryMode: 'recompute',
    };
    const device = new DevicePart(tf, options, 6);
    const server = new ServerPart(tf, options, 6);
    const { images } = JSON.parse(
      readFileSync(new URL('weights/deit_tiny_reference.json', shared), 'utf8'),
    ) as Reference;
    expect(images.length).toBe(5);
    // The portable decoder's bytes are the native one's; running both images through the model once is enough.
    const decoders = [jpegDecoder(backend), decodePortable];
    let worst = 0;
    for (const [k, { file, top5 }] of images.entries()) {
      const bytes = readFileSync(new URL(`tiny-imagenet-subset/${file}`, shared));
      const { pixels } = resizeBicubic(await decoders[k % 2]!(bytes), 224, 224);
      const { mean, deviation } = imageNetNormalisation;
      const values = Float32Array.from(pixels, (value, i) => (value / 255 - mean[i % 3]!) / deviation[i % 3]!);
      const input = tf.tensor4d(values, [1, 224, 224, 3]);
      const activations = device.infer(input);
      const output = server.infer(activations);
      const logits = output.dataSync();
      tf.dispose([input, activations, output]);
      const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]!);
      expect(order.slice(0, 5)).toEqual(top5.map(([label]) => label));
      for (const [label, , logit] of top5) worst = Math.max(worst, Math.abs(logits[label]! - logit));
    }
    console.log(`largest difference of a logit: ${worst.toExponential(1)}`);
    expect(worst).toBeLessThan(2e-2);
    device.dispose();
    server.dispose();
  },
  120_000,
);
