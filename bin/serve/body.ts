import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { deepestBody } from './limits.js';
import { Refusal } from './refusal.js';

/**
 * Refuses a body of more than so many bytes. A length that the client states is enough: Node reads no more than that; and a body that
 * nothing looks at before its handler does is read without a stream around it.
 */
export function limitedBody(maxSize: number): MiddlewareHandler {
  const refuse = (): never => {
    throw new Refusal('body-too-large', `a body has at most ${maxSize} bytes`);
  };
  const counted = bodyLimit({ maxSize, onError: refuse });
  return async (context, next) => {
    const stated = context.req.header('content-length');
    if (stated === undefined || context.req.header('transfer-encoding') !== undefined) return counted(context, next);
    if (!(Number(stated) <= maxSize)) refuse();
    await next();
    return undefined;
  };
}

/** The JSON of a request's body, checked. */
export async function jsonBody<Schema extends z.ZodType>(context: Context, schema: Schema): Promise<z.output<Schema>> {
  const type = mediaType(context);
  if (type !== 'application/json') {
    throw new Refusal('unsupported-media-type', `expected application/json, found ${type || 'no content type'}`);
  }
  const text = await textBody(context);
  const depth = nesting(text);
  if (depth > deepestBody) throw new Refusal('not-json', `the body is nested more than ${deepestBody} deep`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal('not-json', `the body is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  return checked(schema, value);
}

/** A body as text in UTF-8. */
export async function textBody(context: Context): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await context.req.arrayBuffer());
  } catch (error) {
    if (error instanceof TypeError) throw new Refusal('not-json', 'the body is not text in UTF-8');
    throw error;
  }
}

export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  const issues = outcome.error.issues
    .slice(0, 100)
    .map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  throw new Refusal(
    'wrong-request',
    issues
      .map(({ path, message }) => `${path}: ${message}`)
      .join('; ')
      .slice(0, 500),
    issues,
  );
}

/** Without parameters such as a character set, in lower case. */
export function mediaType(context: Context): string {
  return (context.req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
}

/** Deepest nesting of a JSON text, without parsing it. */
export function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let k = 0; k < text.length; k++) {
    const code = text.charCodeAt(k);
    if (inText) {
      if (code === 0x5c) k++;
      else if (code === 0x22) inText = false;
    } else if (code === 0x22) inText = true;
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth--;
  }
  return deepest;
}
