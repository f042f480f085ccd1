import type { BarrierBlock } from './barrier.js';
import type { NewtonSystem } from './newton-system.js';

/** Steps cut below this by the bounds are corrected towards the central path, at most so often. */
const shortStep = 0.1;
const mostCorrections = 6;
/** What is to be gained by a correction: the step aimed at, and the least factor that is kept. */
const aimedGain = 0.5;
const leastGain = 1.1;

/** A Newton step's promise: slope of the barrier objective along it, and how much of it the bounds allow. */
export interface StepPromise {
  readonly slope: number;
  readonly longest: number;
}

/**
 * Corrections towards the central path (Gondzio 1996) with the factors at hand, of steps that bounds cut short: products
 * multiplier·slack far from μ at a longer step are pulled back, as long as the step then goes further and promises more.
 * On non-convex problems, where the step leads out of many bounds, one would else be met a time.
 */
export class CentralityCorrections {
  /** What a correction changes, and room for it as it was. */
  private readonly state: readonly Float64Array[];
  private readonly kept: readonly Float64Array[];

  constructor(
    private readonly system: NewtonSystem,
    private readonly variables: BarrierBlock,
    private readonly slacks: BarrierBlock,
  ) {
    const blocks = [variables, slacks].flatMap((block) => [block.step, block.lowerOffset, block.upperOffset]);
    this.state = [...blocks, system.rowStep];
    this.kept = this.state.map((values) => new Float64Array(values.length));
  }

  /** Corrects the step that was just solved for, as far as that helps. */
  lengthen(kinds: Uint8Array, rowMultipliers: Float64Array, mu: number, tau: number): StepPromise {
    const { variables, slacks, system, state, kept } = this;
    let promise = this.promise(mu, tau);
    for (let k = 0; k < mostCorrections && promise.longest < shortStep; k++) {
      const multiplierLength = Math.min(
        variables.longestMultiplierStep(mu, tau),
        slacks.longestMultiplierStep(mu, tau),
      );
      state.forEach((values, index) => kept[index]!.set(values));
      const aim = promise.longest + aimedGain;
      const multiplierAim = Math.min(1, 1.1 * multiplierLength + 0.1);
      variables.pullBack(mu, aim, multiplierAim);
      slacks.pullBack(mu, aim, multiplierAim);
      const solved = system.solve(kinds, rowMultipliers, mu, (i) => system.presentResidual(kinds, i));
      const now = this.promise(mu, tau);
      const isBetter =
        now.longest > leastGain * promise.longest && now.slope * now.longest <= promise.slope * promise.longest;
      if (!solved || !isBetter) {
        state.forEach((values, index) => values.set(kept[index]!));
        break;
      }
      promise = now;
    }
    return promise;
  }

  private promise(mu: number, tau: number): StepPromise {
    const { system, variables, slacks } = this;
    const longest = Math.min(variables.longestStep(tau), slacks.longestStep(tau));
    return { slope: system.barrierSlope(mu), longest };
  }
}
