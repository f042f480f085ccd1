import { fitCurve } from '../../../../lib/index.js';

const t = [0, 0.5, 1, 1.5, 2, 2.5, 3, 4];
const y = [3.02, 1.85, 1.16, 0.86, 0.71, 0.58, 0.56, 0.49];
// task
const fit = fitCurve((t, [a, k, c]) => a * Math.exp(-k * t) + c, t, y, [2, 1, 0]);
console.log(fit.point, fit.standardErrors);
// end
export default fit;
