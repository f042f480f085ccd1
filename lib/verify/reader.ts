/** What a certificate is checked for beyond its form. Each bears load: without it some forgery would pass. */
export const obligations = [
  'problem hash',
  'participation',
  'shares not negative',
  'whole resource blocks',
  'least share',
  'largest share',
  'bandwidth',
  'server share',
  'server memory',
  'traffic',
  'mean accuracy',
  'energy',
  'device memory',
  'device traffic',
  'device accuracy',
  'round delay',
  'deadline',
  'replacement is open',
  'replacement is as good',
  'prices not negative',
  'choices dropped',
  'leaf refuted',
  'every part refuted',
] as const;
export type Obligation = (typeof obligations)[number];

/** A certificate that is not what the format says: the place and what is wrong there. */
export class CertificateError extends Error {
  override name = 'CertificateError';
  readonly code = 'certificate';
  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path || 'certificate'}: ${reason}`);
  }
}

/** Reads parts of a parsed JSON value strictly: every member known, every number finite. */
export class Reader {
  private constructor(
    private readonly value: unknown,
    readonly path: string,
    private readonly excluded: ReadonlySet<Obligation> = new Set(),
  ) {}

  /** `excluded`: obligations that are not checked; for tests of what each is good for. */
  static of(value: unknown, excluded?: ReadonlySet<Obligation>): Reader {
    return new Reader(value, '', excluded);
  }

  /** For an entry of a `list`. */
  static at(value: unknown, path: string): Reader {
    return new Reader(value, path);
  }

  fail(reason: string): never {
    throw new CertificateError(this.path, reason);
  }

  /** Meets an obligation or refuses the certificate. */
  require(obligation: Obligation, isMet: boolean, reason: string): void {
    if (!isMet && !this.excluded.has(obligation)) this.fail(reason);
  }

  /** The members of an object that has no others than these; those of `optional` may be absent. */
  object<Names extends string>(names: readonly Names[], optional: readonly Names[] = []): Record<Names, Reader> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object is expected');
    const members = Object.create(null) as Record<Names, Reader>;
    for (const key of Object.keys(value)) {
      if (!(names as readonly string[]).includes(key)) this.fail(`unknown member ${JSON.stringify(key.slice(0, 40))}`);
    }
    for (const name of names) {
      if (Object.hasOwn(value, name)) members[name] = this.member(name, (value as Record<string, unknown>)[name]);
      else if (optional.includes(name)) members[name] = this.member(name, null);
      else this.fail(`member "${name}" is missing`);
    }
    return members;
  }

  /** Reads an object by its members; one that is absent is null, one that is not read is unknown and refused. */
  members<T>(read: (member: (name: string) => Reader) => T): T {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object is expected');
    const unread = new Set(Object.keys(value));
    const result = read((name) => {
      unread.delete(name);
      return this.member(name, Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null);
    });
    for (const name of unread) this.fail(`unknown member ${JSON.stringify(name.slice(0, 40))}`);
    return result;
  }

  private member(name: string | number, value: unknown): Reader {
    return new Reader(value, this.path === '' ? String(name) : `${this.path}.${name}`, this.excluded);
  }

  /** Whether this is an object that has the member. */
  has(name: string): boolean {
    return typeof this.value === 'object' && this.value !== null && Object.hasOwn(this.value, name);
  }

  get isNull(): boolean {
    return this.value === null;
  }

  array(length?: number): Reader[] {
    if (!Array.isArray(this.value)) this.fail('a list is expected');
    if (length !== undefined && this.value.length !== length) this.fail(`${length} entries are expected`);
    return this.value.map((entry: unknown, k) => this.member(k, entry));
  }

  /** The entries as they are, of a list that may be long. */
  list(): readonly unknown[] {
    if (!Array.isArray(this.value)) this.fail('a list is expected');
    return this.value;
  }

  number(least = -Infinity, most = Infinity): number {
    const { value } = this;
    if (typeof value !== 'number' || !Number.isFinite(value)) this.fail('a finite number is expected');
    if (value < least || value > most) this.fail(`${value} is outside ${least} … ${most}`);
    return value;
  }

  /** Numbers, or null where the format allows it, as NaN. */
  numbers(length: number, least = -Infinity, nullable = false): Float64Array {
    const list = this.value;
    if (!Array.isArray(list) || list.length !== length) this.fail(`a list of ${length} numbers is expected`);
    const numbers = new Float64Array(length);
    for (let k = 0; k < length; k++) {
      const entry: unknown = list[k];
      if (entry === null && nullable) numbers[k] = NaN;
      else if (typeof entry === 'number' && Number.isFinite(entry) && entry >= least) numbers[k] = entry;
      else this.member(k, entry).fail(`a finite number ≥ ${least} is expected`);
    }
    return numbers;
  }

  integer(least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(least, most);
    if (!Number.isSafeInteger(value)) this.fail('a whole number is expected');
    return value;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') this.fail('true or false is expected');
    return this.value;
  }

  text(): string {
    if (typeof this.value !== 'string') this.fail('a text is expected');
    return this.value;
  }

  oneOf<Words extends string>(words: readonly Words[]): Words {
    const found = words.find((word) => word === this.value);
    return found ?? this.fail(`one of ${words.join(', ')} is expected`);
  }

  optional<T>(read: (reader: Reader) => T): T | undefined {
    return this.isNull ? undefined : read(this);
  }
}
