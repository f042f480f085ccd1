import { CodecError } from '../errors.js';
import type { ByteReader, ByteWriter } from './bytes.js';
import { HIGH_SHIFT, LOWEST_STATE, SCALE, SCALE_BITS, SLOT_MASK } from './constants.js';
import { scratchWords } from '../scratch.js';

/**
 * Range asymmetric numeral systems (Duda 2013) with four interleaved states, 16-bit renormalization and static tables.
 * States live in [2^15, 2^31), so all arithmetic stays in 31-bit integers. The encoder runs backwards through the
 * symbols; the decoder forwards. Both sides must agree on the sequence of symbols and tables.
 */

/** What the encoder needs of a table, one entry a symbol. */
export interface EncodeTable {
  /** frequency · 2^14 + start. */
  readonly packed: Int32Array;
  /** 1/frequency, a little above, so that ⌊x · reciprocal⌋ = ⌊x / frequency⌋ for every x below 2^31. */
  readonly reciprocals: Float64Array;
}

/** What the decoder needs of a table. */
export interface DecodeTable {
  /** Symbol of each slot. */
  readonly symbols: Uint8Array;
  /** frequency · 2^14 + start, one entry a symbol. */
  readonly packed: Int32Array;
}

export function encodeTable(frequencies: Uint16Array): EncodeTable {
  const count = frequencies.length;
  const table = { packed: new Int32Array(count), reciprocals: new Float64Array(count) };
  let start = 0;
  for (let s = 0; s < count; s++) {
    const frequency = frequencies[s]!;
    if (frequency === 0) continue;
    table.packed[s] = frequency * SCALE + start;
    table.reciprocals[s] = (1 + 2 ** -50) / frequency;
    start += frequency;
  }
  return table;
}

/** Throws `malformed` unless the frequencies sum to `scale`. */
export function decodeTable(frequencies: Uint16Array, scale = SCALE): DecodeTable {
  const symbols = new Uint8Array(scale);
  const packed = new Int32Array(256);
  let start = 0;
  for (let s = 0; s < frequencies.length; s++) {
    const frequency = frequencies[s]!;
    if (frequency === 0) continue;
    packed[s] = frequency * SCALE + start;
    symbols.fill(s, start, start + frequency);
    start += frequency;
  }
  if (start !== scale) throw new CodecError('malformed', 'a table is empty');
  return { symbols, packed };
}

// The tables in use, copied to arrays of one length. Loops hold them in locals: bundlers make variables of a module's constants, which would be
// looked up and checked at every use.
/** Symbols of an encoder's table at most. */
const MOST_SYMBOLS = 4096;
const activeEntries = new Int32Array(MOST_SYMBOLS);
const activeReciprocals = new Float64Array(MOST_SYMBOLS);
const activeSymbols = new Uint8Array(SCALE);
const activePacked = new Int32Array(256);

/** Encodes symbol sequences last to first; each call prepends. */
export class RansEncoder {
  /** Filled from the end. */
  readonly words: Uint16Array;
  position: number;
  readonly states = new Int32Array(4).fill(LOWEST_STATE);

  /** `capacity`: at least the number of symbols that will be encoded. */
  constructor(capacity: number) {
    this.words = scratchWords(capacity + 1);
    this.position = this.words.length;
  }

  /** Prepends `symbols[start … start + count)`; the i-th of them goes to state i mod 4. */
  encode(symbols: Uint8Array, start: number, count: number, table: EncodeTable): void {
    const { words, states } = this;
    const entries = activeEntries;
    const reciprocals = activeReciprocals;
    entries.set(table.packed);
    reciprocals.set(table.reciprocals);
    let { position } = this;
    const whole = count & ~3;
    for (let i = count - 1; i >= whole; i--) {
      const symbol = symbols[start + i]!;
      const entry = entries[symbol]!;
      let x = states[i & 3]!;
      if (x >>> HIGH_SHIFT >= entry >>> SCALE_BITS) {
        words[--position] = x;
        x >>>= 16;
      }
      const quotient = (x * reciprocals[symbol]!) | 0;
      states[i & 3] = x + Math.imul(quotient, SCALE - (entry >>> SCALE_BITS)) + (entry & SLOT_MASK);
    }
    // The four states do not wait for one another; in registers they overlap.
    let a = states[0]!;
    let b = states[1]!;
    let c = states[2]!;
    let d = states[3]!;
    for (let at = start + whole - 4; at >= start; at -= 4) {
      const symbolD = symbols[at + 3]!;
      const symbolC = symbols[at + 2]!;
      const symbolB = symbols[at + 1]!;
      const symbolA = symbols[at]!;
      const entryD = entries[symbolD]!;
      const entryC = entries[symbolC]!;
      const entryB = entries[symbolB]!;
      const entryA = entries[symbolA]!;
      const frequencyD = entryD >>> SCALE_BITS;
      const frequencyC = entryC >>> SCALE_BITS;
      const frequencyB = entryB >>> SCALE_BITS;
      const frequencyA = entryA >>> SCALE_BITS;
      words[position - 1] = d;
      const spillD = (frequencyD - 1 - (d >>> HIGH_SHIFT)) >> 31;
      position = (position + spillD) | 0;
      d >>>= spillD & 16;
      words[position - 1] = c;
      const spillC = (frequencyC - 1 - (c >>> HIGH_SHIFT)) >> 31;
      position = (position + spillC) | 0;
      c >>>= spillC & 16;
      words[position - 1] = b;
      const spillB = (frequencyB - 1 - (b >>> HIGH_SHIFT)) >> 31;
      position = (position + spillB) | 0;
      b >>>= spillB & 16;
      words[position - 1] = a;
      const spillA = (frequencyA - 1 - (a >>> HIGH_SHIFT)) >> 31;
      position = (position + spillA) | 0;
      a >>>= spillA & 16;
      d = (d + Math.imul((d * reciprocals[symbolD]!) | 0, SCALE - frequencyD) + (entryD & SLOT_MASK)) | 0;
      c = (c + Math.imul((c * reciprocals[symbolC]!) | 0, SCALE - frequencyC) + (entryC & SLOT_MASK)) | 0;
      b = (b + Math.imul((b * reciprocals[symbolB]!) | 0, SCALE - frequencyB) + (entryB & SLOT_MASK)) | 0;
      a = (a + Math.imul((a * reciprocals[symbolA]!) | 0, SCALE - frequencyA) + (entryA & SLOT_MASK)) | 0;
    }
    states[0] = a;
    states[1] = b;
    states[2] = c;
    states[3] = d;
    this.position = position;
  }

  /** The same for the first `length` (a multiple of four) of symbols from a large alphabet. */
  encodeWide(symbols: Uint16Array, length: number, table: EncodeTable): void {
    // Written out again: one loop over both kinds of array is slower for both.
    const { words, states } = this;
    const entries = activeEntries;
    const reciprocals = activeReciprocals;
    entries.set(table.packed);
    reciprocals.set(table.reciprocals);
    let { position } = this;
    // Words are rarely shed here: branches that are foreseen cost less than doing without.
    let a = states[0]!;
    let b = states[1]!;
    let c = states[2]!;
    let d = states[3]!;
    for (let at = length - 4; at >= 0; at -= 4) {
      const symbolD = symbols[at + 3]!;
      const symbolC = symbols[at + 2]!;
      const symbolB = symbols[at + 1]!;
      const symbolA = symbols[at]!;
      const entryD = entries[symbolD]!;
      const entryC = entries[symbolC]!;
      const entryB = entries[symbolB]!;
      const entryA = entries[symbolA]!;
      const frequencyD = entryD >>> SCALE_BITS;
      const frequencyC = entryC >>> SCALE_BITS;
      const frequencyB = entryB >>> SCALE_BITS;
      const frequencyA = entryA >>> SCALE_BITS;
      if (d >>> HIGH_SHIFT >= frequencyD) {
        words[--position] = d;
        d >>>= 16;
      }
      if (c >>> HIGH_SHIFT >= frequencyC) {
        words[--position] = c;
        c >>>= 16;
      }
      if (b >>> HIGH_SHIFT >= frequencyB) {
        words[--position] = b;
        b >>>= 16;
      }
      if (a >>> HIGH_SHIFT >= frequencyA) {
        words[--position] = a;
        a >>>= 16;
      }
      d = (d + Math.imul((d * reciprocals[symbolD]!) | 0, SCALE - frequencyD) + (entryD & SLOT_MASK)) | 0;
      c = (c + Math.imul((c * reciprocals[symbolC]!) | 0, SCALE - frequencyC) + (entryC & SLOT_MASK)) | 0;
      b = (b + Math.imul((b * reciprocals[symbolB]!) | 0, SCALE - frequencyB) + (entryB & SLOT_MASK)) | 0;
      a = (a + Math.imul((a * reciprocals[symbolA]!) | 0, SCALE - frequencyA) + (entryA & SLOT_MASK)) | 0;
    }
    states[0] = a;
    states[1] = b;
    states[2] = c;
    states[3] = d;
    this.position = position;
  }

  /** Writes the four states (two length bits each, then their bytes) and the words. */
  finish(out: ByteWriter): void {
    let lengths = 0;
    const sizes = Array.from(this.states, (state, lane) => {
      const size = state - LOWEST_STATE === 0 ? 1 : Math.ceil((32 - Math.clz32(state - LOWEST_STATE)) / 8);
      lengths |= (size - 1) << (2 * lane);
      return size;
    });
    out.byte(lengths);
    this.states.forEach((state, lane) => {
      for (let k = 0; k < sizes[lane]!; k++) out.byte(((state - LOWEST_STATE) >>> (8 * k)) & 0xff);
    });
    out.varint(this.words.length - this.position);
    out.words(this.words, this.position, this.words.length);
  }
}

/** Decodes what `RansEncoder` wrote. */
export class RansDecoder {
  /** The coded words, and four words of padding. */
  readonly words: Uint16Array;
  readonly wordCount: number;
  position = 0;
  readonly states = new Int32Array(4);

  constructor(input: ByteReader) {
    const lengths = input.byte();
    for (let lane = 0; lane < 4; lane++) {
      const size = ((lengths >>> (2 * lane)) & 3) + 1;
      let offset = 0;
      for (let k = 0; k < size; k++) offset += input.byte() * 2 ** (8 * k);
      if (offset > 2 ** 31 - 1 - LOWEST_STATE) input.fail('a coder state is out of range');
      this.states[lane] = LOWEST_STATE + offset;
    }
    this.wordCount = input.varint();
    const bytes = input.bytes(2 * this.wordCount);
    // Four words of padding let the decoder check for the end once every four symbols.
    const words = new Uint16Array(this.wordCount + 4);
    for (let at = 0; at < bytes.length; at += 2) words[at >> 1] = bytes[at]! | (bytes[at + 1]! << 8);
    this.words = words;
  }

  /** Fills `target[0 … count)`. */
  decode(target: Uint8Array, count: number, table: DecodeTable): void {
    const { words, wordCount, states } = this;
    const symbols = activeSymbols;
    const packed = activePacked;
    symbols.set(table.symbols);
    packed.set(table.packed);
    let position = this.position;
    let a = states[0]!;
    let b = states[1]!;
    let c = states[2]!;
    let d = states[3]!;
    const whole = count & ~3;
    for (let i = 0; i < whole; i += 4) {
      const symbolA = symbols[a & SLOT_MASK]!;
      const symbolB = symbols[b & SLOT_MASK]!;
      const symbolC = symbols[c & SLOT_MASK]!;
      const symbolD = symbols[d & SLOT_MASK]!;
      const packedA = packed[symbolA]!;
      const packedB = packed[symbolB]!;
      const packedC = packed[symbolC]!;
      const packedD = packed[symbolD]!;
      a = (Math.imul(packedA >>> SCALE_BITS, a >>> SCALE_BITS) + (a & SLOT_MASK) - (packedA & SLOT_MASK)) | 0;
      b = (Math.imul(packedB >>> SCALE_BITS, b >>> SCALE_BITS) + (b & SLOT_MASK) - (packedB & SLOT_MASK)) | 0;
      c = (Math.imul(packedC >>> SCALE_BITS, c >>> SCALE_BITS) + (c & SLOT_MASK) - (packedC & SLOT_MASK)) | 0;
      d = (Math.imul(packedD >>> SCALE_BITS, d >>> SCALE_BITS) + (d & SLOT_MASK) - (packedD & SLOT_MASK)) | 0;
      if (a < LOWEST_STATE) a = (a << 16) | words[position++]!;
      if (b < LOWEST_STATE) b = (b << 16) | words[position++]!;
      if (c < LOWEST_STATE) c = (c << 16) | words[position++]!;
      if (d < LOWEST_STATE) d = (d << 16) | words[position++]!;
      if (position > wordCount) throw new CodecError('truncated', 'the coded symbols end too early');
      target[i] = symbolA;
      target[i + 1] = symbolB;
      target[i + 2] = symbolC;
      target[i + 3] = symbolD;
    }
    states[0] = a;
    states[1] = b;
    states[2] = c;
    states[3] = d;
    for (let i = whole; i < count; i++) {
      const x = states[i & 3]!;
      const symbol = symbols[x & SLOT_MASK]!;
      const entry = packed[symbol]!;
      let next = Math.imul(entry >>> SCALE_BITS, x >>> SCALE_BITS) + (x & SLOT_MASK) - (entry & SLOT_MASK);
      if (next < LOWEST_STATE) next = (next << 16) | words[position++]!;
      states[i & 3] = next;
      target[i] = symbol;
    }
    if (position > wordCount) throw new CodecError('truncated', 'the coded symbols end too early');
    this.position = position;
  }

  /** Throws unless everything was used and the states are back where the encoder began. */
  check(): void {
    if (this.position !== this.wordCount || this.states.some((state) => state !== LOWEST_STATE)) {
      throw new CodecError('malformed', 'the coded symbols do not end where they should');
    }
  }
}
