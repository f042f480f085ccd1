import type { NlCursor } from './cursor.js';
import { NlError, type NlPosition } from './error.js';

const longestName = 4096;

/** Reads the binary form: letters of one byte, integers of 4, reals of 8, in either byte order. */
export class BinaryCursor implements NlCursor {
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private offset: number,
    private readonly littleEndian: boolean,
    private readonly shortOpcodes: boolean,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  atEnd(): boolean {
    return this.offset >= this.bytes.length;
  }

  letter(expected: string): number {
    return this.bytes[this.take(1, expected)]!;
  }

  integer(expected: string): number {
    return this.view.getInt32(this.take(4, expected), this.littleEndian);
  }

  shortInteger(expected: string): number {
    return this.view.getInt16(this.take(2, expected), this.littleEndian);
  }

  opcode(): number {
    return this.shortOpcodes ? this.shortInteger('an operator code') : this.integer('an operator code');
  }

  real(expected: string): number {
    const start = this.take(8, expected);
    const value = this.view.getFloat64(start, this.littleEndian);
    if (Number.isNaN(value)) {
      this.offset = start;
      this.fail(`expected ${expected}, found NaN`);
    }
    return value;
  }

  name(expected: string): string {
    const length = this.integer(`the length of ${expected}`);
    if (length < 0 || length > longestName) this.fail(`expected a length up to ${longestName}, found ${length}`);
    const start = this.take(length, expected);
    let text = '';
    for (let k = start; k < start + length; k++) text += String.fromCharCode(this.bytes[k]!);
    return text;
  }

  endLine(): void {
    // The binary form has no lines.
  }

  position(): NlPosition {
    return { byteOffset: this.offset };
  }

  fail(problem: string): never {
    throw new NlError(this.position(), problem);
  }

  remainingBytes(): number {
    return this.bytes.length - this.offset;
  }

  /** Start of the next `length` bytes, which are then behind the cursor. */
  private take(length: number, expected: string): number {
    const start = this.offset;
    if (start + length > this.bytes.length) this.fail(`expected ${expected}, found the end of the file`);
    this.offset = start + length;
    return start;
  }
}
