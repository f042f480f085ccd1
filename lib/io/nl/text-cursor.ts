import type { NlCursor } from './cursor.js';
import { NlError, type NlPosition } from './error.js';

const newline = 10;
const carriageReturn = 13;
const space = 32;
const tab = 9;
const hash = 35;
const plus = 43;
const minus = 45;
const point = 46;
const digitZero = 48;
const digitNine = 57;

/** Powers of ten that are exact as doubles. */
const exactPowersOfTen = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Integers of this many digits are exact as doubles. */
const exactDigits = 15;

/** Reads the text form from bytes, without making a string of each line. */
export class TextCursor implements NlCursor {
  private offset = 0;
  private line = 1;

  constructor(private readonly bytes: Uint8Array) {}

  atEnd(): boolean {
    for (;;) {
      const code = this.bytes[this.offset];
      if (code === undefined) return true;
      if (code === newline) this.line++;
      else if (code !== space && code !== tab && code !== carriageReturn) return false;
      this.offset++;
    }
  }

  letter(expected: string): number {
    this.skipBlanks();
    const code = this.bytes[this.offset];
    if (code === undefined || code === newline || code === carriageReturn) this.unexpected(expected);
    this.offset++;
    return code;
  }

  integer(expected: string): number {
    this.skipBlanks();
    const start = this.offset;
    const { bytes } = this;
    const sign = bytes[this.offset];
    if (sign === minus || sign === plus) this.offset++;
    let value = 0;
    const firstDigit = this.offset;
    for (;;) {
      const digit = bytes[this.offset];
      if (digit === undefined || digit < digitZero || digit > digitNine) break;
      value = value * 10 + (digit - digitZero);
      this.offset++;
    }
    const digits = this.offset - firstDigit;
    if (digits === 0 || digits > exactDigits || !this.atTokenEnd()) {
      this.offset = start;
      this.unexpected(expected);
    }
    return sign === minus ? -value : value;
  }

  shortInteger(expected: string): number {
    return this.integer(expected);
  }

  opcode(): number {
    return this.integer('an operator code');
  }

  real(expected: string): number {
    this.skipBlanks();
    const { bytes } = this;
    const start = this.offset;
    let offset = start;
    const sign = bytes[offset];
    if (sign === minus || sign === plus) offset++;
    let mantissa = 0;
    let digits = 0;
    let fractionDigits = 0;
    let seenPoint = false;
    for (;;) {
      const code = bytes[offset];
      if (code === undefined) break;
      if (code >= digitZero && code <= digitNine) {
        mantissa = mantissa * 10 + (code - digitZero);
        if (mantissa > 0) digits++;
        if (seenPoint) fractionDigits++;
      } else if (code === point && !seenPoint) seenPoint = true;
      else break;
      offset++;
    }
    this.offset = offset;
    const plain = offset - start > (sign === minus || sign === plus ? 1 : 0) + (seenPoint ? 1 : 0);
    if (plain && digits <= exactDigits && fractionDigits < exactPowersOfTen.length && this.atTokenEnd()) {
      const value = mantissa / exactPowersOfTen[fractionDigits]!;
      return sign === minus ? -value : value;
    }
    return this.generalReal(start, expected);
  }

  name(expected: string): string {
    this.skipBlanks();
    const start = this.offset;
    while (!this.atTokenEnd()) this.offset++;
    if (this.offset === start) this.unexpected(expected);
    return this.slice(start, this.offset);
  }

  endLine(): void {
    this.skipBlanks();
    const code = this.bytes[this.offset];
    if (code !== undefined && code !== newline && code !== carriageReturn && code !== hash) {
      this.unexpected('the end of the line');
    }
    this.skipLine();
  }

  /** Goes to the start of the next line, whatever stands on this one. */
  skipLine(): void {
    const end = this.bytes.indexOf(newline, this.offset);
    this.offset = end === -1 ? this.bytes.length : end + 1;
    this.line++;
  }

  /** True if an integer comes next on this line. */
  integerFollows(): boolean {
    this.skipBlanks();
    const first = this.bytes[this.offset];
    const code = first === minus || first === plus ? this.bytes[this.offset + 1] : first;
    return code !== undefined && code >= digitZero && code <= digitNine;
  }

  /** The text after `# problem` on this line, if any. */
  problemName(): string | undefined {
    const end = this.bytes.indexOf(newline, this.offset);
    const line = this.slice(this.offset, end === -1 ? this.bytes.length : end);
    return /#\s*problem\s+(\S+)/.exec(line)?.[1];
  }

  byteOffset(): number {
    return this.offset;
  }

  position(): NlPosition {
    return { line: this.line };
  }

  fail(problem: string): never {
    throw new NlError(this.position(), problem);
  }

  remainingBytes(): number {
    return this.bytes.length - this.offset;
  }

  private skipBlanks(): void {
    for (;;) {
      const code = this.bytes[this.offset];
      if (code !== space && code !== tab) return;
      this.offset++;
    }
  }

  private atTokenEnd(): boolean {
    const code = this.bytes[this.offset];
    return code === undefined || code <= space || code === hash;
  }

  private generalReal(start: number, expected: string): number {
    this.offset = start;
    while (!this.atTokenEnd()) this.offset++;
    const text = this.slice(start, this.offset);
    const value = parseReal(text);
    if (Number.isNaN(value)) {
      this.offset = start;
      this.unexpected(expected);
    }
    return value;
  }

  private slice(start: number, end: number): string {
    return String.fromCharCode(...this.bytes.subarray(start, Math.min(end, start + 200)));
  }

  private unexpected(expected: string): never {
    let end = this.offset;
    while (end < this.bytes.length && end < this.offset + 40 && this.bytes[end]! >= space) end++;
    const text = this.slice(this.offset, end).replace(/[^\x20-\x7e]/g, '?');
    const found = text.trim() === '' ? (end >= this.bytes.length ? 'end of file' : 'end of line') : `"${text}"`;
    return this.fail(`expected ${expected}, found ${found}`);
  }
}

/** The number that a token of a text file stands for; NaN if it is none. */
export function parseReal(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$/.test(text)) return Number(text.replace(/[dD]/, 'e'));
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (!infinite) return NaN;
  return infinite[1] === '-' ? -Infinity : Infinity;
}
