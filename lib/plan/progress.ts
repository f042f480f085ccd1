/** Where a solve stands, from every method and every part of a solve; `fraction` is absent where the end is not known. */
export interface SolveProgress {
  readonly phase: 'search' | 'bound' | 'baselines' | 'what-if' | 'trade-off' | 'explanation';
  readonly fraction?: number;
  /** Round of the best plan so far, seconds. */
  readonly totalSeconds?: number;
  readonly boundSeconds?: number;
}
