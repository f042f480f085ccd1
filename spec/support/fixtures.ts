import { readFileSync } from 'node:fs';
import { parseProblemFile, readProblemFile } from '../../lib/io/index.js';
import type { PlanningProblem, ProblemSource } from '../../lib/models/index.js';

const folder = new URL('../fixtures/', import.meta.url);

/** The planning problem of a file under spec/fixtures, such as `planner/campus-equal.yaml`. */
export function fixtureProblem(file: string): PlanningProblem {
  return parseProblemFile(readFileSync(new URL(file, folder), 'utf8')).problem;
}

/** The same file as a source that can be rebuilt. */
export function fixtureSource(file: string): ProblemSource {
  const outcome = readProblemFile(readFileSync(new URL(file, folder), 'utf8'));
  if (!outcome.ok) throw new Error(`${file} is no valid problem file`);
  return outcome.resolved;
}
