/** A certificate that is not what the format says, or does not prove what it claims: the place and what is wrong there. */
export class CertificateError extends Error {
  /** Name of the class. */
  override name = 'CertificateError';
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'certificate';
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path || 'certificate'}: ${reason}`);
  }
}

/** Steps that a certificate may ask for: a program's entry with one machine word is one, judging a choice at a node twenty. */
const largestWork = 1e9;

/** What the readers of one certificate share. */
export interface ReadingTerms {
  /** Obligations that are not checked: for tests of what each is good for. */
  readonly excluded?: ReadonlySet<string>;
  /** Least and largest size of a number that is not 0. */
  readonly sizes?: readonly [number, number];
  /** Steps of work that may still be asked for. */
  work?: number;
}

/** The words of a text, as a type. */
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text;

/** Reads parts of a parsed JSON value strictly: every member known, every number finite. */
export class Reader {
  constructor(
    private readonly value: unknown,
    readonly path = '',
    private readonly terms: ReadingTerms = {},
  ) {}

  fail(reason: string): never {
    throw new CertificateError(this.path, reason);
  }

  /** Meets an obligation or refuses the certificate. */
  require(obligation: string, isMet: boolean, reason = obligation): void {
    if (!isMet && !this.terms.excluded?.has(obligation)) this.fail(reason);
  }

  spend(steps: number): void {
    this.terms.work = (this.terms.work ?? largestWork) - steps;
    if (this.terms.work < 0) this.fail('asks for more work and memory than a checker may spend');
  }

  /** The members of an object that has no others than these; one that is absent is null. */
  members<Names extends string>(names: Names): Record<Words<Names>, Reader> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object is expected');
    const known = names.split(' ');
    const strange = Object.keys(value).find((key) => !known.includes(key));
    if (strange !== undefined) this.fail(`unknown member ${JSON.stringify(strange.slice(0, 40))}`);
    const given = value as Record<string, unknown>;
    const read = known.map((name) => [name, this.part(name, Object.hasOwn(given, name) ? given[name] : null)]);
    return Object.fromEntries(read) as Record<Words<Names>, Reader>;
  }

  private part(name: string | number, value: unknown): Reader {
    return new Reader(value, this.path === '' ? String(name) : `${this.path}.${name}`, this.terms);
  }

  /** Whether this is an object that has the member. */
  has(name: string): boolean {
    return typeof this.value === 'object' && this.value !== null && Object.hasOwn(this.value, name);
  }

  get isNull(): boolean {
    return this.value === null;
  }

  optional<T>(read: (reader: Reader) => T): T | undefined {
    return this.isNull ? undefined : read(this);
  }

  /** The entries as they are, of a list that may be long. */
  list(length?: number): readonly unknown[] {
    if (!Array.isArray(this.value)) this.fail('a list is expected');
    if (length !== undefined && this.value.length !== length) this.fail(`a list of ${length} entries is expected`);
    return this.value;
  }

  entry(k: number): Reader {
    return this.part(k, this.list()[k]);
  }

  array(length?: number): Reader[] {
    return this.list(length).map((entry, k) => this.part(k, entry));
  }

  private isSized(value: unknown): value is number {
    const [smallest, largest] = this.terms.sizes ?? [0, Number.MAX_VALUE];
    return value === 0 || (typeof value === 'number' && Math.abs(value) >= smallest && Math.abs(value) <= largest);
  }

  private get expected(): string {
    const { sizes } = this.terms;
    return sizes ? `0 or a number of a size from ${sizes.join(' to ')} is expected` : 'a finite number is expected';
  }

  number(least = -Infinity, most = Infinity): number {
    const { value } = this;
    if (!this.isSized(value)) this.fail(this.expected);
    if (value < least || value > most) this.fail(`${value} is outside ${least} … ${most}`);
    return value;
  }

  positive(most?: number): number {
    return this.number(Number.MIN_VALUE, most);
  }

  integer(least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(least, most);
    if (!Number.isSafeInteger(value)) this.fail('a whole number is expected');
    return value;
  }

  /** Numbers, or null where the format allows it, as NaN. */
  numbers(length: number, least = -Infinity, isNullable = false): Float64Array {
    const list = this.list(length);
    const read = new Float64Array(length);
    for (let k = 0; k < length; k++) {
      const entry = list[k];
      if (entry === null && isNullable) read[k] = NaN;
      else read[k] = this.isSized(entry) && entry >= least ? entry : this.part(k, entry).number(least);
    }
    return read;
  }

  text(): string {
    if (typeof this.value !== 'string') this.fail('a text is expected');
    return this.value;
  }

  oneOf<Word extends string | boolean>(...words: readonly Word[]): Word {
    return words.find((word) => word === this.value) ?? this.fail(`one of ${words.join(', ')} is expected`);
  }
}
