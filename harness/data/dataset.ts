/** Labelled RGB images of one size; pixels are read or drawn when they are asked for. */
export interface ImageDataset {
  readonly name: string;
  readonly classNames: readonly string[];
  /** Side of the square images, pixels. */
  readonly imageSize: number;
  readonly length: number;
  /** Class of each image, an index into `classNames`. */
  readonly labels: Int32Array;
  /** Row × column × RGB of one image, 0 … 255. Throws `DatasetError` if it cannot be read. */
  pixels(index: number): Promise<Uint8Array>;
  /** Pictures that are left out because they cannot be read, each with the reason. */
  readonly skipped?: readonly string[];
  /** A digest of the pictures (those at `indices`, in that order) where that takes less than their pixels. */
  readonly fingerprint?: (indices?: ArrayLike<number>) => Promise<string>;
}

/** A data set that is absent, malformed or does not fit. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  readonly code = 'dataset';
}

/** Mean and deviation of each channel, in units of 0 … 1. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** What DeiT and most ImageNet weights were trained with. */
export const imageNetNormalisation: Normalisation = {
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
};

/** 0 … 255 to −1 … 1. */
export const plainNormalisation: Normalisation = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };

/** A batch on the host. */
export interface Batch {
  /** [batch, side, side, 3]. */
  readonly shape: readonly [number, number, number, number];
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** The images at `indices`, normalised, in their order. */
export async function readBatch(
  dataset: ImageDataset,
  indices: ArrayLike<number>,
  normalisation: Normalisation,
): Promise<Batch> {
  const { imageSize } = dataset;
  const perImage = imageSize * imageSize * 3;
  const images = new Float32Array(indices.length * perImage);
  const labels = new Int32Array(indices.length);
  for (let k = 0; k < indices.length; k++) {
    const index = indices[k]!;
    labels[k] = labelOf(dataset, index);
    normaliseInto(images.subarray(k * perImage, (k + 1) * perImage), await dataset.pixels(index), normalisation);
  }
  return { shape: [indices.length, imageSize, imageSize, 3], images, labels };
}

function labelOf(dataset: ImageDataset, index: number): number {
  const label = dataset.labels[index];
  if (label === undefined) throw new DatasetError(`${dataset.name} has ${dataset.length} images, none at ${index}`);
  return label;
}

function normaliseInto(target: Float32Array, pixels: Uint8Array, { mean, deviation }: Normalisation): void {
  for (let k = 0; k < target.length; k++) {
    const channel = k % 3;
    target[k] = (pixels[k]! / 255 - mean[channel]!) / deviation[channel]!;
  }
}
