import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileNl, readNl } from '../../lib/io/nl/index.js';
import { minimize } from '../../lib/minimize/index.js';
import type { NonlinearProgram } from '../../lib/problem/index.js';
import { isSolved } from '../../lib/solver/index.js';
import { loadNlopt } from './nlopt.js';
import { medianSeconds, type Outcome, type RawAnswer } from './outcome.js';
import { askPython } from './peers.js';

const violationLimit = 1e-6;
const objectiveTolerance = 1e-4;
const repetitions = 3;

/** All outcomes on the CUTE sample in `folder`; empty where it is not there. */
export async function nonlinearOutcomes(folder: string): Promise<Outcome[]> {
  if (!existsSync(folder)) return [];
  const reference = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as Record<
    string,
    { bestObjective: number }
  >;
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.nl'))
    .map((file) => file.slice(0, -'.nl'.length))
    .sort();
  const pathOf = (name: string): string => join(folder, `${name}.nl`);
  const fromPython = askPython('nonlinear.py', repetitions, names.map(pathOf));
  const nlopt = await loadNlopt();
  const outcomes: Outcome[] = [];
  for (const name of names) {
    const problem = compileNl(readNl(new Uint8Array(readFileSync(pathOf(name)))));
    const best = reference[name]!.bestObjective;
    for (const [solver, method] of ourMethods) {
      outcomes.push(judge(problem, name, solver, best, solveOurs(problem, method)));
    }
    if (nlopt) outcomes.push(judge(problem, name, 'nlopt-js SLSQP', best, nlopt(problem, repetitions)));
    for (const [solver, answer] of Object.entries(fromPython?.[pathOf(name)] ?? {})) {
      outcomes.push(judge(problem, name, solver, best, answer));
    }
  }
  return outcomes;
}

const ourMethods = [
  ['sft-opt minimize', 'auto'],
  ['sft-opt SQP', 'sqp'],
  ['sft-opt AL', 'auglag'],
] as const;

function solveOurs(problem: NonlinearProgram, method: (typeof ourMethods)[number][1]): RawAnswer {
  let result = minimize(problem, { method });
  const seconds = medianSeconds(() => (result = minimize(problem, { method })), repetitions);
  return {
    x: [...result.x],
    claimed: isSolved(result.termination),
    seconds,
    evaluations: result.counts.objective,
  };
}

/** Evaluates the answer with the compiled problem: feasible to 1e-6 relative, objective within 1e-4 of the best known. */
function judge(
  problem: NonlinearProgram,
  name: string,
  solver: string,
  best: number,
  answer: RawAnswer | { error: string },
): Outcome {
  if ('error' in answer) {
    console.log(`${solver} failed on ${name}: ${answer.error}`);
    const nothing = { objective: NaN, violation: Infinity, seconds: Infinity, evaluations: Infinity };
    return { problem: name, solver, solved: false, claimed: false, ...nothing };
  }
  const x = Float64Array.from(answer.x);
  const { meta } = problem;
  const rows = new Float64Array(meta.constraintCount);
  problem.constraints?.(x, rows);
  const violation = Math.max(
    largestViolation(rows, meta.constraintLower, meta.constraintUpper),
    largestViolation(x, meta.lower, meta.upper),
  );
  const objective = problem.objective(x);
  const close = objective - best <= objectiveTolerance * Math.max(1, Math.abs(best));
  return {
    problem: name,
    solver,
    solved: violation <= violationLimit && close,
    claimed: answer.claimed,
    objective,
    violation,
    seconds: answer.seconds,
    evaluations: answer.evaluations,
  };
}

export function largestViolation(values: Float64Array, lower: Float64Array, upper: Float64Array): number {
  let worst = 0;
  for (let i = 0; i < values.length; i++) {
    const below = (lower[i]! - values[i]!) / Math.max(1, Math.abs(lower[i]!));
    const above = (values[i]! - upper[i]!) / Math.max(1, Math.abs(upper[i]!));
    worst = Number.isNaN(values[i]) ? Infinity : Math.max(worst, below || 0, above || 0);
  }
  return worst;
}
