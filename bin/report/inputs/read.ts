import type * as z from 'zod';
import type { RunRecord } from '../../../harness/server/index.js';
import type { ValidationReport } from '../../../harness/validate/index.js';
import { readPlanFile, type PlanFile } from '../../../lib/io/index.js';
import type { SolveProgress } from '../../../lib/plan/index.js';
import type { RoundRecord } from '../../../lib/simulate/index.js';
import { progressSchema, roundSchema, runRecordSchema, validationSchema } from './schemas.js';

/** What a file is and holds. */
export type ReportInput =
  | { readonly kind: 'plan'; readonly plan: PlanFile }
  | { readonly kind: 'log'; readonly progress: readonly SolveProgress[] }
  | { readonly kind: 'simulation'; readonly rounds: readonly RoundRecord[] }
  | { readonly kind: 'training'; readonly records: readonly RunRecord[] }
  | { readonly kind: 'validation'; readonly report: ValidationReport };

export type ReadInput =
  | { readonly ok: true; readonly input: ReportInput; readonly warning?: string }
  | { readonly ok: false; readonly problem: string };

const known =
  'a plan (solve --out), a log (solve --log), rounds (simulate --out rounds.jsonl), a record (train --record) or a validation (validate --out)';

/** Tells by its content what a file is, and checks it: the first thing that is wrong is named with its line. */
export function readInput(text: string): ReadInput {
  const whole = parsed(text);
  if (whole !== undefined) {
    const format = field(whole, 'format');
    if (format === 'sft-opt-plan') return planOf(text);
    if (field(whole, 'profileHash') !== undefined) {
      const outcome = validationSchema.safeParse(whole);
      if (!outcome.success) return wrong(issueOf(outcome.error));
      return { ok: true, input: { kind: 'validation', report: whole as ValidationReport } };
    }
  }
  return linesOf(text);
}

function planOf(text: string): ReadInput {
  const outcome = readPlanFile(text);
  if (!outcome.ok) return wrong(outcome.issues.join('; '));
  return { ok: true, input: { kind: 'plan', plan: outcome.plan } };
}

/** A line of a file that is not empty. */
interface Line {
  readonly line: string;
  readonly number: number;
}

function linesOf(text: string): ReadInput {
  const lines = text
    .split('\n')
    .map((line, k): Line => ({ line, number: k + 1 }))
    .filter(({ line }) => line.trim() !== '');
  const first = parsed(lines[0]?.line ?? '');
  if (first === undefined) return wrong(`it is none of what a report is made of: ${known}`);
  if (field(first, 'kind') !== undefined) {
    return readLines(lines, runRecordSchema, (records) => ({ kind: 'training', records: records as RunRecord[] }));
  }
  if (field(first, 'phase') !== undefined) {
    return readLines(lines, progressSchema, (notes) => ({ kind: 'log', progress: notes as SolveProgress[] }));
  }
  if (field(first, 'scheme') !== undefined && field(first, 'outcome') !== undefined) {
    return readLines(lines, roundSchema, (rounds) => ({ kind: 'simulation', rounds: rounds as RoundRecord[] }));
  }
  return wrong(`it is none of what a report is made of: ${known}`);
}

function readLines(lines: readonly Line[], schema: z.ZodType, make: (values: unknown[]) => ReportInput): ReadInput {
  const values: unknown[] = [];
  let warning: string | undefined;
  for (const [k, { line, number }] of lines.entries()) {
    const value = parsed(line);
    // A process that was killed leaves half a line at the end: what came before it is whole.
    if (value === undefined && k === lines.length - 1 && k > 0) {
      warning = `line ${number} is cut off and left out: the file ends before its writer did`;
      break;
    }
    if (value === undefined) return wrong(`line ${number} is no JSON`);
    const outcome = schema.safeParse(value);
    if (!outcome.success) return wrong(`line ${number}: ${issueOf(outcome.error)}`);
    values.push(outcome.data);
  }
  return { ok: true, input: make(values), ...(warning !== undefined && { warning }) };
}

function issueOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue!.path.join('.') || 'it'}: ${issue!.message}`;
}

function wrong(problem: string): ReadInput {
  return { ok: false, problem };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
