import { solveMilp } from '../../../../lib/index.js';

// task
const result = solveMilp({ maximize: [8, 11, 6, 4], rows: [[5, 7, 4, 3]], atMost: [14], bounds: [0, 1] });
// end
export default result;
