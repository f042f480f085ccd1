/** Labelled images or texts of one shape; they are read or drawn when they are asked for. */
export interface Dataset {
  readonly name: string;
  /** What a target chooses from; empty where it is a word of the model's own vocabulary. */
  readonly classNames: readonly string[];
  /** Of one example: [side, side, 3] of an image, pixels; [tokens] of a text. */
  readonly shape: readonly number[];
  readonly length: number;
  /** Class of each example, an index into `classNames`; of unlabelled texts 0. Devices' shares may go by it. */
  readonly labels: Int32Array;
  /**
   * One example: row × column × RGB of an image, 0 … 255, or the words of a text by their numbers. Throws `DatasetError`
   * if it cannot be read.
   */
  values(index: number): Promise<Uint8Array | Int32Array>;
  /** Of a text: for each token what the model is to say after it, −1 where it is not judged. Absent: the label alone. */
  readonly targets?: (index: number) => Promise<Int32Array>;
  /** How the model wants the pixels of images; default `plainNormalisation`. */
  readonly normalisation?: Normalisation;
  /** Examples that are left out because they cannot be read, each with the reason. */
  readonly skipped?: readonly string[];
  /** A digest of the examples (those at `indices`, in that order) where that takes less than their values. */
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
  /** [batch, side, side, 3] of images, [batch, tokens] of texts. */
  readonly shape: readonly number[];
  /** Normalised pixels, or words. */
  readonly inputs: Float32Array | Int32Array;
  /** One an image, or one a token of a text; −1 is not judged. */
  readonly targets: Int32Array;
}

/** The examples at `indices` in their order, images normalised. */
export async function readBatch(dataset: Dataset, indices: ArrayLike<number>): Promise<Batch> {
  const { shape, normalisation = plainNormalisation } = dataset;
  const perExample = shape.reduce((product, extent) => product * extent, 1);
  const isImage = shape.length > 1;
  const inputs = new (isImage ? Float32Array : Int32Array)(indices.length * perExample);
  const perTarget = dataset.targets ? perExample : 1;
  const targets = new Int32Array(indices.length * perTarget);
  for (let k = 0; k < indices.length; k++) {
    const index = indices[k]!;
    const label = labelOf(dataset, index);
    targets.set(dataset.targets ? await dataset.targets(index) : [label], k * perTarget);
    const [values, own] = [await dataset.values(index), inputs.subarray(k * perExample, (k + 1) * perExample)];
    if (isImage) normaliseInto(own as Float32Array, values, normalisation);
    else own.set(values);
  }
  return { shape: [indices.length, ...shape], inputs, targets };
}

/** `wanted` examples at even distances of a data set, whose order may be by class. */
export function thinned(dataset: Dataset, wanted = dataset.length): Dataset {
  return wanted >= dataset.length ? dataset : chosen(dataset, evenPlaces(dataset.length, wanted));
}

/** At most `wanted` examples at even distances, no more than a fifth, and all the others. */
export function heldOut(dataset: Dataset, wanted: number): { readonly rest: Dataset; readonly held: Dataset } {
  const { length, name } = dataset;
  const count = Math.min(wanted, Math.floor(length / 5));
  if (count < 1) throw new DatasetError(`${name} has ${length} examples: too few to hold some out`);
  const held = evenPlaces(length, count);
  const isHeld = new Set(held);
  const others = Int32Array.from({ length }, (_, k) => k).filter((k) => !isHeld.has(k));
  return { rest: chosen(dataset, others), held: chosen(dataset, held) };
}

function evenPlaces(length: number, wanted: number): Int32Array {
  return Int32Array.from({ length: wanted }, (_, k) => Math.floor((k * length) / wanted));
}

/** The examples at `places`, in that order. */
function chosen(dataset: Dataset, places: Int32Array): Dataset {
  const { fingerprint, targets } = dataset;
  const place = (index: number): number => {
    const found = places[index];
    if (found === undefined) throw new DatasetError(`${dataset.name} has ${places.length} examples, none at ${index}`);
    return found;
  };
  return {
    ...dataset,
    ...(fingerprint && { fingerprint: (own) => fingerprint(own ? Array.from(own, place) : places) }),
    ...(targets && { targets: async (index: number) => targets(place(index)) }),
    length: places.length,
    labels: places.map((index) => dataset.labels[index]!),
    values: async (index) => dataset.values(place(index)),
  };
}

function labelOf(dataset: Dataset, index: number): number {
  const label = dataset.labels[index];
  if (label === undefined) throw new DatasetError(`${dataset.name} has ${dataset.length} examples, none at ${index}`);
  return label;
}

function normaliseInto(target: Float32Array, pixels: ArrayLike<number>, { mean, deviation }: Normalisation): void {
  for (let k = 0; k < target.length; k++) {
    const channel = k % 3;
    target[k] = (pixels[k]! / 255 - mean[channel]!) / deviation[channel]!;
  }
}
