import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../../lib/io/tensors/index.js';
import { embed, loadImage } from './images.js';
import { type Weights, deitTiny, runVit } from './vit.js';

/** An activation or a gradient at a cut of DeiT-Tiny, 16 images of 128 px: 16 × 65 × 192. */
export interface RealTensor {
  /** `activation` is what enters block `cut` (0-based), `gradient` the loss's gradient with respect to it. */
  readonly role: 'activation' | 'gradient';
  readonly cut: number;
  /** Batches hold different images. */
  readonly batch: number;
  readonly shape: readonly [number, number, number];
  readonly values: Float32Array;
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const shared = join(root, '..', 'shared', 'data');
const weightsPath = join(shared, 'weights', 'deit_tiny_patch16_224.fp16.safetensors');
const cachePath = join(root, '.cache', 'codec-tensors.v1.safetensors');

export const realCuts = [1, 2, 3, 4, 6, 8, 9, 11] as const;
const BATCH = 16;
const BATCHES = 2;
const SIDE = 128;

/** Why the real tensors cannot be had here, or undefined when they can. */
export function missingRealTensors(): string | undefined {
  if (existsSync(cachePath) || existsSync(weightsPath)) return undefined;
  return 'real tensors need ../shared/data/weights and ../shared/data/tiny-imagenet-subset, which are absent';
}

/** The real tensors, computed at the first call (about a minute) and kept under `.cache/`. */
export async function realTensors(): Promise<RealTensor[]> {
  if (!existsSync(cachePath)) {
    const file = writeSafetensors({ tensors: (await computeTensors()).map(toStored), metadata: {} });
    await mkdir(dirname(cachePath), { recursive: true });
    await writeFile(cachePath, file);
  }
  const { tensors } = readSafetensors(await readFile(cachePath));
  return tensors.map((tensor) => {
    const [role, cut, batch] = tensor.name.split('.') as ['activation' | 'gradient', string, string];
    const shape = tensor.shape as [number, number, number];
    return { role, cut: Number(cut), batch: Number(batch), shape, values: toFloat32(tensor) };
  });
}

/** Frozen weights by name, widened to float32. */
export async function loadWeights(): Promise<Weights> {
  const { tensors } = readSafetensors(await readFile(weightsPath));
  const byName = new Map(tensors.map((tensor) => [tensor.name, toFloat32(tensor)]));
  return (name) => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`no tensor named ${name} in the weights`);
    return found;
  };
}

async function computeTensors(): Promise<RealTensor[]> {
  const weights = await loadWeights();
  const labelled = await labelledImages();
  const out: RealTensor[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const chosen = labelled.slice(batch * BATCH, (batch + 1) * BATCH);
    const images = await Promise.all(chosen.map(({ path }) => loadImage(path, SIDE)));
    const tokens = embed(weights, deitTiny, images);
    const pass = runVit(
      weights,
      deitTiny,
      tokens,
      chosen.map(({ label }) => label),
      realCuts[0],
    );
    const shape: [number, number, number] = [BATCH, tokens.length / BATCH / deitTiny.width, deitTiny.width];
    for (const cut of realCuts) {
      out.push({ role: 'activation', cut, batch, shape, values: pass.activations[cut]! });
      out.push({ role: 'gradient', cut, batch, shape, values: pass.gradients[cut]! });
    }
  }
  return out;
}

/** Training images of the classes whose ImageNet index the reference file tells, classes in turn. */
async function labelledImages(): Promise<{ path: string; label: number }[]> {
  const reference = JSON.parse(await readFile(join(shared, 'weights', 'deit_tiny_reference.json'), 'utf8')) as {
    images: { top5: [number, string, number][] }[];
  };
  const indexOf = new Map(reference.images.flatMap(({ top5 }) => top5.map(([index, wnid]) => [wnid, index] as const)));
  const folder = join(shared, 'tiny-imagenet-subset', 'train');
  const classes = (await readdir(folder)).filter((wnid) => indexOf.has(wnid)).sort();
  const out: { path: string; label: number }[] = [];
  for (let k = 0; out.length < BATCH * BATCHES; k++) {
    for (const wnid of classes) {
      out.push({ path: join(folder, wnid, 'images', `${wnid}_${k}.JPEG`), label: indexOf.get(wnid)! });
    }
  }
  return out;
}

function toStored(tensor: RealTensor): ReturnType<typeof fromFloat32> {
  return fromFloat32(`${tensor.role}.${tensor.cut}.${tensor.batch}`, tensor.shape, tensor.values);
}
