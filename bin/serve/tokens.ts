import { createHash } from 'node:crypto';
import { Refusal } from './refusal.js';

/** Who may ask: tokens are known by their digests only, which also name their owners in the store. */
export class Tokens {
  private readonly digests: ReadonlySet<string>;

  constructor(tokens: readonly string[]) {
    this.digests = new Set(tokens.map(digest));
  }

  /** The owner of an `Authorization` header. Refuses what is none. */
  owner(header: string | undefined): string {
    const token = /^Bearer ([\x21-\x7e]{1,512})$/iu.exec(header ?? '')?.[1];
    // The digest of a guess tells nothing about how near it is: comparing digests needs no constant time.
    const found = token === undefined ? '' : digest(token);
    if (!this.digests.has(found)) throw new Refusal('unauthorized', 'a token is needed: Authorization: Bearer …');
    return found;
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
