import { solveQuadratic } from '../../../../lib/index.js';

const covariance = [
  [0.08, 0.02, 0],
  [0.02, 0.18, 0.02],
  [0, 0.02, 0.32],
];
const returns = [0.08, 0.12, 0.15];
// task
const program = { hessian: covariance, rows: [[1, 1, 1], returns], equals: [1, null], atLeast: [null, 0.12] };
const result = solveQuadratic({ ...program, bounds: [0, 1] });
// end
export default result;
