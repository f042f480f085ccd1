import { z } from 'zod';
import { problemFileSchema } from './schema/index.js';

/** JSON Schema (draft 2020-12) of what a problem file may hold; editors complete from it. */
export function problemFileJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(problemFileSchema, { io: 'input', reused: 'inline' }), $id: 'sft-opt-problem-v1' };
}
