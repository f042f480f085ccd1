import { kktResiduals } from '../../problem/index.js';
import type { QpEvidence } from '../evidence.js';
import type { ArrowheadQuadraticProgram } from './arrowhead-program.js';

/** A point of an arrowhead program with its multipliers; private rows before coupling rows, x before t. */
export interface ArrowheadPoint {
  readonly x: Float64Array;
  readonly multipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
}

/** Residuals and duality gap of a point in O(n·(k + r)), from the data alone. */
export function arrowheadEvidence(program: ArrowheadQuadraticProgram, point: ArrowheadPoint): QpEvidence {
  const { x, multipliers, boundMultipliers } = point;
  const n = program.privateLinear.length;
  const k = program.sharedLinear.length;
  const r = program.couplingLower.length;
  const rows = program.privateRows;
  const rowCount = rows === undefined ? 0 : n;
  const total = n + k;
  const gradient = new Float64Array(total);
  const transposed = new Float64Array(total);
  const values = new Float64Array(rowCount + r);
  let curvature = 0;
  let cost = 0;
  for (let j = 0; j < n; j++) {
    const bent = program.privateHessian[j]! * x[j]!;
    gradient[j] = bent + program.privateLinear[j]!;
    curvature += bent * x[j]!;
    cost += program.privateLinear[j]! * x[j]!;
    if (rows === undefined) continue;
    let value = rows.privateCoefficients[j]! * x[j]!;
    const multiplier = multipliers[j]!;
    transposed[j] = rows.privateCoefficients[j]! * multiplier;
    for (let c = 0; c < k; c++) {
      const coefficient = rows.sharedCoefficients.values[j * k + c]!;
      value += coefficient * x[n + c]!;
      transposed[n + c]! += coefficient * multiplier;
    }
    values[j] = value;
  }
  for (let a = 0; a < k; a++) {
    let bent = 0;
    for (let b = 0; b < k; b++) bent += (program.sharedHessian?.values[a * k + b] ?? 0) * x[n + b]!;
    gradient[n + a] = bent + program.sharedLinear[a]!;
    curvature += bent * x[n + a]!;
    cost += program.sharedLinear[a]! * x[n + a]!;
  }
  for (let i = 0; i < r; i++) {
    const multiplier = multipliers[rowCount + i]!;
    let value = 0;
    for (let j = 0; j < n; j++) {
      const coefficient = program.couplingPrivate.values[i * n + j]!;
      value += coefficient * x[j]!;
      transposed[j]! += coefficient * multiplier;
    }
    for (let c = 0; c < k; c++) {
      const coefficient = program.couplingShared?.values[i * k + c] ?? 0;
      value += coefficient * x[n + c]!;
      transposed[n + c]! += coefficient * multiplier;
    }
    values[rowCount + i] = value;
  }
  const join = (first: Float64Array | undefined, second: Float64Array): Float64Array => {
    const result = new Float64Array((first?.length ?? 0) + second.length);
    if (first !== undefined) result.set(first);
    result.set(second, first?.length ?? 0);
    return result;
  };
  const meta = {
    variableCount: total,
    constraintCount: rowCount + r,
    lower: join(program.privateLower, program.sharedLower),
    upper: join(program.privateUpper, program.sharedUpper),
    constraintLower: join(rows?.lower, program.couplingLower),
    constraintUpper: join(rows?.upper, program.couplingUpper),
    start: x,
  };
  const residuals = kktResiduals(meta, {
    x,
    multipliers,
    boundMultipliers,
    gradient,
    constraintValues: values,
    jacobianTransposeMultipliers: transposed,
  });
  let support = 0;
  const addSupport = (multiplier: number, lower: number, upper: number): void => {
    if (multiplier !== 0) support += multiplier * (multiplier > 0 ? upper : lower);
  };
  for (let j = 0; j < total; j++) addSupport(boundMultipliers[j]!, meta.lower[j]!, meta.upper[j]!);
  for (let i = 0; i < rowCount + r; i++) {
    addSupport(multipliers[i]!, meta.constraintLower[i]!, meta.constraintUpper[i]!);
  }
  let dualResidual = 0;
  let stationarityScale = 1;
  for (let j = 0; j < total; j++) {
    const residual = Math.abs(gradient[j]! + transposed[j]! + boundMultipliers[j]!);
    dualResidual = Math.max(dualResidual, Number.isNaN(residual) ? Infinity : residual);
    stationarityScale = Math.max(stationarityScale, Math.abs(gradient[j]!), Math.abs(transposed[j]!));
  }
  const gap = Math.abs(curvature + cost + support);
  return {
    objective: 0.5 * curvature + cost,
    residuals,
    dualityGap: Number.isNaN(gap) ? Infinity : gap,
    dualResidual,
    stationarityScale,
  };
}
