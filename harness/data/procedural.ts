import { createHash } from 'node:crypto';
import { randomStream, type RandomStream } from '../../lib/random/index.js';
import { DatasetError, type Dataset } from './dataset.js';
import { meantIndices } from './fingerprint.js';

/** Figures, as the signed extent of a point (x, y) of the unit figure: inside where it is below 0. */
const figures: Readonly<Record<string, (x: number, y: number) => number>> = {
  disc: (x, y) => Math.hypot(x, y) - 0.85,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 0.75,
  triangle: (x, y) => Math.max(y - 0.6, 0.866 * Math.abs(x) - 0.5 * y - 0.5),
  cross: (x, y) => Math.max(Math.min(Math.abs(x), Math.abs(y)) - 0.28, Math.max(Math.abs(x), Math.abs(y)) - 0.95),
  ring: (x, y) => Math.abs(Math.hypot(x, y) - 0.68) - 0.24,
  bar: (x, y) => Math.max(Math.abs(x) - 1, Math.abs(y) - 0.38),
  diamond: (x, y) => Math.abs(x) + Math.abs(y) - 0.95,
  crescent: (x, y) => Math.max(Math.hypot(x, y) - 0.95, 0.62 - Math.hypot(x - 0.5, y)),
};

/** Textures, as a brightness 0 … 1 over pixels of the figure's own frame. */
const textures: Readonly<Record<string, (u: number, v: number) => number>> = {
  solid: () => 1,
  rows: (_, v) => wave(v, 6),
  columns: (u) => wave(u, 6),
  checks: (u, v) => wave(u, 8) * wave(v, 8) + (1 - wave(u, 8)) * (1 - wave(v, 8)),
  dots: (u, v) => (Math.hypot(centred(u, 6), centred(v, 6)) < 1.9 ? 1 : 0.3),
  ramp: (u) => Math.min(1, Math.max(0.15, 0.55 + u / 20)),
};

/** A square wave of the given period in pixels, its low half dimmed. */
function wave(position: number, period: number): number {
  return position / period - Math.floor(position / period) < 0.5 ? 1 : 0.25;
}

function centred(position: number, period: number): number {
  return position - period * Math.round(position / period);
}

const allClasses = Object.keys(figures).flatMap((figure, i) =>
  Object.keys(textures).map((texture, k) => ({ figure, texture, even: (i + k) % 2 === 0 })),
);

/**
 * Which half of the 48 pairs of figure and texture: the two share every figure and every texture but no pair, so that a
 * model pre-trained on one has something to learn on the other.
 */
export type ProceduralClasses = 'pre-training' | 'fine-tuning';

export interface ProceduralOptions {
  readonly classes: ProceduralClasses;
  readonly length: number;
  readonly seed: number;
  /** Deviation of the pixel noise, 0 … 1; default 0.06. */
  readonly noise?: number;
  /** Largest rotation either way, radians; default 0.3 (17°). */
  readonly rotation?: number;
  /** Largest shift either way, pixels; default 4. */
  readonly shift?: number;
}

const side = 32;
/** Deviation of the noise, rotation and shift at which a small transformer learns within minutes. */
const defaults = { noise: 0.06, rotation: 0.3, shift: 4 };

/**
 * Drawn images of 24 classes, 32 px: a bright textured figure on a dark, smooth ground, turned, shifted and noisy.
 * Image `k` depends on the seed and `k` alone, and is drawn when it is asked for.
 */
export function proceduralDataset(options: ProceduralOptions): Dataset {
  const { length, seed } = options;
  if (!Number.isSafeInteger(length) || length < 1) throw new DatasetError(`length must be from 1 on, found ${length}`);
  const classes = allClasses.filter(({ even }) => even === (options.classes === 'pre-training'));
  const labelOrder = randomStream(seed, 'procedural.labels');
  const labels = Int32Array.from({ length }, () => labelOrder.integer(classes.length));
  const settings = { ...defaults, ...options };
  return {
    name: `procedural (${options.classes})`,
    classNames: classes.map(({ figure, texture }) => `${figure} ${texture}`),
    shape: [side, side, 3],
    length,
    labels,
    fingerprint: (indices) => {
      const { noise, rotation, shift } = settings;
      const drawn = [options.classes, length, seed, noise, rotation, shift, meantIndices(length, indices)];
      return Promise.resolve(createHash('sha256').update(JSON.stringify(drawn)).digest('hex'));
    },
    values: (index) => {
      const drawn = classes[labels[index] ?? -1];
      if (!drawn) return Promise.reject(new DatasetError(`there is no image ${index}`));
      const random = randomStream(seed, `procedural.image.${index}`);
      return Promise.resolve(draw(figures[drawn.figure]!, textures[drawn.texture]!, settings, random));
    },
  };
}

type Drawing = Required<Pick<ProceduralOptions, 'noise' | 'rotation' | 'shift'>>;

function draw(
  figure: (x: number, y: number) => number,
  texture: (u: number, v: number) => number,
  { noise, rotation, shift }: Drawing,
  random: RandomStream,
): Uint8Array {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const angle = between(-rotation, rotation);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const centreX = side / 2 + between(-shift, shift);
  const centreY = side / 2 + between(-shift, shift);
  const radius = between(9, 11.5);
  const bright = Array.from({ length: 3 }, () => between(0.75, 1));
  const ground = Array.from({ length: 3 }, () => between(0.05, 0.2));
  const slopeX = between(-0.1, 0.1) / side;
  const slopeY = between(-0.1, 0.1) / side;
  const pixels = new Uint8Array(side * side * 3);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const dx = column + 0.5 - centreX;
      const dy = row + 0.5 - centreY;
      const u = cosine * dx + sine * dy;
      const v = cosine * dy - sine * dx;
      // Half a pixel of blur at the outline.
      const cover = Math.min(1, Math.max(0, 0.5 - figure(u / radius, v / radius) * radius));
      const shade = texture(u, v);
      const slope = slopeX * (column - side / 2) + slopeY * (row - side / 2);
      for (let channel = 0; channel < 3; channel++) {
        const value = cover * bright[channel]! * shade + (1 - cover) * (ground[channel]! + slope);
        const noisy = value + noise * random.normal();
        pixels[(row * side + column) * 3 + channel] = Math.round(255 * Math.min(1, Math.max(0, noisy)));
      }
    }
  }
  return pixels;
}
