/**
 * A model-predictive controller: a cart with a force of at most 1 N comes to rest at 0 by a quadratic program every step, each from the
 * working set of the one before; then a pendulum, whose model is not linear, swings up by a nonlinear program.
 */
import { minimize, solveQp } from 'sft-opt';

const [step, horizon] = [0.2, 15];

/** Variables u₀ … u_{N−1}; position and speed follow from them: x_k = p₀ + k·h·v₀ + h²·Σ_{i<k} (k − i − ½)·u_i. */
function quadraticProgram(position: number, speed: number) {
  const columns = (k: number) => Array.from({ length: horizon }, (_, i) => (i < k ? step ** 2 * (k - i - 0.5) : 0));
  const speeds = (k: number) => Array.from({ length: horizon }, (_, i) => (i < k ? step : 0));
  const hessian = Array.from({ length: horizon }, (_, i) =>
    Array.from({ length: horizon }, (_, j) => (i === j ? 0.02 : 0)),
  );
  const linear = new Float64Array(horizon);
  for (let k = 1; k <= horizon; k++) {
    for (const [row, free, weight] of [
      [columns(k), position + k * step * speed, 1],
      [speeds(k), speed, 0.2],
    ] as const) {
      for (let i = 0; i < horizon; i++) {
        linear[i]! += 2 * weight * row[i]! * free;
        for (let j = 0; j < horizon; j++) hessian[i]![j]! += 2 * weight * row[i]! * row[j]!;
      }
    }
  }
  const entries = Float64Array.from(
    { length: horizon ** 2 },
    (_, k) => hessian[k % horizon]![Math.floor(k / horizon)]!,
  );
  return {
    hessian: { kind: 'dense', rows: horizon, columns: horizon, values: entries },
    linear,
    constraintLower: new Float64Array(0),
    constraintUpper: new Float64Array(0),
    lower: new Float64Array(horizon).fill(-1),
    upper: new Float64Array(horizon).fill(1),
  } as const;
}

let [position, speed] = [2, 0];
let working: ReturnType<typeof solveQp>['workingSet'] | undefined;
let changes = 0;
for (let tick = 0; tick < 40; tick++) {
  const result = solveQp(quadraticProgram(position, speed), {}, working && { workingSet: working });
  if (result.termination !== 'optimal') throw new Error(result.termination);
  working = result.workingSet;
  changes += result.workingSetChanges;
  const force = result.x[0]!;
  position += step * speed + (step ** 2 / 2) * force;
  speed += step * force;
}
console.log(
  `cart at rest: ${Math.abs(position) < 1e-2 && Math.abs(speed) < 1e-2}, ${changes} changes of the working set in 40 programs`,
);

/** θ'' = sin θ + u from hanging (θ = π) to upright (0), |u| ≤ 0.8: less than gravity, so that it must swing. */
const knots = 40;
const pace = 0.25;
const angles = (x: ArrayLike<number>) => {
  let [angle, rate] = [Math.PI, 0];
  for (let k = 0; k < knots; k++) {
    rate += pace * (Math.sin(angle) + x[k]!);
    angle += pace * rate;
  }
  return { angle, rate };
};
const swing = minimize(
  (x) => Array.from({ length: knots }, (_, k) => x[k]! ** 2).reduce((sum, value) => sum + pace * value, 0),
  Array.from({ length: knots }, (_, k) => 0.5 * Math.sin(k * pace)),
  {
    bounds: [-0.8, 0.8],
    constraints: {
      upright: { value: (x) => angles(x).angle, equals: 0 },
      still: { value: (x) => angles(x).rate, equals: 0 },
    },
  },
);
console.log(`pendulum upright: ${swing.success && Math.abs(angles(swing.x).angle) < 1e-5}`);

/* prints
cart at rest: true, 72 changes of the working set in 40 programs
pendulum upright: true
*/
