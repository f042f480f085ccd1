import { DenseKkt, densePattern, denseLowerTriangle, modelStructure, quadraticModel } from '../../lib/kkt/index.js';
import type { QuadraticModel } from '../../lib/kkt/index.js';

/** A random strictly convex model with n variables and m rows, some of them equalities, zero inside all the bounds. */
export function randomModel(n: number, m: number, random: () => number): QuadraticModel {
  const model = quadraticModel(modelStructure(n, m, denseLowerTriangle(n), densePattern(m, n)));
  const centred = () => 2 * random() - 1;
  const factor = Array.from({ length: n }, () => Array.from({ length: n }, centred));
  for (let i = 0, k = 0; i < n; i++) {
    for (let j = 0; j <= i; j++, k++) {
      const product = factor[i]!.reduce((sum, value, l) => sum + value * factor[j]![l]!, 0);
      model.hessian[k] = product + (i === j ? 0.1 : 0);
    }
  }
  for (let k = 0; k < model.jacobian.length; k++) model.jacobian[k] = centred();
  for (let j = 0; j < n; j++) {
    model.gradient[j] = 3 * centred();
    model.stepLower[j] = -random();
    model.stepUpper[j] = random() < 0.3 ? Infinity : random();
  }
  for (let i = 0; i < m; i++) {
    const isEquality = random() < 0.3;
    model.rowLower[i] = isEquality ? 0 : random() < 0.5 ? -Infinity : -0.5 * random();
    model.rowUpper[i] = isEquality ? 0 : 0.5 * random();
  }
  return model;
}

export const denseMatrixOf = (model: QuadraticModel) => new DenseKkt(model.structure);
