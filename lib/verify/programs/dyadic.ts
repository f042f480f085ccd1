/** n·2^e: what every finite double is. Sums and products are exact. */
export class Dyadic {
  static readonly zero = new Dyadic(0n, 0);
  static readonly one = new Dyadic(1n, 0);

  constructor(
    readonly n: bigint,
    readonly e: number,
  ) {}

  /** The double itself. Throws RangeError if it is not finite. */
  static of(value: number): Dyadic {
    if (!Number.isFinite(value)) throw new RangeError(`${value} is no number`);
    let [significand, exponent] = [value, 0];
    // Doubling is exact, also of subnormal numbers, and what has a fraction is too small to overflow.
    while (!Number.isInteger(significand)) {
      significand *= 2;
      exponent--;
    }
    return significand === 0 ? Dyadic.zero : new Dyadic(BigInt(significand), exponent);
  }

  plus(other: Dyadic): Dyadic {
    if (this.n === 0n) return other;
    if (other.n === 0n) return this;
    const e = Math.min(this.e, other.e);
    return new Dyadic((this.n << BigInt(this.e - e)) + (other.n << BigInt(other.e - e)), e);
  }

  minus(other: Dyadic): Dyadic {
    return this.plus(other.negated());
  }

  times(other: Dyadic): Dyadic {
    return this.n === 0n || other.n === 0n ? Dyadic.zero : new Dyadic(this.n * other.n, this.e + other.e);
  }

  negated(): Dyadic {
    return new Dyadic(-this.n, this.e);
  }

  absolute(): Dyadic {
    return this.n < 0n ? this.negated() : this;
  }

  get sign(): -1 | 0 | 1 {
    return this.n > 0n ? 1 : this.n < 0n ? -1 : 0;
  }

  isAtMost(other: Dyadic): boolean {
    return this.minus(other).n <= 0n;
  }

  /** Whether this is a whole multiple of an integer, or of any other dyadic number that is not 0. */
  isMultipleOf(other: Dyadic): boolean {
    const e = Math.min(this.e, other.e);
    return (this.n << BigInt(this.e - e)) % (other.n << BigInt(other.e - e)) === 0n;
  }

  /** The largest integer that is no larger. */
  floor(): Dyadic {
    return this.e >= 0 ? this : new Dyadic(this.n >> BigInt(-this.e), 0);
  }

  ceil(): Dyadic {
    return this.negated().floor().negated();
  }
}
