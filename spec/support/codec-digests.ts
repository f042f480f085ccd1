import { type CodecSettingsInput, decode, encode } from '../../lib/codec/index.js';
import { quickRandom } from './quick-random.js';

/**
 * One line for each of some hundred tensors and settings: length and hash of the message and of the decoded values. Runs
 * in Node and, bundled, in a browser.
 */
export function codecDigests(): string[] {
  const lines: string[] = [];
  const random = quickRandom(5);
  for (const shape of [[500], [3, 17, 24], [40, 200], [2, 65, 96]]) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    // Sums of uniform numbers and products only: Math.log and the like may differ between engines.
    const values = Float32Array.from({ length: size }, (_, i) => {
      const bell = random() + random() + random() + random() - 2;
      return bell * bell * bell * (i % 7 === 0 ? 5 : 1);
    });
    for (const settings of settingsToCompare()) {
      const message = encode(values, shape, settings);
      const received = decode(message).values;
      const bytes = new Uint8Array(received.buffer);
      lines.push(`${message.length} ${hash(message)} ${hash(bytes)}`);
    }
  }
  return lines;
}

function settingsToCompare(): CodecSettingsInput[] {
  const list: CodecSettingsInput[] = [];
  for (const lossless of ['fast', 'small'] as const) {
    for (const selectionScope of ['tensor', 'sample', 'token', 'channel'] as const) {
      for (const bits of [1, 2, 4, 5, 8]) {
        for (const keptFraction of [0.02, 0.2, 1]) list.push({ lossless, selectionScope, bits, keptFraction, seed: 3 });
      }
    }
    for (const selection of ['random-top-k', 'threshold'] as const) {
      list.push({ lossless, selection, threshold: 0.3, scaling: 'norm', scaleScope: 'sample', seed: 2 ** 40 });
    }
  }
  for (const values of ['float16', 'float32'] as const) list.push({ selection: 'all', values });
  return list;
}

/** FNV-1a, 32 bits: of the test's own, so that nothing of the codec vouches for itself. */
function hash(bytes: Uint8Array): number {
  let state = 0x811c9dc5;
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193);
  return state >>> 0;
}
