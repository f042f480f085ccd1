import { minimize } from '../../../../lib/index.js';

// task
const result = minimize((x) => 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [-1.2, 0.4], { bounds: [-2, 0.5] });
// end
export default result;
