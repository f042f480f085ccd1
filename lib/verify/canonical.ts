/**
 * JSON in one way of writing (RFC 8785): members in the order of their names by UTF-16 units, no spaces, numbers as ECMAScript writes
 * them. Recursive: `value` has been checked to be shallow.
 *
 * @param value - Anything that JSON can hold.
 * @example
 * ```ts
 * import { canonicalJson } from 'sft-opt/verify';
 *
 * console.log(canonicalJson({ b: 1, a: [1.0, 'x'] })); // {"a":[1,"x"],"b":1}
 * ```
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    const names = Object.keys(members).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(members[name])}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/**
 * SHA-256 of a text's UTF-8 bytes, hexadecimal; by the platform's Web Crypto.
 *
 * @param text - Any text.
 * @example
 * ```ts
 * import { sha256 } from 'sft-opt/verify';
 *
 * console.log((await sha256('abc')).slice(0, 8)); // ba7816bf
 * ```
 */
export async function sha256(text: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
