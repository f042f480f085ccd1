import type { NlCursor } from './cursor.js';
import { NlError } from './error.js';
import { GraphBuilder } from './graph.js';
import type { LinearTerms, NlDefinedVariable, NlObjective, NlSuffix, NonsmoothOperator } from './model.js';
import { readExpression, showLetter, type ExpressionContext } from './read-expression.js';
import type { RawHeader } from './read-header.js';
import { suffixTargets } from './sol.js';

const noTerms: LinearTerms = { variables: new Int32Array(0), coefficients: new Float64Array(0) };

/** Limits on the expressions of one file. */
export interface ExpressionLimits {
  readonly maxDepth: number;
  readonly maxNodes: number;
}

/** Reads the segments after the header, in any order, into arrays of the sizes that the header states. */
export class SegmentReader {
  readonly builder = new GraphBuilder();
  readonly nonsmooth = new Map<number, NonsmoothOperator>();
  readonly definedVariables: (NlDefinedVariable | undefined)[];
  readonly constraintExpressions: Int32Array;
  readonly constraintLinear: LinearTerms[];
  readonly objectives: { sense: NlObjective['sense']; expression: number; linear: LinearTerms }[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly constraintLower: Float64Array;
  readonly constraintUpper: Float64Array;
  readonly start: Float64Array;
  readonly startGiven: Uint8Array;
  startMarginals: Float64Array | undefined;
  readonly suffixes: NlSuffix[] = [];

  private readonly context: ExpressionContext;
  private readonly definedNodes: (number | undefined)[];
  private readonly functionNames = new Map<number, string>();
  private readonly seen = new Set<string>();
  private readonly marks: Int32Array;
  private markCount = 0;

  constructor(
    private readonly cursor: NlCursor,
    private readonly header: RawHeader,
    limits: ExpressionLimits,
  ) {
    const { variableCount, constraintCount, objectiveCount, definedVariableCount } = header;
    if (definedVariableCount > cursor.remainingBytes()) {
      throw new NlError({ line: 10 }, `expected fewer defined variables than the file has bytes`);
    }
    this.definedVariables = Array.from({ length: definedVariableCount }, () => undefined);
    this.definedNodes = Array.from({ length: definedVariableCount }, () => undefined);
    this.constraintExpressions = new Int32Array(constraintCount).fill(-1);
    this.constraintLinear = Array.from({ length: constraintCount }, () => noTerms);
    this.objectives = Array.from({ length: objectiveCount }, () => ({
      sense: 'minimise' as const,
      expression: -1,
      linear: noTerms,
    }));
    this.lower = new Float64Array(variableCount).fill(-Infinity);
    this.upper = new Float64Array(variableCount).fill(Infinity);
    this.constraintLower = new Float64Array(constraintCount).fill(-Infinity);
    this.constraintUpper = new Float64Array(constraintCount).fill(Infinity);
    this.start = new Float64Array(variableCount);
    this.startGiven = new Uint8Array(variableCount);
    this.marks = new Int32Array(variableCount);
    this.context = {
      cursor,
      builder: this.builder,
      variableCount,
      definedNodes: this.definedNodes,
      functionNames: this.functionNames,
      nonsmooth: this.nonsmooth,
      ...limits,
    };
  }

  readAll(): void {
    while (!this.cursor.atEnd()) this.readSegment();
    this.checkComplete();
  }

  private readSegment(): void {
    const { cursor, header } = this;
    const code = cursor.letter('a segment letter');
    switch (String.fromCharCode(code)) {
      case 'F': {
        this.readFunction();
        return;
      }
      case 'S': {
        this.readSuffix();
        return;
      }
      case 'V': {
        this.readDefinedVariable();
        return;
      }
      case 'C': {
        const row = this.index('constraint', header.constraintCount, 'C');
        cursor.endLine();
        this.constraintExpressions[row] = readExpression(this.context);
        return;
      }
      case 'L':
        throw new NlError(cursor.position(), 'segment L: logical constraints are not supported', true);
      case 'O': {
        const objective = this.objectives[this.index('objective', header.objectiveCount, 'O')]!;
        const sense = cursor.integer('0 (minimise) or 1 (maximise)');
        if (sense !== 0 && sense !== 1) cursor.fail(`expected 0 (minimise) or 1 (maximise), found ${sense}`);
        cursor.endLine();
        objective.sense = sense === 0 ? 'minimise' : 'maximise';
        objective.expression = readExpression(this.context);
        return;
      }
      case 'd': {
        this.readInitialMarginals();
        return;
      }
      case 'x': {
        this.readStart();
        return;
      }
      case 'r':
        this.once('r');
        cursor.endLine();
        {
          this.readSides('r', this.constraintLower, this.constraintUpper);
          return;
        }
      case 'b':
        this.once('b');
        cursor.endLine();
        {
          this.readSides('b', this.lower, this.upper);
          return;
        }
      case 'k':
      case 'K': {
        this.skipColumnCounts();
        return;
      }
      case 'J': {
        const row = this.index('constraint', header.constraintCount, 'J');
        this.constraintLinear[row] = this.readTerms(1);
        return;
      }
      case 'G': {
        const objective = this.index('objective', header.objectiveCount, 'G');
        this.objectives[objective]!.linear = this.readTerms(1);
        return;
      }
      default:
        cursor.fail(`expected a segment letter (one of F S V C L O d x r b k K J G), found ${showLetter(code)}`);
    }
  }

  /** An index below `count`; each may come once for each segment letter. */
  private index(what: string, count: number, letter: string): number {
    const index = this.cursor.integer(`the index of a ${what}`);
    if (index < 0 || index >= count) {
      this.cursor.fail(`expected a ${what} index below ${count} after ${letter}, found ${index}`);
    }
    this.once(`${letter}${index}`);
    return index;
  }

  private once(segment: string): void {
    if (this.seen.has(segment)) this.cursor.fail(`expected segment ${segment} once, found it again`);
    this.seen.add(segment);
  }

  /** A number of lines that follow, not more than the file can hold. */
  private lineCount(what: string, least: number): number {
    const count = this.cursor.integer(`the number of ${what}`);
    if (count < least || count > this.cursor.remainingBytes()) {
      this.cursor.fail(`expected a number of ${what} from ${least} to the size of the file, found ${count}`);
    }
    return count;
  }

  private readTerms(least: number): LinearTerms {
    const { cursor } = this;
    const count = this.lineCount('linear terms', least);
    cursor.endLine();
    return this.readTermLines(count);
  }

  private readTermLines(count: number): LinearTerms {
    const { cursor, marks } = this;
    const { variableCount } = this.header;
    if (count > variableCount) cursor.fail(`expected at most ${variableCount} linear terms, found ${count}`);
    const variables = new Int32Array(count);
    const coefficients = new Float64Array(count);
    const mark = ++this.markCount;
    for (let k = 0; k < count; k++) {
      const variable = cursor.integer('a variable index');
      if (variable < 0 || variable >= variableCount) {
        cursor.fail(`expected a variable index below ${variableCount}, found ${variable}`);
      }
      if (marks[variable] === mark) cursor.fail(`expected each variable once, found ${variable} again`);
      marks[variable] = mark;
      variables[k] = variable;
      coefficients[k] = cursor.real('a coefficient');
      if (!Number.isFinite(coefficients[k])) cursor.fail('expected a finite coefficient');
      cursor.endLine();
    }
    return { variables, coefficients };
  }

  private readFunction(): void {
    const { cursor } = this;
    const index = this.index('function', this.header.functionCount, 'F');
    cursor.integer('the type of a function');
    cursor.integer('the number of arguments');
    this.functionNames.set(index, cursor.name('the name of a function'));
    cursor.endLine();
  }

  private readSuffix(): void {
    const { cursor, header } = this;
    const kind = cursor.integer('the kind of a suffix');
    if (kind < 0 || kind > 15) cursor.fail(`expected a suffix kind from 0 to 15, found ${kind}`);
    const count = this.lineCount('suffix values', 0);
    const name = cursor.name('the name of a suffix');
    cursor.endLine();
    const target = suffixTargets[kind & 3]!;
    const size = {
      variable: header.variableCount,
      constraint: header.constraintCount + header.logicalConstraintCount,
      objective: header.objectiveCount,
      problem: 1,
    }[target];
    const real = (kind & 4) !== 0;
    const indices = new Int32Array(count);
    const values = new Float64Array(count);
    for (let k = 0; k < count; k++) {
      const index = cursor.integer(`the index of a ${target}`);
      if (index < 0 || index >= size) cursor.fail(`expected a ${target} index below ${size}, found ${index}`);
      indices[k] = index;
      values[k] = real ? cursor.real('a value') : cursor.integer('an integer value');
      cursor.endLine();
    }
    this.suffixes.push({ name, target, real, indices, values });
  }

  private readDefinedVariable(): void {
    const { cursor, builder } = this;
    const { variableCount, definedVariableCount } = this.header;
    const index = cursor.integer('the index of a defined variable');
    const position = index - variableCount;
    if (position < 0 || position >= definedVariableCount) {
      cursor.fail(
        `expected a defined variable from ${variableCount} to ${variableCount + definedVariableCount - 1}, found V${index}`,
      );
    }
    this.once(`V${index}`);
    const termCount = this.lineCount('linear terms', 0);
    const usage = cursor.integer('the use of a defined variable');
    cursor.endLine();
    const linear = this.readTermLines(termCount);
    const expression = readExpression(this.context);
    const node = builder.definedVariable(position, expression);
    this.definedNodes[position] = node;
    this.definedVariables[position] = { expression, node, linear, usage };
  }

  private readInitialMarginals(): void {
    const { cursor } = this;
    const { constraintCount } = this.header;
    this.once('d');
    const count = this.lineCount('initial duals', 0);
    cursor.endLine();
    this.startMarginals = new Float64Array(constraintCount);
    for (let k = 0; k < count; k++) {
      const row = cursor.integer('a constraint index');
      if (row < 0 || row >= constraintCount) {
        cursor.fail(`expected a constraint index below ${constraintCount}, found ${row}`);
      }
      this.startMarginals[row] = this.finite('an initial dual');
      cursor.endLine();
    }
  }

  private readStart(): void {
    const { cursor } = this;
    const { variableCount } = this.header;
    this.once('x');
    const count = this.lineCount('initial values', 0);
    cursor.endLine();
    for (let k = 0; k < count; k++) {
      const variable = cursor.integer('a variable index');
      if (variable < 0 || variable >= variableCount) {
        cursor.fail(`expected a variable index below ${variableCount}, found ${variable}`);
      }
      this.start[variable] = this.finite('an initial value');
      this.startGiven[variable] = 1;
      cursor.endLine();
    }
  }

  private finite(expected: string): number {
    const value = this.cursor.real(expected);
    if (!Number.isFinite(value)) this.cursor.fail(`expected ${expected} that is finite`);
    return value;
  }

  /** Bound or range lines: 0 both, 1 upper, 2 lower, 3 free, 4 equal, 5 complementarity. */
  private readSides(letter: 'r' | 'b', lower: Float64Array, upper: Float64Array): void {
    const { cursor } = this;
    for (let i = 0; i < lower.length; i++) {
      const code = String.fromCharCode(cursor.letter(`a line of ${letter}, beginning with 0 to 5`));
      switch (code) {
        case '0':
          lower[i] = cursor.real('a lower side');
          upper[i] = cursor.real('an upper side');
          break;
        case '1':
          upper[i] = cursor.real('an upper side');
          break;
        case '2':
          lower[i] = cursor.real('a lower side');
          break;
        case '3':
          break;
        case '4':
          lower[i] = upper[i] = this.finite('a side');
          break;
        case '5':
          if (letter === 'r') {
            throw new NlError(cursor.position(), `constraint ${i}: complementarity is not supported`, true);
          }
          cursor.fail('expected a bound code from 0 to 4, found 5');
          break;
        default:
          cursor.fail(`expected a code from 0 to ${letter === 'r' ? 5 : 4}, found ${showLetter(code.charCodeAt(0))}`);
      }
      cursor.endLine();
    }
  }

  /** Column counts of the Jacobian repeat what the J segments say. */
  private skipColumnCounts(): void {
    const { cursor } = this;
    this.once('k');
    const count = cursor.integer('the number of column counts');
    const expected = Math.max(0, this.header.variableCount - 1);
    if (count !== expected) cursor.fail(`expected k${expected}, found k${count}`);
    cursor.endLine();
    for (let k = 0; k < count; k++) {
      cursor.integer('a column count');
      cursor.endLine();
    }
  }

  private checkComplete(): void {
    const { cursor, header } = this;
    const missing = this.definedVariables.findIndex((variable) => variable === undefined);
    if (missing !== -1) cursor.fail(`expected segment V${header.variableCount + missing}, found the end of the file`);
    for (let i = 0; i < header.constraintCount; i++) {
      if (this.constraintExpressions[i] !== -1) continue;
      if (i < header.nonlinearConstraintCount) cursor.fail(`expected segment C${i}, found the end of the file`);
      this.constraintExpressions[i] = this.builder.constant(0);
    }
    this.objectives.forEach((objective, k) => {
      if (objective.expression === -1) cursor.fail(`expected segment O${k}, found the end of the file`);
    });
    if (header.variableCount > 0 && !this.seen.has('b'))
      cursor.fail('expected segment b with the bounds, found the end of the file');
    if (header.constraintCount > 0 && !this.seen.has('r')) {
      cursor.fail('expected segment r with the sides of the constraints, found the end of the file');
    }
    this.checkTermCount('J', header.jacobianNonzeros, this.constraintLinear);
    const gradients = this.objectives.map(({ linear }) => linear);
    this.checkTermCount('G', header.gradientNonzeros, gradients);
    for (let k = 0; k < header.functionCount; k++) {
      if (!this.functionNames.has(k)) cursor.fail(`expected segment F${k}, found the end of the file`);
    }
  }

  /** A file cut between two segments reads like a smaller model: the header says how much there must be. */
  private checkTermCount(letter: 'J' | 'G', expected: number, parts: readonly LinearTerms[]): void {
    const found = parts.reduce((sum, { variables }) => sum + variables.length, 0);
    if (found === expected) return;
    const end = found < expected ? ', found the end of the file' : '';
    this.cursor.fail(
      `expected ${expected} linear terms in segments ${letter}, as header line 8 says, but there are ${found}${end}`,
    );
  }
}
