import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadBackend } from '../../../../harness/backend/tensorflow.js';
import {
  cifarDataset,
  datasetFingerprint,
  DatasetError,
  decodePortable,
  imageFolderDataset,
  imageNetNormalisation,
  jpegDecoder,
  preprocessorNormalisation,
  proceduralDataset,
  readBatch,
  resizeBicubic,
  tinyImageNetDataset,
  type Dataset,
} from '../../../../harness/data/index.js';
import { pictures } from '../../../support/pictures.js';

const subset = new URL('../../../../../shared/data/tiny-imagenet-subset/', import.meta.url);
const hasSubset = existsSync(subset);
if (!hasSubset) console.log('skipping Tiny-ImageNet: ../shared/data/tiny-imagenet-subset is absent');

/** An 8 × 8 greyscale JPEG of a ramp, and the first row as another decoder reads it. */
const greyJpeg =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC0oMCUo' +
  'KSj/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJx' +
  'FDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZ' +
  'mqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AGab8Cun+i/+O1//2Q==';
const greyRow = [0, 3, 7, 12, 15, 20, 24, 27].flatMap((value) => [value, value, value]);

describe('resizeBicubic', () => {
  // Check sums of the same images resized by Pillow 12.
  it.each([
    [7, 5, 11, 9, 0xc7a756e0],
    [16, 12, 5, 7, 0x999c65c],
    [64, 64, 224, 224, 0x78cd417b],
    [9, 9, 9, 4, 0xb43a2912],
  ])('gives Pillow’s bytes from %i × %i to %i × %i', (width, height, newWidth, newHeight, expected) => {
    const pixels = Uint8Array.from(
      { length: width * height * 3 },
      (_, i) => (i * 37 + Math.floor(i / 7) * 11 + ((i * i) % 251)) % 256,
    );
    const resized = resizeBicubic({ width, height, pixels }, newWidth, newHeight);
    expect([resized.width, resized.height]).toEqual([newWidth, newHeight]);
    expect(crc32(resized.pixels)).toBe(expected);
  });
});

describe('JPEG', () => {
  it('is read alike by the backend’s decoder and the portable one, greyscale as RGB', async () => {
    const bytes = Buffer.from(greyJpeg, 'base64');
    const backend = await loadBackend();
    console.log(`backend: ${backend.description}`);
    for (const decoder of [jpegDecoder(backend), decodePortable]) {
      const image = await decoder(bytes);
      expect([image.width, image.height]).toEqual([8, 8]);
      expect([...image.pixels.subarray(0, 24)]).toEqual(greyRow);
      await expect(decoder(bytes.subarray(0, 40))).rejects.toThrow(DatasetError);
    }
  });

  it.skipIf(!hasSubset)('decodes a colour photograph to the bytes of an independent decoder', async () => {
    const bytes = await readFile(new URL('val/images/val_68.JPEG', subset));
    for (const decoder of [jpegDecoder(await loadBackend()), decodePortable]) {
      expect(crc32((await decoder(bytes)).pixels)).toBe(0xf1252b5a);
    }
  });
});

describe('files named .jpeg', () => {
  const file = (name: keyof typeof pictures) => Buffer.from(pictures[name], 'base64');
  const verdicts: [keyof typeof pictures, string | undefined][] = [
    ['baseline', undefined],
    ['progressive', undefined],
    ['grey', undefined],
    ['cmyk', 'a JPEG of 4 components (CMYK)'],
    ['cutShort', 'a JPEG cut short'],
    ['png', 'PNG, not JPEG'],
    ['webp', 'WebP, not JPEG'],
    ['bmp', 'BMP, not JPEG'],
    ['appleDouble', 'AppleDouble, not JPEG'],
  ];

  it.each(verdicts)('that are %s have the same verdict from every decoder', async (name, reason) => {
    const [native, portable] = [jpegDecoder(await loadBackend()), decodePortable];
    const [first, second] = await Promise.allSettled([native(file(name)), portable(file(name))]);
    if (reason === undefined) {
      if (first.status === 'rejected' || second.status === 'rejected') throw new Error('refused');
      expect([first.value.width, first.value.height]).toEqual([16, 12]);
      expect(Buffer.compare(first.value.pixels, second.value.pixels)).toBe(0);
    } else {
      for (const outcome of [first, second]) {
        expect(outcome.status === 'rejected' && outcome.reason).toMatchObject({
          name: 'DatasetError',
          message: reason,
        });
      }
    }
  });

  it('are decoded to Pillow’s pixels', async () => {
    const sum = (pixels: Uint8Array) => pixels.reduce((total, value) => total + value, 0);
    for (const decoder of [jpegDecoder(await loadBackend()), decodePortable]) {
      expect(sum((await decoder(file('baseline'))).pixels)).toBe(66789);
      expect(sum((await decoder(file('progressive'))).pixels)).toBe(66789);
    }
  });

  it('are refused wherever they are cut, and never crash a decoder', async () => {
    const decoder = jpegDecoder(await loadBackend());
    for (const name of ['baseline', 'progressive', 'grey'] as const) {
      const bytes = file(name);
      for (let length = 0; length < bytes.length; length += 7) {
        for (const decode of [decoder, decodePortable]) {
          await expect(decode(bytes.subarray(0, length)), `${name} ${length}`).rejects.toThrow(DatasetError);
        }
      }
    }
    const huge = Buffer.from(file('baseline'));
    const frame = huge.indexOf(Buffer.from([0xff, 0xc0]));
    huge.fill(0xff, frame + 5, frame + 9);
    for (const decode of [decoder, decodePortable]) await expect(decode(huge)).rejects.toThrow('65535 × 65535 pixels');
  });

  it('end a training with their name, or are left out and counted, as is wished', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pictures-'));
    const images = join(folder, 'train', 'n1', 'images');
    await mkdir(images, { recursive: true });
    await writeFile(join(folder, 'wnids.txt'), 'n1\n');
    const names = ['baseline', 'cmyk', 'grey', 'webp'] as const;
    for (const name of names) await writeFile(join(images, `${name}.JPEG`), file(name));
    await writeFile(join(images, '._baseline.JPEG'), file('appleDouble'));
    const common = { folder, part: 'train', imageSize: 8, decoder: decodePortable } as const;
    const all = await tinyImageNetDataset(common);
    expect([all.length, all.skipped]).toEqual([4, undefined]);
    await expect(all.values(1)).rejects.toThrow(`${join(images, 'cmyk.JPEG')}: a JPEG of 4 components`);
    const good = await tinyImageNetDataset({ ...common, badPictures: 'skip' });
    expect(good.length).toBe(2);
    expect(good.skipped?.map((reason) => reason.slice(images.length + 1))).toEqual([
      'cmyk.JPEG: a JPEG of 4 components (CMYK)',
      'webp.JPEG: WebP, not JPEG',
    ]);
    expect(await good.values(1)).toEqual(await all.values(2));
    expect(await datasetFingerprint(good)).not.toBe(await datasetFingerprint(all));
    const before = await datasetFingerprint(good);
    await writeFile(join(images, 'grey.JPEG'), file('baseline'));
    expect(await datasetFingerprint(good)).not.toBe(before);
    await rm(folder, { recursive: true });
  });
});

describe('what is named like a picture and is no file', () => {
  it('is told by its name, and never waited for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pictures-'));
    const whole = Buffer.from(pictures.baseline, 'base64');
    for (const name of ['a', 'b']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'whole.jpg'), whole);
    }
    await mkdir(join(folder, 'a', 'folder.jpg'));
    await symlink(join(folder, 'nowhere'), join(folder, 'a', 'gone.jpg'));
    const hasPipe = process.platform !== 'win32';
    if (hasPipe) execFileSync('mkfifo', [join(folder, 'a', 'pipe.jpg')]);
    const common = { folder, imageSize: 8, decoder: decodePortable } as const;
    const all = await imageFolderDataset(common);
    await expect(all.values(0)).rejects.toThrow(`${join(folder, 'a', 'folder.jpg')}: no file`);
    await expect(all.values(1)).rejects.toThrow(/gone\.jpg: it cannot be read \(ENOENT\)/u);
    if (hasPipe) await expect(all.values(2)).rejects.toThrow(`${join(folder, 'a', 'pipe.jpg')}: no file`);
    await expect(datasetFingerprint(all)).rejects.toThrow(DatasetError);
    const good = await imageFolderDataset({ ...common, badPictures: 'skip' });
    expect([good.length, good.skipped?.length]).toEqual([2, hasPipe ? 3 : 2]);
    await rm(folder, { recursive: true });
  });

  it('or a picture whose decoding never ends is refused', async () => {
    const bytes = Buffer.from(pictures.progressive, 'base64');
    const scan = bytes.lastIndexOf(Buffer.from([0xff, 0xda]));
    const last = bytes.subarray(scan, -2);
    const repeated = (times: number) =>
      Buffer.concat([bytes.subarray(0, scan), ...Array.from({ length: times }, () => last), bytes.subarray(-2)]);
    for (const decode of [jpegDecoder(await loadBackend()), decodePortable]) {
      await expect(decode(repeated(1))).resolves.toMatchObject({ width: 16 });
      await expect(decode(repeated(5000))).rejects.toThrow('more than 128 scans');
    }
  });
});

describe('the fingerprint of pictures', () => {
  it('tells the same bytes apart that are other pictures', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pictures-'));
    const [one, two, three] = (['baseline', 'grey', 'progressive'] as const).map((name) =>
      Buffer.from(pictures[name], 'base64'),
    ) as [Buffer, Buffer, Buffer];
    // What follows the end of a picture is not looked at.
    const fingerprints = [];
    for (const files of [
      [Buffer.concat([one, two]), three],
      [one, Buffer.concat([two, three])],
    ]) {
      for (const [k, name] of ['a', 'b'].entries()) {
        await mkdir(join(folder, name), { recursive: true });
        await writeFile(join(folder, name, 'one.jpg'), files[k]!);
      }
      const found = await imageFolderDataset({ folder, imageSize: 8, decoder: decodePortable });
      expect((await found.values(1)).length).toBe(192);
      fingerprints.push(await datasetFingerprint(found));
    }
    expect(fingerprints[0]).not.toBe(fingerprints[1]);
    await rm(folder, { recursive: true });
  });
});

describe('preprocessor_config.json', () => {
  it('says how the weights want their pixels', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'preprocessor-'));
    const written = async (content: object) => {
      await writeFile(join(folder, 'preprocessor_config.json'), JSON.stringify(content));
      return preprocessorNormalisation(folder);
    };
    expect(await preprocessorNormalisation(folder)).toBeUndefined();
    const mean = [0.1, 0.2, 0.3];
    expect(await written({ image_mean: mean, image_std: [1, 2, 3], rescale_factor: 1 / 255, size: 224 })).toEqual({
      mean,
      deviation: [1, 2, 3],
    });
    expect(await written({ do_normalize: false })).toEqual({ mean: [0, 0, 0], deviation: [1, 1, 1] });
    await expect(written({ rescale_factor: 1 / 127.5 })).rejects.toThrow('rescaled by 1 / 255');
    await expect(written({ image_std: [0, 1, 1] })).rejects.toThrow('cannot be used');
    await rm(folder, { recursive: true });
  });
});

describe('Tiny-ImageNet folders', () => {
  it.skipIf(!hasSubset)('list every image of every class and read any of them', async () => {
    const decoder = jpegDecoder(await loadBackend());
    const folder = subset.pathname;
    const train = await tinyImageNetDataset({ folder, part: 'train', imageSize: 32, decoder });
    const validation = await tinyImageNetDataset({ folder, part: 'val', imageSize: 64, decoder });
    expect([train.length, validation.length, train.classNames.length]).toEqual([4000, 1000, 20]);
    for (let label = 0; label < 20; label++) {
      expect(train.labels.filter((other) => other === label).length).toBe(200);
      expect(validation.labels.filter((other) => other === label).length).toBe(50);
    }
    const batch = await readBatch({ ...train, normalisation: imageNetNormalisation }, [0, 1500, 3999]);
    expect(batch.shape).toEqual([3, 32, 32, 3]);
    expect([...batch.targets]).toEqual([0, 7, 19]);
    const first = await train.values(0);
    expect(batch.inputs[4]).toBeCloseTo((first[4]! / 255 - 0.456) / 0.224, 5);
  });

  it('name what is missing', async () => {
    const folder = join(tmpdir(), 'no-such-folder-of-images');
    const reading = tinyImageNetDataset({ folder, part: 'train', imageSize: 32, decoder: decodePortable });
    await expect(reading).rejects.toThrow('wnids.txt cannot be read');
  });
});

describe('CIFAR', () => {
  const scratch = () => mkdtemp(join(tmpdir(), 'cifar-'));
  const record = (labels: number[], seed: number) => [
    ...labels,
    ...Array.from({ length: 3072 }, (_, k) => (seed * 31 + k * 7 + (k >> 10) * 5) % 256),
  ];

  it('interleaves the planes and takes the fine label', async () => {
    const folder = await scratch();
    await writeFile(join(folder, 'test.bin'), Uint8Array.from([...record([3, 42], 1), ...record([9, 99], 2)]));
    const dataset = await cifarDataset({ folder, variant: 'cifar-100', part: 'test' });
    expect([...dataset.labels]).toEqual([42, 99]);
    const pixels = await dataset.values(1);
    const stored = record([9, 99], 2);
    for (const pixel of [0, 17, 1023]) {
      for (let channel = 0; channel < 3; channel++) {
        expect(pixels[3 * pixel + channel]).toBe(stored[2 + channel * 1024 + pixel]);
      }
    }
    await rm(folder, { recursive: true });
  });

  it('joins the five training files, reads names, and refuses a torn file or a label out of range', async () => {
    const folder = await scratch();
    for (let k = 1; k <= 5; k++) {
      await writeFile(join(folder, `data_batch_${k}.bin`), Uint8Array.from(record([k], k)));
    }
    await writeFile(join(folder, 'batches.meta.txt'), 'abcdefghij'.split('').join('\n') + '\n');
    const dataset = await cifarDataset({ folder, variant: 'cifar-10', part: 'train', imageSize: 16 });
    expect([...dataset.labels]).toEqual([1, 2, 3, 4, 5]);
    expect(dataset.classNames[3]).toBe('d');
    expect((await dataset.values(2)).length).toBe(16 * 16 * 3);
    await writeFile(join(folder, 'test_batch.bin'), Uint8Array.from(record([10], 1)));
    await expect(cifarDataset({ folder, variant: 'cifar-10', part: 'test' })).rejects.toThrow('label 10');
    await writeFile(join(folder, 'test_batch.bin'), Uint8Array.from(record([1], 1).slice(1)));
    await expect(cifarDataset({ folder, variant: 'cifar-10', part: 'test' })).rejects.toThrow('3072 bytes');
    await rm(folder, { recursive: true });
  });
});

describe('drawn images', () => {
  const make = (classes: 'pre-training' | 'fine-tuning', seed: number) =>
    proceduralDataset({ classes, length: 400, seed });

  it('depend on the seed and the index alone', async () => {
    const [a, b, other] = [make('fine-tuning', 4), make('fine-tuning', 4), make('fine-tuning', 5)];
    const late = await a.values(300);
    await b.values(2);
    expect(await b.values(300)).toEqual(late);
    expect(await other.values(300)).not.toEqual(late);
    expect(a.labels).toEqual(b.labels);
  });

  it('have 24 classes in either half, none in common, all of them drawn', () => {
    const [one, two] = [make('pre-training', 1), make('fine-tuning', 1)];
    expect(new Set([...one.classNames, ...two.classNames]).size).toBe(48);
    expect(one.classNames.length).toBe(24);
    expect(new Set(two.labels).size).toBe(24);
    const parts = (dataset: Dataset, part: number) => new Set(dataset.classNames.map((name) => name.split(' ')[part]));
    for (const part of [0, 1]) expect(parts(one, part)).toEqual(parts(two, part));
  });

  it('show a bright figure on a dark ground, and tell classes apart by their pixels', async () => {
    const dataset = proceduralDataset({
      classes: 'fine-tuning',
      length: 600,
      seed: 8,
      rotation: 0,
      shift: 0,
      noise: 0,
    });
    const sums = Array.from({ length: 24 }, () => new Float64Array(1024));
    const counts = new Float64Array(24);
    const greys: Float64Array[] = [];
    for (let k = 0; k < dataset.length; k++) {
      const pixels = await dataset.values(k);
      const grey = Float64Array.from(
        { length: 1024 },
        (_, p) => pixels[3 * p]! + pixels[3 * p + 1]! + pixels[3 * p + 2]!,
      );
      expect(Math.max(grey[0]!, grey[31]!, grey[992]!, grey[1023]!)).toBeLessThan(3 * 100);
      expect(Math.max(...grey)).toBeGreaterThan(3 * 130);
      greys.push(grey);
      if (k >= 300) continue;
      counts[dataset.labels[k]!]! += 1;
      grey.forEach((value, p) => (sums[dataset.labels[k]!]![p]! += value));
    }
    let right = 0;
    for (let k = 300; k < 600; k++) {
      const scores = sums.map(
        (sum, label) => -greys[k]!.reduce((e, v, p) => e + (v - sum[p]! / counts[label]!) ** 2, 0),
      );
      if (scores.indexOf(Math.max(...scores)) === dataset.labels[k]) right++;
    }
    // Nearest mean image without turning, shift and noise; by chance 4 %.
    expect(right / 300).toBeGreaterThan(0.8);
  });
});

it('a folder with an empty class list is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiny-'));
  await mkdir(join(folder, 'train'));
  await writeFile(join(folder, 'wnids.txt'), '\n');
  const reading = tinyImageNetDataset({ folder, part: 'train', imageSize: 32, decoder: decodePortable });
  await expect(reading).rejects.toThrow('no images');
  await rm(folder, { recursive: true });
});
