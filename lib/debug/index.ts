/** What a report of a wrong answer can carry: a run as a table, a subproblem as a text that anyone can solve again. */
export { iterationTable } from './iteration-table.js';
export { subproblemAt } from './subproblem.js';
export { dumpQuadraticProgram, readQuadraticProgram } from './dump.js';
