import type { LinearTerms, NlModel } from './model.js';
import { Simplifier } from './simplify.js';
import { buildTape, type FunctionRoot, type Tape } from './tape.js';

const noTerms: LinearTerms = { variables: new Int32Array(0), coefficients: new Float64Array(0) };

/** The tape of an objective times `objectiveSign`, and of all constraints after it. */
export function makeTape(
  model: NlModel,
  objectiveNode: number | undefined,
  objectiveLinear: LinearTerms = noTerms,
  objectiveSign: number,
): Tape {
  const simplifier = new Simplifier(model.graph, model.definedVariables, model.variableCount);
  const first = objectiveNode === undefined ? 0 : 1;
  const rootNodes = new Int32Array(first + model.constraintCount).fill(objectiveNode ?? 0);
  rootNodes.set(model.constraintExpressions, first);
  const images = simplifier.simplify(rootNodes);
  const objective: FunctionRoot = {
    node: objectiveNode === undefined ? simplifier.table.constant(0) : images[0]!,
    ...objectiveLinear,
    factor: objectiveSign,
  };
  const constraints = model.constraintLinear.map((linear, i) => ({ node: images[first + i]!, ...linear, factor: 1 }));
  return buildTape(simplifier.table, [objective, ...constraints], model.graph.piecewise);
}
