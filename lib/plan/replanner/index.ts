export { Replanner, type ReplanBound, type ReplanBudget } from './replanner.js';
