/** Bodies, queries and answers: what is checked, and what the OpenAPI document says. */
import * as z from 'zod';
import { bandwidthMethods, planMethods } from '../../lib/plan/index.js';

const seconds = (meaning: string) => z.number().min(0).describe(`${meaning}, s.`);

/** A number of a query: text that is one. */
const number = (of: z.ZodType<number, number>) => z.string().trim().min(1).pipe(z.coerce.number()).pipe(of);

const solveSettings = {
  method: z.enum(planMethods).default('two-timescale').describe('How to search.'),
  bandwidthMethod: z.enum(bandwidthMethods).default('sqp').describe('How the band is divided.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional()
    .describe('Seed in place of the file’s.'),
  timeLimitSeconds: z.number().positive().optional().describe('Time of the search, s; the server has a ceiling.'),
  gapTolerance: z.number().min(0).max(1).optional().describe('Where the exact method stops, relative.'),
  baselines: z.boolean().default(false).describe('Compute conventional schemes to compare with.'),
  whatIf: z.enum(['auto', 'always', 'never']).default('never').describe('Solve changed problems as well.'),
};

/** A problem as JSON. */
export const solveRequest = z
  .strictObject({
    problem: z
      .union([z.string().min(1), z.record(z.string(), z.unknown())])
      .meta({ of: 'problem' })
      .describe('A problem file: its content as JSON, or its text.'),
    warm: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('A plan to start from: a report of before, or `devices` with their decisions.'),
    ...solveSettings,
  })
  .meta({ id: 'SolveRequest' });

/** The settings of a problem that is sent as the text of its file. */
export const solveQuery = z.strictObject({
  ...solveSettings,
  seed: number(
    z
      .int()
      .min(0)
      .max(2 ** 32 - 1),
  ).optional(),
  timeLimitSeconds: number(z.number().positive()).optional(),
  gapTolerance: number(z.number().min(0).max(1)).optional(),
  baselines: z.stringbool().default(false),
});

export const waitQuery = z.strictObject({
  wait: number(z.number().min(0).max(600)).default(0),
});

const issue = z.object({
  path: z.string().describe('Where, in the body or in the problem.'),
  message: z.string().describe('What is wrong and what is allowed.'),
  found: z.string().optional().describe('What stands there.'),
  line: z.int().optional().describe('Line of a problem that was sent as text.'),
  column: z.int().optional(),
});

export const refusalBody = z
  .object({
    error: z.object({
      code: z.string().describe('Stable; the guide lists all.'),
      message: z.string(),
      issues: z.array(issue).describe('Everything that is wrong, at once.'),
    }),
  })
  .meta({ id: 'Refusal' });

export const problemState = z
  .object({
    id: z.string(),
    state: z.enum(['queued', 'running', 'done', 'failed']),
    stopping: z.boolean().describe('Was asked to stop.'),
    devices: z.int(),
    acceptedAt: z.string(),
    startedAt: z.string().optional(),
    endedAt: z.string().optional(),
    phase: z.string().optional().describe('What a running solve does.'),
    best: z
      .object({
        totalSeconds: seconds('Round of the best plan so far'),
        boundSeconds: seconds('No plan is faster, as far as is known').optional(),
        relativeGap: z.number().min(0).optional().describe('(T − bound) / T.'),
      })
      .optional(),
    warnings: z.array(issue).optional().describe('What is odd about the problem.'),
    failure: z.string().optional().describe('Why there is no report.'),
    answer: z.unknown().meta({ of: 'answer' }).optional().describe('The best plan so far, as in a report.'),
    report: z.unknown().meta({ of: 'plan' }).optional().describe('What the solve came to.'),
  })
  .meta({ id: 'ProblemState' });

const gains = (link: string) =>
  z
    .array(z.number().positive())
    .min(1)
    .max(10_000)
    .describe(`Power gain of each device’s ${link}, relative to the problem’s.`);

export const sessionRequest = z
  .strictObject({ problem: z.string().describe('Id of a problem that has a plan.') })
  .meta({ id: 'SessionRequest' });

export const stepRequest = z
  .strictObject({ uplinkGain: gains('uplink'), downlinkGain: gains('downlink').optional() })
  .meta({ id: 'StepRequest' });

const step = {
  totalSeconds: seconds('Round at these gains'),
  secondsPerHz: seconds('What the round loses by a further Hz'),
  bandwidthHz: z.array(z.number()).describe('Share of the band of each device, Hz.'),
  violations: z.array(z.unknown()).describe('Limits that are broken at these gains.'),
};

export const stepAnswer = z.object(step).meta({ id: 'Step' });
export const sessionAnswer = z.object({ id: z.string(), ...step }).meta({ id: 'Session' });

export const replanRequest = z
  .strictObject({
    timeLimitSeconds: z.number().positive().max(60).default(1).describe('Time of search and bound each, s.'),
  })
  .meta({ id: 'ReplanRequest' });

export const replanAnswer = z
  .object({
    totalSeconds: seconds('Round of the plan'),
    boundSeconds: seconds('No plan is faster'),
    relativeGap: z.number().min(0),
    verified: z.boolean().describe('The bound was confirmed by a recomputation of its own.'),
    step: stepAnswer,
  })
  .meta({ id: 'Replan' });

export const sessionPlan = z
  .object({
    id: z.string(),
    devices: z.array(z.unknown()).describe('Decisions of each device.'),
    uplinkGain: z.array(z.number()),
    downlinkGain: z.array(z.number()),
  })
  .meta({ id: 'SessionPlan' });

export const health = z.object({ status: z.enum(['ok', 'draining']), version: z.string() }).meta({ id: 'Health' });
