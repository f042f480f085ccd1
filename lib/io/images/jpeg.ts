/** An image file that is not what it should be; the message says what it is instead. */
export class ImageFileError extends Error {
  override readonly name = 'ImageFileError';
  readonly code = 'image-file';
}

/** First bytes of what is often named `.jpeg` and is none. */
const others: readonly (readonly [name: string, offset: number, bytes: readonly number[]])[] = [
  ['PNG', 0, [0x89, 0x50, 0x4e, 0x47]],
  ['WebP', 8, [0x57, 0x45, 0x42, 0x50]],
  ['BMP', 0, [0x42, 0x4d]],
  ['GIF', 0, [0x47, 0x49, 0x46, 0x38]],
  ['AppleDouble', 0, [0x00, 0x05, 0x16, 0x07]],
  ['TIFF', 0, [0x49, 0x49, 0x2a, 0x00]],
  ['HEIF', 4, [0x66, 0x74, 0x79, 0x70]],
];
/** Pixels of an image, at most: decoded they take three bytes each, and decoders more. */
const mostPixels = 2 ** 26;
/** Scans of a progressive image, at most, where usual ones have ten: a decoder goes over all pixels for each. */
const mostScans = 128;

/**
 * Looks at a JPEG's structure (ITU-T T.81) before any decoder does, so that every decoder gives the same verdict: baseline or
 * progressive, 8 bits, grey or three components, whole to its end mark. Throws `ImageFileError` saying what it is instead.
 */
export function checkJpeg(bytes: Uint8Array): void {
  const at = (position: number) => bytes[position] ?? -1;
  if (at(0) !== 0xff || at(1) !== 0xd8) {
    const found = others.find(([, offset, magic]) => magic.every((byte, k) => at(offset + k) === byte));
    throw new ImageFileError(found ? `${found[0]}, not JPEG` : 'not JPEG');
  }
  let position = 2;
  let hasFrame = false;
  let scans = 0;
  for (;;) {
    if (at(position) !== 0xff) throw cutShort(position, bytes);
    while (at(position) === 0xff) position++;
    const marker = at(position++);
    if (marker === 0xd9) break;
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    const length = at(position) * 256 + at(position + 1);
    if (marker < 0 || position + length > bytes.length) throw cutShort(bytes.length, bytes);
    if (length < 2) throw cutShort(position, bytes);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      checkFrame(marker, bytes.subarray(position + 2, position + length));
      hasFrame = true;
    }
    position += length;
    if (marker === 0xda) {
      if (++scans > mostScans) throw new ImageFileError(`a JPEG of more than ${mostScans} scans`);
      position = scanEnd(bytes, position);
    }
  }
  if (!hasFrame || scans === 0) throw new ImageFileError('a JPEG without an image');
}

function checkFrame(marker: number, frame: Uint8Array): void {
  if (marker > 0xc2) throw new ImageFileError('a JPEG of a rare kind (lossless, hierarchical or arithmetic)');
  if (frame.length < 6) throw new ImageFileError('a JPEG with a broken frame header');
  const [precision, components] = [frame[0]!, frame[5]!];
  const height = frame[1]! * 256 + frame[2]!;
  const width = frame[3]! * 256 + frame[4]!;
  if (precision !== 8) throw new ImageFileError(`a JPEG of ${precision} bits`);
  if (components !== 1 && components !== 3) {
    throw new ImageFileError(`a JPEG of ${components} components${components === 4 ? ' (CMYK)' : ''}`);
  }
  if (width === 0 || height === 0 || width * height > mostPixels) {
    throw new ImageFileError(`a JPEG of ${width} × ${height} pixels`);
  }
}

/** The position of the marker after a scan's data, in which 0xff is followed by 0 or a restart marker. */
function scanEnd(bytes: Uint8Array, start: number): number {
  for (let position = start; position + 1 < bytes.length; position++) {
    if (bytes[position] !== 0xff) continue;
    const next = bytes[position + 1]!;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return position;
  }
  throw cutShort(bytes.length, bytes);
}

function cutShort(position: number, { length }: Uint8Array): ImageFileError {
  return new ImageFileError(position >= length - 2 ? 'a JPEG cut short' : `a broken JPEG (byte ${position})`);
}
