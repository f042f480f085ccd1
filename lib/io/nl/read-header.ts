import { NlError } from './error.js';
import type { TextCursor } from './text-cursor.js';

/** The ten header lines; see the field names of the format's description. */
export interface RawHeader {
  /** First byte: g text, b binary, z binary with short operator codes. */
  readonly letter: 'g' | 'b' | 'z';
  readonly amplOptions: readonly number[];
  readonly tolerance?: number;
  readonly variableCount: number;
  readonly constraintCount: number;
  readonly objectiveCount: number;
  readonly logicalConstraintCount: number;
  readonly nonlinearConstraintCount: number;
  readonly nonlinearInConstraints: number;
  readonly nonlinearInObjectives: number;
  readonly nonlinearInBoth: number;
  readonly networkVariables: number;
  readonly functionCount: number;
  /** 0 text, 1 little-endian, 2 big-endian. */
  readonly arithmetic: number;
  readonly flags: number;
  readonly linearBinary: number;
  readonly linearInteger: number;
  readonly integerInBoth: number;
  readonly integerInConstraints: number;
  readonly integerInObjectives: number;
  /** Linear terms of all segments J, and of all segments G. */
  readonly jacobianNonzeros: number;
  readonly gradientNonzeros: number;
  readonly hasRowNames: boolean;
  readonly hasColumnNames: boolean;
  readonly definedVariableCount: number;
  /** Text after the first `# problem`, if any. */
  readonly name?: string;
}

/** Bounds on what a file may ask for. */
export interface HeaderLimits {
  readonly maxVariables: number;
  readonly maxConstraints: number;
}

/** Reads one header line's integers: `required` of them must be there, up to `most` are taken, the rest is ignored. */
function headerLine(cursor: TextCursor, line: string, required: number, most: number): number[] {
  const values: number[] = [];
  while (values.length < most && (values.length < required || cursor.integerFollows())) {
    const value = cursor.integer(`integer ${values.length + 1} of header line ${line}`);
    if (value < 0) cursor.fail(`expected a count in header line ${line}, found ${value}`);
    values.push(value);
  }
  cursor.skipLine();
  return values;
}

interface FirstLine {
  letter: RawHeader['letter'];
  amplOptions: number[];
  tolerance?: number;
}

const mostAmplOptions = 9;

function readFirstLine(cursor: TextCursor): FirstLine {
  const code = cursor.letter('g, b or z, the first letter of a .nl file');
  const letter = String.fromCharCode(code).toLowerCase();
  if (letter === 'h') {
    throw new NlError(cursor.position(), 'format letter h (short binary integers) is not supported', true);
  }
  if (letter !== 'g' && letter !== 'b' && letter !== 'z') {
    cursor.fail('expected g, b or z as the first letter of a .nl file');
  }
  const count = cursor.integerFollows() ? cursor.integer('the number of options') : 0;
  if (count < 0 || count > mostAmplOptions) cursor.fail(`expected at most ${mostAmplOptions} options, found ${count}`);
  const amplOptions: number[] = [];
  while (amplOptions.length < count && cursor.integerFollows()) amplOptions.push(cursor.integer('an option'));
  const tolerance = amplOptions[1] === 3 ? { tolerance: cursor.real('a tolerance after option 2 = 3') } : {};
  return { letter, amplOptions, ...tolerance };
}

/** Reads the header with the cursor at the start of the file and leaves it at the start of the body. */
export function readHeader(cursor: TextCursor, limits: HeaderLimits): RawHeader {
  const first = readFirstLine(cursor);
  const name = cursor.problemName();
  cursor.skipLine();
  const [variableCount, constraintCount, objectiveCount, , , logical = 0] = headerLine(cursor, '2', 3, 6);
  checkCount(cursor, 'variables', variableCount!, limits.maxVariables);
  checkCount(cursor, 'constraints', constraintCount!, limits.maxConstraints);
  checkCount(cursor, 'objectives', objectiveCount!, limits.maxConstraints);
  const [nonlinearConstraints, , linearPairs = 0, nonlinearPairs = 0] = headerLine(cursor, '3', 2, 6);
  if (linearPairs + nonlinearPairs > 0) {
    throw new NlError(
      { line: 3 },
      `${linearPairs + nonlinearPairs} complementarity constraints; these are not supported`,
      true,
    );
  }
  headerLine(cursor, '4', 2, 2);
  const [inConstraints, inObjectives, inBoth = 0] = headerLine(cursor, '5', 2, 3);
  const [network, functions, arithmetic = 0, flags = 0] = headerLine(cursor, '6', 2, 4);
  const integers = headerLine(cursor, '7', 2, 5);
  const [jacobianNonzeros, gradientNonzeros] = headerLine(cursor, '8', 2, 2);
  const [rowNames, columnNames] = headerLine(cursor, '9', 2, 2);
  const defined = headerLine(cursor, '10', 5, 5);
  return {
    letter: first.letter,
    amplOptions: first.amplOptions,
    ...(first.tolerance !== undefined && { tolerance: first.tolerance }),
    ...(name !== undefined && { name }),
    variableCount: variableCount!,
    constraintCount: constraintCount!,
    objectiveCount: objectiveCount!,
    logicalConstraintCount: logical,
    nonlinearConstraintCount: nonlinearConstraints!,
    nonlinearInConstraints: inConstraints!,
    nonlinearInObjectives: inObjectives!,
    nonlinearInBoth: inBoth,
    networkVariables: network!,
    functionCount: functions!,
    arithmetic,
    flags,
    linearBinary: integers[0]!,
    linearInteger: integers[1]!,
    integerInBoth: integers[2] ?? 0,
    integerInConstraints: integers[3] ?? 0,
    integerInObjectives: integers[4] ?? 0,
    jacobianNonzeros: jacobianNonzeros!,
    gradientNonzeros: gradientNonzeros!,
    hasRowNames: rowNames! > 0,
    hasColumnNames: columnNames! > 0,
    definedVariableCount: defined.reduce((sum, count) => sum + count, 0),
  };
}

function checkCount(cursor: TextCursor, what: string, count: number, limit: number): void {
  const most = Math.min(limit, cursor.remainingBytes());
  if (count > most) {
    throw new NlError({ line: 2 }, `expected at most ${most} ${what} (limit, or size of the file), found ${count}`);
  }
}

/**
 * 1 where the variable is an integer, from the order of the variables: nonlinear in both kinds, in constraints, in
 * objectives, arcs, other linear, linear binary, linear integer; integers stand last in each nonlinear class.
 */
export function integerVariables(header: RawHeader): Uint8Array {
  const { variableCount, nonlinearInConstraints, nonlinearInObjectives, nonlinearInBoth } = header;
  const fail = (problem: string): never => {
    throw new NlError({ line: 7 }, problem);
  };
  const flags = new Uint8Array(variableCount);
  const nonlinear = Math.max(nonlinearInConstraints, nonlinearInObjectives);
  if (nonlinearInBoth > nonlinearInConstraints || nonlinear > variableCount) {
    throw new NlError({ line: 5 }, 'expected counts of nonlinear variables that fit the number of variables');
  }
  const mark = (end: number, count: number, size: number, what: string): void => {
    if (count > size) fail(`expected at most ${size} integer variables among those ${what}, found ${count}`);
    flags.fill(1, end - count, end);
  };
  mark(nonlinearInBoth, header.integerInBoth, nonlinearInBoth, 'nonlinear in both');
  mark(
    nonlinearInConstraints,
    header.integerInConstraints,
    nonlinearInConstraints - nonlinearInBoth,
    'nonlinear in constraints only',
  );
  mark(
    nonlinear,
    header.integerInObjectives,
    Math.max(0, nonlinearInObjectives - nonlinearInConstraints),
    'nonlinear in objectives only',
  );
  const linear = variableCount - nonlinear - header.networkVariables;
  mark(variableCount, header.linearBinary + header.linearInteger, linear, 'linear');
  return flags;
}
