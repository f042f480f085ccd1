import { solveLp } from '../../../../lib/index.js';

const matrix = [
  [1, 1],
  [1, 3],
  [1, 0],
];
// task
const result = solveLp({ maximize: [3, 2], rows: matrix, atMost: [4, 6, 3] });
// end
export default result;
