import * as z from '../../schema/index.js';
import { defineOptions } from '../../solver/index.js';
import { BinaryCursor } from './binary-cursor.js';
import { NlError } from './error.js';
import type { NlModel } from './model.js';
import { specialOrderedSets } from './ordered-sets.js';
import { integerVariables, readHeader, type RawHeader } from './read-header.js';
import { SegmentReader } from './read-segments.js';
import { TextCursor } from './text-cursor.js';

/** Limits on what a file may ask for, so that a damaged or hostile one cannot exhaust memory. */
export const nlReadOptions = defineOptions({
  maxVariables: z.int().positive().default(5_000_000).describe('Most variables taken.'),
  maxConstraints: z.int().positive().default(5_000_000).describe('Most constraints, and most objectives, taken.'),
  maxNodes: z.int().positive().default(50_000_000).describe('Most nodes of all expressions together.'),
  maxDepth: z.int().positive().default(1_000_000).describe('Deepest nesting of an expression.'),
});

/** Options of `readNl`; `nlReadOptions` has each with its default and meaning. */
export type NlReadOptions = Partial<typeof nlReadOptions.defaults>;

/**
 * Reads an AMPL `.nl` file, text or binary (both byte orders).
 *
 * Source of the format: D. M. Gay, "Writing .nl Files" (2005). Throws `NlError` with line or byte offset and what was
 * expected there. Logical constraints, complementarity, imported functions and the operators of constraint programming
 * are refused with `unsupported` set, and so are suffixes that ask for semi-continuous variables. A file that holds fewer
 * or more linear terms, objectives or functions than its header counts is refused.
 *
 * @param input - Content of the file, as text or as bytes.
 * @param options - Limits of size and depth.
 * @throws NlError with line or byte, what was expected and what stood there.
 * @example
 * ```ts
 * import { NlModelBuilder, expressions, readNl, writeNl } from 'sft-opt/io/nl';
 *
 * const builder = new NlModelBuilder('small');
 * const x = builder.variable({ lower: 0, upper: 4, integer: true });
 * const y = builder.variable({ lower: 0, upper: 4 });
 * builder.constraint(expressions.add(x, y), { upper: 5.5 });
 * builder.maximise(expressions.add(expressions.multiply(2, x), y));
 * const model = builder.build();
 * console.log(readNl(writeNl(model).text).variableCount); // 2
 * ```
 */
export function readNl(input: string | Uint8Array, options?: NlReadOptions): NlModel {
  const limits = nlReadOptions.resolve(options);
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  const headerCursor = new TextCursor(bytes);
  const raw = readHeader(headerCursor, limits);
  refuseUnsupported(raw);
  const integer = integerVariables(raw);
  const littleEndian = raw.arithmetic !== 2;
  const cursor =
    raw.letter === 'g'
      ? headerCursor
      : new BinaryCursor(bytes, headerCursor.byteOffset(), littleEndian, raw.letter === 'z');
  const reader = new SegmentReader(cursor, raw, limits);
  reader.readAll();
  const model = assemble(raw, reader, integer, littleEndian);
  specialOrderedSets(model);
  return model;
}

function refuseUnsupported(raw: RawHeader): void {
  if (raw.logicalConstraintCount > 0) {
    throw new NlError({ line: 2 }, `${raw.logicalConstraintCount} logical constraints; these are not supported`, true);
  }
  if (raw.letter !== 'g' && raw.arithmetic !== 1 && raw.arithmetic !== 2) {
    throw new NlError(
      { line: 6 },
      `expected arithmetic 1 (little-endian) or 2 (big-endian), found ${raw.arithmetic}`,
      true,
    );
  }
}

function assemble(raw: RawHeader, reader: SegmentReader, integer: Uint8Array, littleEndian: boolean): NlModel {
  return {
    header: {
      format: raw.letter === 'g' ? 'text' : 'binary',
      amplOptions: raw.amplOptions,
      ...(raw.tolerance !== undefined && { tolerance: raw.tolerance }),
      littleEndian,
      wantsSuffixes: (raw.flags & 1) !== 0,
      hasRowNames: raw.hasRowNames,
      hasColumnNames: raw.hasColumnNames,
    },
    ...(raw.name !== undefined && { name: raw.name }),
    variableCount: raw.variableCount,
    constraintCount: raw.constraintCount,
    graph: reader.builder.build(),
    definedVariables: reader.definedVariables.filter((variable) => variable !== undefined),
    constraintExpressions: reader.constraintExpressions,
    constraintLinear: reader.constraintLinear,
    objectives: reader.objectives,
    lower: reader.lower,
    upper: reader.upper,
    constraintLower: reader.constraintLower,
    constraintUpper: reader.constraintUpper,
    integer,
    start: reader.start,
    startGiven: reader.startGiven,
    ...(reader.startMarginals && { startMarginals: reader.startMarginals }),
    suffixes: reader.suffixes,
    nonsmooth: [...reader.nonsmooth.values()],
  };
}
