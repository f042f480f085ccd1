import { compileNl, GraphBuilder, Op, type NlContinuousProgram, type NlModel } from '../../lib/io/nl/index.js';

/**
 * Problems from infix text, with exact sparse derivatives from the expression compiler. Variables are x1, x2, …;
 * operators + − * / ^, functions by name; a constraint reads `body = number`, `body <= number`, `body >= number` or
 * `number <= body <= number`.
 */
export interface ProblemText {
  readonly name: string;
  readonly objective: string;
  readonly constraints?: readonly string[];
  readonly start: readonly number[];
  /** Bounds by variable, default −∞ … ∞; a single number holds for all. */
  readonly lower?: readonly number[] | number;
  readonly upper?: readonly number[] | number;
  /** Numbers (from 1) of the variables that must take integer values. */
  readonly integers?: readonly number[];
}

const functions: Readonly<Record<string, number>> = {
  exp: Op.exp,
  log: Op.log,
  sin: Op.sin,
  cos: Op.cos,
  tan: Op.tan,
  atan: Op.atan,
  sqrt: Op.sqrt,
  abs: Op.abs,
  tanh: Op.tanh,
  sinh: Op.sinh,
  cosh: Op.cosh,
};

class Parser {
  private position = 0;
  private tokens: string[] = [];

  constructor(private readonly graph: GraphBuilder) {}

  parse(text: string): number {
    this.tokens = text.match(/\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[a-z]+\d*|[-+*/^()]/g) ?? [];
    this.position = 0;
    const node = this.sum();
    if (this.position < this.tokens.length)
      throw new Error(`unexpected ${this.tokens[this.position]!} in ${text.slice(0, 80)}`);
    return node;
  }

  private take(token: string): boolean {
    if (this.tokens[this.position] !== token) return false;
    this.position++;
    return true;
  }

  private sum(): number {
    const terms = [this.product()];
    for (;;) {
      if (this.take('+')) terms.push(this.product());
      else if (this.take('-')) terms.push(this.graph.operator(Op.negate, [this.product()]));
      else break;
    }
    if (terms.length === 1) return terms[0]!;
    return terms.length === 2 ? this.graph.operator(Op.add, terms) : this.graph.operator(Op.sum, terms);
  }

  private product(): number {
    let node = this.unary();
    for (;;) {
      if (this.take('*')) node = this.graph.operator(Op.multiply, [node, this.unary()]);
      else if (this.take('/')) node = this.graph.operator(Op.divide, [node, this.unary()]);
      else return node;
    }
  }

  private unary(): number {
    if (this.take('-')) return this.graph.operator(Op.negate, [this.unary()]);
    if (this.take('+')) return this.unary();
    const base = this.atom();
    return this.take('^') ? this.graph.operator(Op.power, [base, this.unary()]) : base;
  }

  private atom(): number {
    const token = this.tokens[this.position++];
    if (token === undefined) throw new Error('unexpected end');
    if (token === '(') {
      const node = this.sum();
      if (!this.take(')')) throw new Error('missing )');
      return node;
    }
    if (/^x\d+$/.test(token)) return this.graph.variable(Number(token.slice(1)) - 1);
    if (/^[\d.]/.test(token)) return this.graph.constant(Number(token));
    const code = functions[token];
    if (code === undefined || !this.take('(')) throw new Error(`unknown name ${token}`);
    const node = this.graph.operator(code, [this.sum()]);
    if (!this.take(')')) throw new Error('missing )');
    return node;
  }
}

export function makeProblem(text: ProblemText): NlContinuousProgram {
  return compileNl(makeModel(text));
}

/** The expression graph of a problem, to be compiled or written as `.nl`. */
export function makeModel(text: ProblemText): NlModel {
  const n = text.start.length;
  const graph = new GraphBuilder();
  const parser = new Parser(graph);
  const none = () => ({ variables: new Int32Array(0), coefficients: new Float64Array(0) });
  const objective = parser.parse(text.objective);
  const rows = (text.constraints ?? []).map((row) => {
    const parts = row.split(/(<=|>=|=)/).map((part) => part.trim());
    if (parts.length === 5) return { body: parts[2]!, lower: Number(parts[0]), upper: Number(parts[4]) };
    const side = Number(parts[2]);
    const relation = parts[1];
    return {
      body: parts[0]!,
      lower: relation === '<=' ? -Infinity : side,
      upper: relation === '>=' ? Infinity : side,
    };
  });
  const bound = (given: readonly number[] | number | undefined, absent: number) =>
    Float64Array.from({ length: n }, (_, j) => (typeof given === 'number' ? given : (given?.[j] ?? absent)));
  const expressions = rows.map((row) => parser.parse(row.body));
  const integer = new Uint8Array(n);
  for (const k of text.integers ?? []) integer[k - 1] = 1;
  return {
    header: {
      format: 'text',
      amplOptions: [1, 1, 0],
      littleEndian: true,
      wantsSuffixes: false,
      hasRowNames: false,
      hasColumnNames: false,
    },
    name: text.name,
    variableCount: n,
    constraintCount: rows.length,
    graph: graph.build(),
    definedVariables: [],
    constraintExpressions: Int32Array.from(expressions),
    constraintLinear: rows.map(none),
    objectives: [{ sense: 'minimise', expression: objective, linear: none() }],
    lower: bound(text.lower, -Infinity),
    upper: bound(text.upper, Infinity),
    constraintLower: Float64Array.from(rows, (row) => row.lower),
    constraintUpper: Float64Array.from(rows, (row) => row.upper),
    integer,
    start: Float64Array.from(text.start),
    startGiven: new Uint8Array(n).fill(1),
    suffixes: [],
    nonsmooth: [],
  };
}

/** `term(first) + … + term(last)`. */
export function sum(first: number, last: number, term: (i: number) => string): string {
  const terms: string[] = [];
  for (let i = first; i <= last; i++) terms.push(`(${term(i)})`);
  return terms.length === 0 ? '0' : terms.join('+');
}

/** Rows for first … last. */
export function rows(first: number, last: number, row: (i: number) => string): string[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => row(first + k));
}

/** n values by index from 1. */
export function values(n: number, value: (i: number) => number): number[] {
  return Array.from({ length: n }, (_, k) => value(k + 1));
}
