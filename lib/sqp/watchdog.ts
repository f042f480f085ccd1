import type { AcceptanceTest } from '../globalization/index.js';
import type { Iterate, KeptPoint } from '../kkt/index.js';
import { dotProduct, maxAbs } from '../kkt/index.js';
import { subproblemSolution, type SubproblemSolution } from '../kkt/index.js';

/** What became of a full step: enough progress since the reference, tolerated for now, or to be taken back. */
export type RelaxedOutcome = 'progress' | 'tolerated' | 'failed';

/**
 * Watchdog (Chamberlain et al. 1982; Nocedal & Wright, alg. 15.2): after many shortened steps in a row a few full steps are
 * tolerated that the acceptance test refuses. When one of them makes enough progress by the test at the point where they
 * began, the method goes on from there; else it goes back to that point and shortens the step that it had there.
 */
export class Watchdog {
  private shortened = 0;
  private taken = 0;
  private isWatching = false;
  private reference: Reference | undefined;

  constructor(
    private readonly iterate: Iterate,
    private readonly rowMultipliers: Float64Array,
    private readonly boundMultipliers: Float64Array,
    /** Shortened steps in a row that set it off; 0: never. */
    private readonly trigger: number,
    /** Full steps that are tolerated. */
    private readonly patience: number,
  ) {}

  reset(): void {
    this.shortened = 0;
    this.isWatching = false;
  }

  /** True between the first tolerated step and the end of the watch. */
  get watching(): boolean {
    return this.isWatching;
  }

  /** True when the next step is to be a relaxed one. */
  get relaxes(): boolean {
    return this.isWatching || (this.trigger > 0 && this.shortened >= this.trigger);
  }

  /** Told of every step of the line search. */
  stepTaken(isFull: boolean): void {
    this.shortened = isFull ? 0 : this.shortened + 1;
  }

  /** Tries the full step; unless `failed`, the iterate's trial point holds it with its derivatives. */
  relaxedStep(test: AcceptanceTest, solution: SubproblemSolution, violation: number): RelaxedOutcome {
    const { iterate } = this;
    if (!this.isWatching) this.begin(solution, violation);
    const reference = this.reference!;
    iterate.setTrial(solution.step, 1);
    const { evaluation, trial } = iterate;
    if (!evaluation.functions(trial)) return 'failed';
    const from = { violation: reference.violation, objective: reference.kept.point.objective };
    test.prepare(from, reference.slope, reference.solution.linearViolation, maxAbs(reference.solution.rowMultipliers));
    const reached = { violation: evaluation.violation(trial), objective: trial.objective };
    const verdict = test.judge(from, reached, reference.slope, 1);
    const isTolerable = this.taken < this.patience && reached.violation <= test.largestViolation;
    if ((verdict === 'rejected' && !isTolerable) || !iterate.differentiateTrial()) return 'failed';
    if (verdict === 'rejected') {
      this.taken++;
      return 'tolerated';
    }
    test.moved(from, verdict);
    this.reset();
    return 'progress';
  }

  /** Back to where the watch began: point, derivatives, multipliers, and the subproblem's solution there. */
  goBack(solution: SubproblemSolution): void {
    const { iterate } = this;
    const reference = this.reference!;
    iterate.restore(reference.kept);
    iterate.linearize();
    this.rowMultipliers.set(reference.rowMultipliers);
    this.boundMultipliers.set(reference.boundMultipliers);
    copySolution(reference.solution, solution);
    this.reset();
  }

  /** Violation at the point where the watch began. */
  get referenceViolation(): number {
    return this.reference!.violation;
  }

  private begin(solution: SubproblemSolution, violation: number): void {
    const { iterate } = this;
    const { structure } = iterate;
    this.reference ??= {
      kept: iterate.save(),
      rowMultipliers: this.rowMultipliers.slice(),
      boundMultipliers: this.boundMultipliers.slice(),
      solution: subproblemSolution(structure.variableCount, structure.rowCount),
      violation,
      slope: 0,
    };
    const { reference } = this;
    iterate.save(reference.kept);
    reference.rowMultipliers.set(this.rowMultipliers);
    reference.boundMultipliers.set(this.boundMultipliers);
    copySolution(solution, reference.solution);
    reference.violation = violation;
    reference.slope = dotProduct(iterate.model.gradient, solution.step);
    this.taken = 0;
    this.isWatching = true;
  }
}

interface Reference {
  readonly kept: KeptPoint;
  readonly rowMultipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
  readonly solution: SubproblemSolution;
  violation: number;
  slope: number;
}

function copySolution(from: SubproblemSolution, to: SubproblemSolution): void {
  to.step.set(from.step);
  to.rowMultipliers.set(from.rowMultipliers);
  to.boundMultipliers.set(from.boundMultipliers);
  to.workingSet.rows.set(from.workingSet.rows);
  to.workingSet.variables.set(from.workingSet.variables);
  to.linearViolation = from.linearViolation;
  to.shift = from.shift;
}
