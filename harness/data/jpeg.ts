import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { checkJpeg, ImageFileError } from '../../lib/io/images/index.js';
import type { LoadedBackend, Tensor3D } from '../backend/tensorflow.js';
import { optionalPackage } from '../optional-package.js';
import { DatasetError } from './dataset.js';
import type { RgbImage } from '../../lib/io/images/index.js';

/** Decodes a JPEG, greyscale included, to RGB. Throws `DatasetError` on bytes that are no JPEG. */
export type JpegDecoder = (bytes: Uint8Array) => Promise<RgbImage>;

/** The native package's own functions, as far as they are used. */
interface NativeImages {
  decodeJpeg(
    bytes: Uint8Array,
    channels: number,
    ratio: number,
    fancyUpscaling: boolean,
    tryRecoverTruncated: boolean,
    acceptableFraction: number,
    dctMethod: string,
  ): Tensor3D;
}

/**
 * The backend's decoder where it has one, else one compiled to WebAssembly. Both use the accurate integer transform:
 * the fast one moves logits of a trained model visibly.
 */
export function jpegDecoder(backend: LoadedBackend): JpegDecoder {
  const native = (backend.tf as unknown as { node?: NativeImages }).node;
  if (!native) return decodePortable;
  const decode = nativeDecoder(native);
  return async (bytes) => {
    requireJpeg(bytes);
    return decode(bytes);
  };
}

/** Throws `DatasetError` on bytes that are no whole JPEG: before any decoder sees them, so that all give the same verdict. */
export function requireJpeg(bytes: Uint8Array): void {
  try {
    checkJpeg(bytes);
  } catch (cause) {
    if (cause instanceof ImageFileError) throw new DatasetError(cause.message, { cause });
    throw cause;
  }
}

function nativeDecoder(native: NativeImages): JpegDecoder {
  return async (bytes) => {
    let tensor: Tensor3D;
    try {
      tensor = native.decodeJpeg(bytes, 3, 1, true, false, 1, 'INTEGER_ACCURATE');
    } catch (cause) {
      throw notReadable(cause);
    }
    const [height, width] = tensor.shape;
    const pixels = Uint8Array.from(await tensor.data());
    tensor.dispose();
    return { width, height, pixels };
  };
}

type Decoder = (typeof import('@jsquash/jpeg/decode.js'))['default'];

let started: Promise<Decoder> | undefined;

/** The decoder that needs no backend. */
export async function decodePortable(bytes: Uint8Array): Promise<RgbImage> {
  requireJpeg(bytes);
  const decode = await (started ??= startPortable());
  // The decoder wants a buffer of its own; a pooled one holds other bytes too.
  const own = new Uint8Array(bytes).buffer;
  let image: { readonly width: number; readonly height: number; readonly data: ArrayLike<number> };
  try {
    image = await decode(own);
  } catch (cause) {
    throw notReadable(cause);
  }
  const { width, height, data } = image;
  const pixels = new Uint8Array(width * height * 3);
  for (let k = 0; k < width * height; k++) {
    for (let channel = 0; channel < 3; channel++) pixels[3 * k + channel] = data[4 * k + channel]!;
  }
  return { width, height, pixels };
}

/** What the decoder builds its result from; a browser has it, Node has not. */
class ImageDataLike {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

/** Loaded when it is needed: the package is an optional one. */
async function startPortable(): Promise<Decoder> {
  const { default: decode, init } = await optionalPackage('@jsquash/jpeg', () => import('@jsquash/jpeg/decode.js'));
  const path = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
  if (!('ImageData' in globalThis)) Object.assign(globalThis, { ImageData: ImageDataLike });
  await init({ wasmBinary: await readFile(path) });
  return decode;
}

function notReadable(cause: unknown): DatasetError {
  const reason = cause instanceof Error ? cause.message : 'the decoder gave up';
  return new DatasetError(`not a readable JPEG: ${reason}`, { cause });
}
