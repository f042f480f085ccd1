import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import decode, { init } from '@jsquash/jpeg/decode.js';
import type { VitSizes, Weights } from './vit.js';

/** An image as planes of float32 in [0, 1], channel × height × width. */
interface Planes {
  readonly data: Float32Array;
  readonly side: number;
}

let ready: Promise<void> | undefined;

/** The part of a browser that the decoder expects to find. */
class PlainImageData implements ImageData {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

async function startDecoder(): Promise<void> {
  const path = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
  if (!('ImageData' in globalThis)) Object.assign(globalThis, { ImageData: PlainImageData });
  await init({ wasmBinary: await readFile(path) });
}

/** Decodes a square JPEG and enlarges it bicubically (a = −0.5, as Pillow does when enlarging) to `side` pixels. */
export async function loadImage(path: string, side: number): Promise<Planes> {
  await (ready ??= startDecoder());
  const bytes = await readFile(path);
  const image: ImageData = await decode(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const planes = new Float32Array(3 * image.width * image.height);
  for (let pixel = 0; pixel < image.width * image.height; pixel++) {
    for (let c = 0; c < 3; c++) planes[c * image.width * image.height + pixel] = image.data[4 * pixel + c]! / 255;
  }
  return { data: resizePlanes(planes, 3, image.width, side), side };
}

/** Bicubic (Keys, a = −0.5) enlargement of square planes, half-pixel centres, edges renormalised. */
export function resizePlanes(planes: Float32Array, count: number, from: number, to: number): Float32Array {
  if (from === to) return planes;
  const taps = Array.from({ length: to }, (_, k) => cubicTaps(((k + 0.5) * from) / to - 0.5, from));
  const rows = new Float32Array(count * from * to);
  const out = new Float32Array(count * to * to);
  for (let line = 0; line < count * from; line++) {
    for (let k = 0; k < to; k++) {
      rows[line * to + k] = taps[k]!.reduce((sum, [at, weight]) => sum + weight * planes[line * from + at]!, 0);
    }
  }
  for (let plane = 0; plane < count; plane++) {
    for (let y = 0; y < to; y++) {
      for (let x = 0; x < to; x++) {
        out[(plane * to + y) * to + x] = taps[y]!.reduce(
          (sum, [at, weight]) => sum + weight * rows[(plane * from + at) * to + x]!,
          0,
        );
      }
    }
  }
  return out;
}

function cubicTaps(position: number, extent: number): [number, number][] {
  const first = Math.floor(position) - 1;
  const taps: [number, number][] = [];
  let total = 0;
  for (let at = first; at < first + 4; at++) {
    if (at < 0 || at >= extent) continue;
    const t = Math.abs(position - at);
    const weight = t < 1 ? 1.5 * t ** 3 - 2.5 * t ** 2 + 1 : -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2;
    taps.push([at, weight]);
    total += weight;
  }
  return taps.map(([at, weight]) => [at, weight / total]);
}

/** Class token and patch embeddings with interpolated position embedding: samples × tokens × width. */
export function embed(weights: Weights, sizes: VitSizes, images: readonly Planes[]): Float32Array {
  const { width, patch } = sizes;
  const side = images[0]!.side;
  const grid = side / patch;
  const tokens = grid * grid + 1;
  const position = positionEmbedding(weights('pos_embed'), width, grid);
  const kernel = weights('patch_embed.proj.weight');
  const bias = weights('patch_embed.proj.bias');
  const mean = [0.485, 0.456, 0.406];
  const deviation = [0.229, 0.224, 0.225];
  const out = new Float32Array(images.length * tokens * width);
  images.forEach(({ data }, sample) => {
    const start = sample * tokens * width;
    for (let k = 0; k < width; k++) out[start + k] = weights('cls_token')[k]! + position[k]!;
    for (let token = 1; token < tokens; token++) {
      const top = Math.floor((token - 1) / grid) * patch;
      const left = ((token - 1) % grid) * patch;
      for (let k = 0; k < width; k++) {
        let sum = bias[k]! + position[token * width + k]!;
        for (let c = 0; c < 3; c++) {
          for (let y = 0; y < patch; y++) {
            for (let x = 0; x < patch; x++) {
              const value = (data[(c * side + top + y) * side + left + x]! - mean[c]!) / deviation[c]!;
              sum += value * kernel[((k * 3 + c) * patch + y) * patch + x]!;
            }
          }
        }
        out[start + token * width + k] = sum;
      }
    }
  });
  return out;
}

function positionEmbedding(stored: Float32Array, width: number, grid: number): Float32Array {
  const from = Math.round(Math.sqrt(stored.length / width - 1));
  const planes = new Float32Array(width * from * from);
  for (let token = 0; token < from * from; token++) {
    for (let k = 0; k < width; k++) planes[k * from * from + token] = stored[(token + 1) * width + k]!;
  }
  // A shrinking grid is sampled, not filtered: the embedding is smooth.
  const resized = resizePlanes(planes, width, from, grid);
  const out = new Float32Array((grid * grid + 1) * width);
  out.set(stored.subarray(0, width));
  for (let token = 0; token < grid * grid; token++) {
    for (let k = 0; k < width; k++) out[(token + 1) * width + k] = resized[k * grid * grid + token]!;
  }
  return out;
}
