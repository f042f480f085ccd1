export { solveDirect } from './solve.js';
