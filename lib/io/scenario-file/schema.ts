import * as z from 'zod';
import { describeQuantities, problemFileJsonSchema } from '../problem-file/json-schema.js';
import { quantity, section } from '../problem-file/schema/building-blocks.js';

/** Names of the schemes that the package has. */
export const schemeNames = [
  'joint',
  'fixed-cut',
  'fixed-ratio',
  'equal-bandwidth',
  'split-alone',
  'ratio-alone',
  'bandwidth-alone',
  'compressed-split-federated',
  'no-compression',
  'split-federated',
  'vanilla-split',
  'federated-lora',
  'random',
] as const;
/** Name of a scheme that the package brings. */
export type SchemeName = (typeof schemeNames)[number];

const speed = quantity('speed', { above: 0, maximum: 1000 });
const time = (minimum = 0) => quantity('time', { minimum, maximum: 1e9 });
const length = quantity('length', { above: 0, maximum: 1e6 });

const range = <Schema extends z.ZodType<number, number | string>>(schema: Schema) =>
  z.union([schema, z.tuple([schema, schema])]);

export const motionSection = section(() => ({
  model: z
    .enum(['static', 'waypoint', 'road', 'trace'])
    .default('static')
    .describe(
      '`static`; `waypoint`: random waypoint in a disc around the base station; `road`: to and fro on a straight road; `trace`: places from a CSV file.',
    ),
  speed: range(speed)
    .default(1.4)
    .describe('For `waypoint` and `road`: speed, or two speeds between which each leg draws its own (`waypoint`).'),
  pause: range(time()).default(0).describe('For `waypoint`: pause at each point, or two between which it is drawn.'),
  radius: length.prefault('250 m').describe('For `waypoint`: radius of the disc.'),
  heading: z
    .number()
    .min(-360)
    .max(360)
    .default(0)
    .describe('For `road`: direction in degrees, 0 away from the base station to the east.'),
  length: length.prefault('500 m').describe('For `road`: length before it turns back.'),
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'For `trace`: CSV with the columns seconds, x and y (metres from the base station), relative to this file.',
    ),
})).meta({ id: 'motion', title: 'Motion' });

/** Rounds: `worst` looks at each of them, for each device and decision. */
export const longestHorizon = 10_000;

const steps = z
  .array(z.tuple([time(), quantity('fraction', { above: 0, maximum: 100 })]))
  .min(1)
  .max(100_000);

const movingDeviceSection = section(() => ({
  motion: motionSection.optional().describe('In place of the motion of all.'),
  from: time().optional().describe('Joins at this time.'),
  until: time().optional().describe('Leaves at this time.'),
  meanPresent: quantity('time', { above: 0, maximum: 1e9 })
    .optional()
    .describe('With `meanAbsent`: comes and goes, mean time there.'),
  meanAbsent: quantity('time', { above: 0, maximum: 1e9 }).optional().describe('With `meanPresent`: mean time away.'),
  battery: quantity('energy', { above: 0 })
    .optional()
    .describe('Energy for all rounds together; leaves when it is used up.'),
  throughput: steps
    .optional()
    .describe(
      'Factor of the throughput from each time on, 1 before the first, as in `[[600 s, 60 %]]` for thermal throttling.',
    ),
  memory: steps
    .optional()
    .describe('Factor of the memory from each time on, 1 before the first: what other programs leave.'),
})).meta({ id: 'movingDevice', title: 'Device over time' });

export const simulationSection = section(() => ({
  rounds: z.int().min(1).max(1_000_000).default(100).describe('Rounds.'),
  interval: quantity('time', { above: 0, maximum: 1e6 })
    .prefault('5 s')
    .describe(
      'Time from the start of a round to that of the next. The same for all schemes, so that they see the same cell.',
    ),
  motion: motionSection.prefault({}).describe('How the devices move.'),
  devices: z
    .record(z.string(), movingDeviceSection)
    .optional()
    .describe(
      'What is special about some of them, by the name of an entry or of a member: `devices: { walker: { motion: … } }`.',
    ),
  shadowing: section(() => ({
    deviation: z
      .enum(['file', 'scenario'])
      .default('file')
      .describe('`file`: that of `radio.shadowing`; `scenario`: those of TR 38.901 table 7.4.1-1, by line of sight.'),
    decorrelation: length
      .optional()
      .describe(
        'Decorrelation distance. By default that of TR 38.901 table 7.5-6 for its scenarios, and 50 m for other path losses.',
      ),
  }))
    .prefault({})
    .describe('Shadowing over the place.'),
  fading: z
    .enum(['planned', 'blocks'])
    .default('planned')
    .describe(
      '`planned`: rounds see the fading that the file plans for (a quantile, …); `blocks`: the mean of 1/rate over parts of the round that fade on their own, 64 at most.',
    ),
  noiseRise: section(() => ({
    fullLoad: quantity('level', { minimum: 0, maximum: 60 }).describe(
      'Rise of the noise when neighbouring cells are full.',
    ),
    load: z
      .tuple([quantity('fraction', { minimum: 0, maximum: 1 }), quantity('fraction', { minimum: 0, maximum: 1 })])
      .prefault([0, 1])
      .describe('Range of their load.'),
    correlation: quantity('time', { above: 0, maximum: 1e9 })
      .prefault('60 s')
      .describe('Time over which the load stays alike.'),
  }))
    .optional()
    .describe('Interference by neighbouring cells. None when absent.'),
  replan: section(() => ({
    every: z.int().min(1).max(1_000_000).optional().describe('Large-scale decisions every so many rounds.'),
    least: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1)
      .describe('Never sooner than this many rounds after the last, unless the plan fits no more or somebody joins.'),
    gainChange: quantity('level', { above: 0, maximum: 200 })
      .optional()
      .describe('When the gain of some device has changed by this since the last decision.'),
    loss: quantity('fraction', { above: 0, maximum: 100 })
      .optional()
      .describe('When the round takes this much longer than a lower bound of any plan.'),
    outlook: z
      .enum(['now', 'expected', 'quantile', 'forecast', 'worst'])
      .default('now')
      .describe(
        'Channels to decide for: `now`; `expected`: mean gain in dB after half the horizon, the distance to the base station as it is; `quantile`: a quantile of that; `forecast`: as `expected` at the place where the device will be; `worst`: the least forecast gain of the rounds of the horizon.',
      ),
    quantile: quantity('fraction', { above: 0, maximum: 0.9999 }).prefault(0.3).describe('For `quantile`.'),
    horizon: z
      .int()
      .min(1)
      .max(longestHorizon)
      .optional()
      .describe(`Rounds that a decision looks ahead. By default \`every\` (no more than ${longestHorizon}), else 10.`),
  }))
    .prefault({})
    .describe(
      'When and for what the large time scale decides. Once at the start, and only then, when nothing is said.',
    ),
  serverShares: z
    .enum(['large', 'small'])
    .default('large')
    .describe('Time scale of the server’s shares, where they are allocated.'),
  points: z
    .enum(['large', 'small'])
    .default('large')
    .describe('Time scale of the operating points of the codec; `small` needs `serverShares: small`.'),
  misfit: z
    .enum(['replan', 'drop', 'keep'])
    .default('replan')
    .describe(
      'When a plan in force breaks a limit: decide anew, and if that does not help as `drop`; `drop`: devices that break limits of their own sit the round out; `keep`: the round runs, with the limits that it breaks.',
    ),
  newcomers: z
    .enum(['replan', 'wait'])
    .default('replan')
    .describe('When a device joins: decide anew, or let it wait for the next decision.'),
  boundEvery: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'In one round of each so many, drawn, a proven lower bound on the round of any plan, and with it the regret; 0 for never.',
    ),
  progress: section(() => ({
    target: quantity('fraction', { above: 0, maximum: 1 }).describe('Accuracy to reach.'),
    shortfall: z.number().positive().describe('b of A(s) = A − b·(s^−β − s₀^−β): what a training of one step lacks.'),
    exponent: z.number().positive().describe('β.'),
    steps: z.number().positive().describe('s₀: local steps of the trainings that the accuracy model was fitted to.'),
  }))
    .optional()
    .describe(
      'How accuracy grows with local steps, from measured trainings; with it, the time to the target is worked out. Results are per round when absent.',
    ),
  schemes: z.array(z.enum(schemeNames)).min(1).default(['joint']).describe('Schemes to simulate.'),
})).meta({
  id: 'simulation',
  title: 'Simulation',
  description: 'What changes from round to round, and who decides what when.',
});

/** The section `simulation` of a scenario with its defaults. */
export type SimulationSettings = z.output<typeof simulationSection>;
export type MotionEntry = z.output<typeof motionSection>;
export type MovingDeviceEntry = z.output<typeof movingDeviceSection>;

/**
 * JSON Schema (draft 2020-12) of a scenario file: a problem file with a section `simulation`.
 *
 * @example
 * ```ts
 * import { scenarioFileJsonSchema } from 'sft-opt/io';
 *
 * console.log(scenarioFileJsonSchema()['type']); // object
 * ```
 */
export function scenarioFileJsonSchema(): Record<string, unknown> {
  const problem = problemFileJsonSchema() as { properties: object; $defs: object; title: string };
  const {
    $defs,
    $schema: _schema,
    ...simulation
  } = describeQuantities(simulationSection) as { $defs?: object; $schema?: string };
  return {
    ...problem,
    $id: 'sft-opt-scenario-v1',
    title: 'sft-opt scenario file',
    properties: { ...problem.properties, simulation },
    $defs: { ...problem.$defs, ...$defs },
  };
}
