/** A codec setting by what the planner knows of it. */
export interface CodecPoint {
  readonly keptFraction: number;
  /** 32: values as they are. */
  readonly bits: number;
}

/** Blocks on the device that calibration runs: the least, the most, and the middle. */
export function calibrationCuts(blocks: number): number[] {
  return [...new Set([1, Math.ceil(blocks / 2), blocks - 1])];
}
