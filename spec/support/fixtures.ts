import { readFileSync } from 'node:fs';
import { parseProblemFile } from '../../lib/io/index.js';
import type { PlanningProblem } from '../../lib/models/index.js';

const folder = new URL('../fixtures/', import.meta.url);

/** The planning problem of a file under spec/fixtures, such as `planner/campus-equal.yaml`. */
export function fixtureProblem(file: string): PlanningProblem {
  return parseProblemFile(readFileSync(new URL(file, folder), 'utf8')).problem;
}
