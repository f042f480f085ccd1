import { planHessian } from '../../lib/io/nl/hessian.js';
import { functionValue, planGradients } from '../../lib/io/nl/jacobian.js';
import { compileNl, type NlModel } from '../../lib/io/nl/index.js';
import { makeTape } from '../../lib/io/nl/model-tape.js';
import { TapeState } from '../../lib/io/nl/sweeps.js';
import type { NonlinearProgram } from '../../lib/problem/index.js';
import { generateCode, generatedSize, type GeneratedGradient } from './generated-code.js';

/** A problem whose evaluations are generated code, and what it is made of. */
export interface GeneratedProblem {
  readonly problem: NonlinearProgram;
  /** Size in statements. */
  readonly statements: number;
}

/** As `compileNl`, with generated code in place of the sweeps over the tape. */
export function generateProblem(model: NlModel): GeneratedProblem {
  const [objective] = model.objectives;
  const sign = objective?.sense === 'maximise' ? -1 : 1;
  const tape = makeTape(model, objective?.expression, objective?.linear, sign);
  const plans = planGradients(tape);
  const hessianPlan = planHessian(tape, Infinity)!;
  const code = generateCode(tape, plans, hessianPlan);
  const { functions } = tape;
  const { meta } = compileNl(model);
  const slotCount = tape.operationBase + tape.operationCount;
  const { values, partials, secondPartials } = new TapeState(tape);
  const adjoints = new Float64Array(slotCount);
  const edgeWeights = new Float64Array(hessianPlan.edgeCount);
  const objectiveGradient = new Float64Array(plans[0]!.variables.length);
  const linearValues = Float64Array.from(plans.slice(1).flatMap((plan) => [...plan.linear]));
  const offsets = [0];
  for (const plan of plans.slice(1)) offsets.push(offsets.at(-1)! + plan.variables.length);
  const nonlinearRows = plans.map((_, i) => i).filter((i) => i > 0 && code.gradients[i] !== null);
  const at = new Float64Array(meta.variableCount).fill(NaN);
  let order = 0;

  const evaluate = (x: Float64Array): void => {
    let same = order > 0;
    for (let j = 0; same && j < at.length; j++) same = at[j] === x[j];
    if (same) return;
    at.set(x);
    values.set(x);
    code.evaluate(values);
    order = 1;
  };
  const differentiate = (x: Float64Array): void => {
    evaluate(x);
    if (order > 1) return;
    code.differentiate(values, partials);
    order = 2;
  };
  const addGradient = (gradient: GeneratedGradient | null | undefined, out: Float64Array, offset: number): void => {
    gradient?.(partials, adjoints, out, offset);
  };
  return {
    statements: generatedSize(tape, plans, hessianPlan),
    problem: {
      meta,
      objective(x) {
        evaluate(x);
        return functionValue(functions[0]!, x, values);
      },
      constraints(x, out) {
        evaluate(x);
        for (let i = 1; i < functions.length; i++) out[i - 1] = functionValue(functions[i]!, x, values);
      },
      gradient(x, out) {
        differentiate(x);
        objectiveGradient.set(plans[0]!.linear);
        addGradient(code.gradients[0], objectiveGradient, 0);
        out.fill(0);
        const { variables } = plans[0]!;
        for (let k = 0; k < variables.length; k++) out[variables[k]!] = objectiveGradient[k]!;
      },
      jacobian(x, out) {
        differentiate(x);
        out.set(linearValues);
        for (const i of nonlinearRows) addGradient(code.gradients[i], out, offsets[i - 1]!);
      },
      hessian(x, objectiveWeight, multipliers, out) {
        differentiate(x);
        if (order < 3) code.differentiateTwice(values, partials, secondPartials);
        order = 3;
        adjoints.fill(0);
        for (let i = 0; i < functions.length; i++) {
          const weight = i === 0 ? objectiveWeight : multipliers[i - 1]!;
          if (weight === 0) continue;
          const { slots, coefficients } = functions[i]!;
          for (let k = 0; k < slots.length; k++) adjoints[slots[k]!]! += weight * coefficients[k]!;
        }
        code.spreadAdjoints(partials, adjoints);
        edgeWeights.fill(0);
        code.pushEdges(partials, secondPartials, adjoints, edgeWeights);
        adjoints.fill(0);
        const { entryEdges } = hessianPlan;
        for (let k = 0; k < entryEdges.length; k++) out[k] = edgeWeights[entryEdges[k]!]!;
      },
    },
  };
}
