import { ArgumentError } from '../../errors/index.js';
import * as z from '../../schema/index.js';
import {
  declareDerived,
  type FactorableForm,
  type FactorableProgram,
  type MixedIntegerNonlinearProgram,
  type NlpMeta,
  type NonlinearProgram,
  type SparsityPattern,
} from '../../problem/index.js';
import { defineOptions } from '../../solver/index.js';
import { isProvenConvex, type ConvexityInput } from './convexity.js';
import { planHessian, sparseHessian, weightedAdjoints } from './hessian.js';
import { hessianTimesVector } from './hessian-product.js';
import { factorableForm } from './factorable.js';
import { addNonlinearGradient, functionValue, planGradients, type GradientPlan } from './jacobian.js';
import type { NlModel } from './model.js';
import { makeTape } from './model-tape.js';
import { specialOrderedSets } from './ordered-sets.js';
import { functionDegrees } from './shape.js';
import { TapeState } from './sweeps.js';
import type { Tape } from './tape.js';

/** Options of `compileNl`: types, defaults and meanings. */
export const nlCompileOptions = defineOptions({
  objective: z.int().nonnegative().default(0).describe('Which objective of the model to take, from 0.'),
  maxHessianUpdates: z
    .number()
    .nonnegative()
    .default(20_000_000)
    .describe('Above this many elementary updates a Hessian is not offered, only its products with vectors.'),
});

/** Options of `compileNl`; `nlCompileOptions` has each with its default and meaning. */
export type NlCompileOptions = Partial<typeof nlCompileOptions.defaults>;

/** What ties a compiled problem to its model. */
export interface NlOrigin {
  /** The model that the problem was compiled from. */
  readonly model: NlModel;
  /** −1 if the model maximises: the problem then minimises the negative objective. 1 otherwise. */
  readonly objectiveSign: 1 | -1;
  /** Kinks, jumps and left-out capabilities, one sentence each. */
  readonly notes: readonly string[];
}

/** A continuous problem made from a model. */
export type NlContinuousProgram = Required<Omit<NonlinearProgram, 'hessian'>> &
  Pick<NonlinearProgram, 'hessian'> &
  FactorableProgram & {
    /** The model behind the problem. */
    readonly nl: NlOrigin;
  };
/** A problem with integer variables or special ordered sets made from a model. */
export type NlMixedIntegerProgram = NlContinuousProgram &
  Pick<MixedIntegerNonlinearProgram, 'integerVariables' | 'specialOrderedSets'>;

/**
 * Compiles a model into a problem with exact derivatives.
 *
 * The compiled problem always minimises. For a maximised objective f it has −f: multiply the objective by
 * `nl.objectiveSign` to get the model's own; the marginals that a `.sol` file carries are −y·objectiveSign. Start values
 * that the file does not give are 0, moved into the bounds. At kinks derivatives are one-sided (abs, less: from the
 * right; min, max: the first of equal operands; piecewise-linear: the slope to the right), and `nl.notes` says so.
 * Evaluations share what they compute at one x. Throws `RangeError` if the model has no objective of the asked index
 * (a model without any is given the objective 0).
 *
 * @param model - A model as `readNl` or `NlModelBuilder` gives it.
 * @param options - Which objective.
 * @throws ArgumentError where the model has no objective of the asked index.
 * @example
 * ```ts
 * import { NlModelBuilder, compileNl, expressions } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * const { meta, objective } = compileNl(model);
 * console.log(meta.variableCount, objective(Float64Array.of(2, 1))); // 2 -5
 * ```
 */
export function compileNl(model: NlModel, options?: NlCompileOptions): NlContinuousProgram | NlMixedIntegerProgram {
  const { objective, maxHessianUpdates } = nlCompileOptions.resolve(options);
  const chosen = model.objectives[objective];
  if (!chosen && (objective > 0 || model.objectives.length > 0)) {
    throw new ArgumentError(`the model has ${model.objectives.length} objectives, none with index ${objective}`);
  }
  const objectiveSign = chosen?.sense === 'maximise' ? -1 : 1;
  const tape = makeTape(model, chosen?.expression, chosen?.linear, objectiveSign);
  const plans = planGradients(tape);
  const hessianPlan = planHessian(tape, maxHessianUpdates);
  const notes = kinkNotes(model);
  if (!hessianPlan)
    notes.push(`The Hessian takes more than ${maxHessianUpdates} updates; only its products are offered.`);
  const evaluations = makeEvaluations(tape, plans, hessianPlan);
  declareDerived(evaluations.gradient, evaluations.objective);
  declareDerived(evaluations.jacobian, evaluations.constraints);
  const meta = makeMeta(
    model,
    tape,
    plans,
    objectiveSign,
    hessianPlan &&
      evaluations.hessian && {
        pattern: hessianPlan.pattern,
        evaluate: evaluations.hessian,
      },
  );
  let form: { readonly known: FactorableForm | undefined } | undefined;
  const continuous: NlContinuousProgram = {
    meta,
    ...evaluations,
    factorable: () => (form ??= { known: factorableForm(tape) }).known,
    nl: { model, objectiveSign, notes },
  };
  const integerVariables = Int32Array.from(model.integer.keys()).filter((j) => model.integer[j] === 1);
  const sets = specialOrderedSets(model);
  if (integerVariables.length === 0 && sets.length === 0) return continuous;
  return { ...continuous, integerVariables, ...(sets.length > 0 && { specialOrderedSets: sets }) };
}

function kinkNotes(model: NlModel): string[] {
  return model.nonsmooth.map(({ name, kind, occurrences, firstLine }) => {
    const where = firstLine === undefined ? '' : `, first in line ${firstLine}`;
    const times = occurrences === 1 ? 'once' : `${occurrences} times`;
    return kind === 'kink'
      ? `${name} occurs ${times}${where}: not differentiable at its kinks; derivatives there are one-sided.`
      : `${name} occurs ${times}${where}: it may jump; derivatives are those of the piece that holds at x.`;
  });
}

function makeMeta(
  model: NlModel,
  tape: Tape,
  plans: readonly GradientPlan[],
  objectiveSign: 1 | -1,
  hessian: ConvexityInput['hessian'],
): NlpMeta {
  const degrees = functionDegrees(tape);
  const linearConstraints = Uint8Array.from(degrees.subarray(1), (degree) => (degree <= 1 ? 1 : 0));
  const objectiveShape = degrees[0]! <= 1 ? 'linear' : degrees[0] === 2 ? 'quadratic' : 'nonlinear';
  const { startMarginals } = model;
  const startBoundMultipliers = boundMultiplierStart(model, objectiveSign);
  const start = model.start.map((value, j) =>
    model.startGiven[j] ? value : Math.min(Math.max(0, model.lower[j]!), model.upper[j]!),
  );
  return {
    ...(model.name !== undefined && { name: model.name }),
    variableCount: model.variableCount,
    constraintCount: model.constraintCount,
    lower: model.lower,
    upper: model.upper,
    constraintLower: model.constraintLower,
    constraintUpper: model.constraintUpper,
    start,
    ...(startMarginals && { startMultipliers: startMarginals.map((marginal) => -marginal * objectiveSign) }),
    ...(startBoundMultipliers && { startBoundMultipliers }),
    linearConstraints,
    objectiveShape,
    ...(isProvenConvex({ ...model, tape, degrees, start, hessian }) && { convex: true }),
    jacobianPattern: jacobianPattern(plans.slice(1)),
    ...(hessian && { hessianPattern: hessian.pattern }),
  };
}

/**
 * z from the suffixes `ipopt_zL_in` and `ipopt_zU_in`, which hold reduced costs as `ipopt_zL_out` and `ipopt_zU_out` do;
 * undefined if there are none. An entry of the wrong sign, or of a bound that is not there, counts as 0.
 */
function boundMultiplierStart(model: NlModel, objectiveSign: 1 | -1): Float64Array | undefined {
  let start: Float64Array | undefined;
  for (const [name, side, bounds] of [
    ['ipopt_zL_in', -1, model.lower],
    ['ipopt_zU_in', 1, model.upper],
  ] as const) {
    const suffix = model.suffixes.find((candidate) => candidate.name === name && candidate.target === 'variable');
    if (!suffix) continue;
    start ??= new Float64Array(model.variableCount);
    for (let k = 0; k < suffix.indices.length; k++) {
      const j = suffix.indices[k]!;
      const multiplier = -objectiveSign * suffix.values[k]!;
      if (multiplier * side > 0 && Number.isFinite(bounds[j]!)) start[j]! += multiplier;
    }
  }
  return start;
}

function jacobianPattern(plans: readonly GradientPlan[]): SparsityPattern {
  const size = plans.reduce((sum, plan) => sum + plan.variables.length, 0);
  const rows = new Int32Array(size);
  const columns = new Int32Array(size);
  let position = 0;
  plans.forEach((plan, row) => {
    rows.fill(row, position, position + plan.variables.length);
    columns.set(plan.variables, position);
    position += plan.variables.length;
  });
  return { rows, columns };
}

/** The constant part of all Jacobian entries, and the rows that have another, with the position of their first entry. */
interface JacobianRows {
  readonly linearValues: Float64Array;
  readonly nonlinearRows: Int32Array;
  readonly offsets: Int32Array;
}

function planJacobianRows(plans: readonly GradientPlan[]): JacobianRows {
  const linearValues = new Float64Array(plans.reduce((sum, plan) => sum + plan.variables.length, 0));
  const nonlinearRows: number[] = [];
  const offsets: number[] = [];
  let offset = 0;
  plans.forEach((plan, row) => {
    linearValues.set(plan.linear, offset);
    if (plan.nonlinearPositions.length > 0) {
      nonlinearRows.push(row);
      offsets.push(offset);
    }
    offset += plan.variables.length;
  });
  return { linearValues, nonlinearRows: Int32Array.from(nonlinearRows), offsets: Int32Array.from(offsets) };
}

function makeEvaluations(
  tape: Tape,
  plans: readonly GradientPlan[],
  hessianPlan: ReturnType<typeof planHessian>,
): Omit<NlContinuousProgram, 'meta' | 'nl' | 'factorable'> {
  const { functions } = tape;
  const constraintCount = functions.length - 1;
  const objectiveFunction = functions[0]!;
  const objectivePlan = plans[0]!;
  const slotCount = tape.operationBase + tape.operationCount;
  const state = new TapeState(tape);
  const rowAdjoints = new Float64Array(slotCount);
  const adjoints = new Float64Array(slotCount);
  const weights = new Float64Array(constraintCount + 1);
  const objectiveGradient = new Float64Array(objectivePlan.variables.length);
  const rows = planJacobianRows(plans.slice(1));
  const edgeWeights = new Float64Array(hessianPlan?.edgeCount ?? 0);
  let tangents: Float64Array | undefined;
  let secondAdjoints: Float64Array | undefined;

  const prepareSecondOrder = (x: Float64Array, objectiveWeight: number, multipliers: Float64Array): void => {
    state.differentiateTwice(x);
    weights[0] = objectiveWeight;
    weights.set(multipliers, 1);
    weightedAdjoints(state, weights, adjoints);
  };

  return {
    objective(x) {
      state.evaluate(x);
      return functionValue(objectiveFunction, x, state.values);
    },
    constraints(x, values) {
      state.evaluate(x);
      for (let i = 0; i < constraintCount; i++) values[i] = functionValue(functions[i + 1]!, x, state.values);
    },
    gradient(x, values) {
      state.differentiate(x);
      objectiveGradient.set(objectivePlan.linear);
      addNonlinearGradient(state, objectiveFunction, objectivePlan, rowAdjoints, objectiveGradient, 0);
      values.fill(0);
      const { variables } = objectivePlan;
      for (let k = 0; k < variables.length; k++) values[variables[k]!] = objectiveGradient[k]!;
    },
    jacobian(x, values) {
      state.differentiate(x);
      values.set(rows.linearValues);
      for (let k = 0; k < rows.nonlinearRows.length; k++) {
        const i = rows.nonlinearRows[k]! + 1;
        addNonlinearGradient(state, functions[i]!, plans[i]!, rowAdjoints, values, rows.offsets[k]!);
      }
    },
    ...(hessianPlan && {
      hessian(x: Float64Array, objectiveWeight: number, multipliers: Float64Array, values: Float64Array) {
        prepareSecondOrder(x, objectiveWeight, multipliers);
        sparseHessian(state, hessianPlan, adjoints, edgeWeights, values);
      },
    }),
    hessianProduct(x, objectiveWeight, multipliers, direction, values) {
      prepareSecondOrder(x, objectiveWeight, multipliers);
      tangents ??= new Float64Array(slotCount);
      secondAdjoints ??= new Float64Array(slotCount);
      hessianTimesVector(state, adjoints, direction, tangents, secondAdjoints, values);
    },
  };
}
