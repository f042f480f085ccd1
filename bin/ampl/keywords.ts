import * as z from '../../lib/schema/index.js';

/** Solver options that AMPL, Pyomo and JuMP may pass as key=value: one table for types, defaults, checks and help. */
export const keywordShape = {
  method: z
    .enum(['auto', 'sqp', 'auglag', 'bb'])
    .default('auto')
    .describe('algorithm: auto, sqp, auglag (augmented Lagrangian), bb (branch and bound)'),
  tol: z.coerce.number().positive().default(1e-6).describe('optimality and feasibility tolerance'),
  maxiter: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .describe('most iterations of a continuous solve; without it 3000, or twice the variables where that is more'),
  timelimit: z.coerce.number().positive().default(Infinity).describe('most seconds'),
  maxnodes: z.coerce.number().int().positive().default(100_000).describe('most nodes of branch and bound'),
  mipgap: z.coerce.number().nonnegative().default(1e-6).describe('relative gap at which branch and bound stops'),
  outlev: z.coerce.number().int().min(0).max(2).default(0).describe('0 no log, 1 summary, 2 one line an iteration'),
  scope: z
    .enum(['local', 'global'])
    .default('local')
    .describe('local minimum, or global: best of all, proven where possible (continuous models; integers always)'),
  objno: z.coerce.number().int().nonnegative().default(1).describe('objective to take, from 1; 0 ignores them all'),
  wantsol: z.coerce
    .number()
    .int()
    .min(0)
    .max(15)
    .default(0)
    .describe('without -AMPL, sum of 1 write .sol file, 2 print values, 4 print duals, 8 no message'),
  certificate: z
    .text()
    .optional()
    .describe('file for a certificate of the answer (linear and convex quadratic models, integers or not)'),
} as const;

const keywordSchema = z.strictObject(keywordShape);

export type Keywords = z.output<typeof keywordSchema>;
export type KeywordName = keyof typeof keywordShape;

/** One key=value as it was given. */
export interface Assignment {
  readonly key: string;
  readonly value: string;
}

/** Options from assignments (later ones win), or what is wrong with them, one sentence each. */
export function parseKeywords(assignments: readonly Assignment[]): { keywords: Keywords; problems: string[] } {
  const given: Record<string, string> = {};
  const problems: string[] = [];
  for (const { key, value } of assignments) {
    const name = keywordName(key);
    if (name === undefined) problems.push(`Unknown keyword "${key}"`);
    else given[name] = value;
  }
  const outcome = keywordSchema.safeParse(given);
  if (outcome.success) return { keywords: outcome.data, problems };
  for (const { path, message } of outcome.error.issues) {
    problems.push(`Bad value "${given[String(path[0])] ?? ''}" for ${path.join('.')}: ${message}`);
  }
  return { keywords: keywordSchema.parse({}), problems };
}

/** The keyword meant; case, and `_` for nothing, do not matter (max_iter is maxiter). */
function keywordName(key: string): KeywordName | undefined {
  const plain = key.toLowerCase().replaceAll('_', '');
  return (Object.keys(keywordShape) as KeywordName[]).find((name) => name === plain);
}

/** The list that -= prints. */
export function describeKeywords(): string {
  const defaults = keywordSchema.parse({});
  return (Object.keys(keywordShape) as KeywordName[])
    .map((name) => {
      const byDefault = defaults[name] === undefined ? '' : ` (default ${defaults[name]})`;
      return `${name.padEnd(11)} ${keywordShape[name].description ?? ''}${byDefault}`;
    })
    .join('\n');
}
