import { scaleGroups, shapeSize, tokenWidth } from '../layout.js';
import type { CodecSettings } from '../settings.js';

/** A tensor as rows: what the small mode derives from shape and settings alone. */
export interface RowShape {
  readonly width: number;
  readonly rows: number;
  readonly rowsPerSample: number;
  /** Rows of a sample for the scales when each row has one of its own; else 0. */
  readonly scaleRowsPerSample: number;
}

/** Rows are tokens; with three axes or more, a sample has as many as the axes between first and last make. */
export function rowShape(shape: readonly number[], settings: CodecSettings): RowShape {
  const size = shapeSize(shape);
  const width = size === 0 ? 1 : tokenWidth(shape);
  const rows = size / width;
  const rowsPerSample = shape.length > 2 && rows > 0 ? rows / shape[0]! : Math.max(1, rows);
  return { width, rows, rowsPerSample, scaleRowsPerSample: settings.scaleScope === 'token' ? rowsPerSample : 0 };
}

/** Upper 17 bits of the float32 scale that holds for the start of each row. */
export function rowPatterns(
  scales: Float32Array,
  shape: readonly number[],
  settings: CodecSettings,
  { width, rows }: RowShape,
): Int32Array {
  const words = new Uint32Array(scales.buffer, scales.byteOffset, scales.length);
  const { size } = scaleGroups(shape, settings);
  const patterns = new Int32Array(rows);
  for (let row = 0; row < rows; row++) patterns[row] = words[Math.floor((row * width) / size)]! >>> 15;
  return patterns;
}

/** Whether one threshold served many rows, each of which has its own scale. */
export function selectsAcrossRows({ selection, selectionScope, scaleScope }: CodecSettings): boolean {
  if (scaleScope !== 'token') return false;
  if (selection === 'threshold') return true;
  return selection !== 'all' && (selectionScope === 'tensor' || selectionScope === 'sample');
}

/**
 * Distance of the second neighbour: the patch above in a square image, with or without a class token; else the token
 * before the last one.
 */
export function upperNeighbour(rowsPerSample: number): number {
  for (const patches of [rowsPerSample - 1, rowsPerSample]) {
    const side = Math.round(Math.sqrt(patches));
    if (side > 1 && side * side === patches) return side;
  }
  return rowsPerSample > 2 ? 2 : 0;
}
