export { runInterior, solveInterior, suitsInterior } from './solve.js';
export { interiorOptions, type InteriorOptions } from './options.js';
