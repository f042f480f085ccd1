/**
 * An argument that does not fit: a length, a value, a method for another kind of problem. It is a RangeError, with a code that
 * stays; docs/errors.md has all codes.
 */
export class ArgumentError extends RangeError {
  /** Name of the class. */
  override readonly name = 'ArgumentError';
  /** `argument`: a value or length does not fit. `unsuitable`: what was asked for is not made for this problem. */
  readonly code: 'argument' | 'unsuitable';

  constructor(message: string, code: 'argument' | 'unsuitable' = 'argument') {
    super(message);
    this.code = code;
  }
}
