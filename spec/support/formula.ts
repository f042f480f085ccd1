/**
 * Formulas written as text, with exact derivatives by adjoint sweeps over a shared tape. Made for the reference problems:
 * what is tested against it must not share its arithmetic.
 *
 * Grammar: numbers, `x1`…`xn`, `pi`, + − * / ^ (right associative, constant exponent), unary −, parentheses, functions exp,
 * log, sqrt, sin, cos, atan, normalCdf, names bound by `let`-like definitions given beforehand, and `if(a < b, p, q)`.
 */
type Operation =
  'constant' | 'variable' | 'add' | 'subtract' | 'multiply' | 'divide' | 'power' | 'negate' | 'choose' | UnaryFunction;
type UnaryFunction = 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'atan' | 'normalCdf';

const unaryFunctions: readonly string[] = ['exp', 'log', 'sqrt', 'sin', 'cos', 'atan', 'normalCdf'];

interface Node {
  readonly operation: Operation;
  readonly operands: readonly number[];
  readonly constant: number;
}

/** Derivatives of one node by its first two value operands: ∂a, ∂b, ∂aa, ∂ab, ∂bb. */
type Partials = [number, number, number, number, number];

/** A growing list of nodes in which equal subexpressions are one. */
export class Tape {
  readonly nodes: Node[] = [];
  private readonly known = new Map<string, number>();
  private readonly definitions = new Map<string, number>();

  constructor(readonly variableCount: number) {}

  add(operation: Operation, operands: readonly number[] = [], constant = 0): number {
    const key = `${operation}:${operands.join(',')}:${constant}`;
    const found = this.known.get(key);
    if (found !== undefined) return found;
    this.nodes.push({ operation, operands, constant });
    this.known.set(key, this.nodes.length - 1);
    return this.nodes.length - 1;
  }

  /** Makes `name` stand for a formula in what is parsed later. */
  define(name: string, text: string): void {
    this.definitions.set(name, this.parse(text));
  }

  lookup(name: string): number | undefined {
    return this.definitions.get(name);
  }

  /** Index of the formula's root node. Throws SyntaxError with the place. */
  parse(text: string): number {
    return new Parser(this, text).parse();
  }
}

class Parser {
  private readonly tokens: readonly string[];
  private position = 0;

  constructor(
    private readonly tape: Tape,
    private readonly text: string,
  ) {
    this.tokens = text.match(/\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|[A-Za-z_]\w*|\S/g) ?? [];
  }

  parse(): number {
    const root = this.sum();
    if (this.position < this.tokens.length) this.fail();
    return root;
  }

  private fail(): never {
    throw new SyntaxError(
      `unexpected '${this.tokens[this.position] ?? 'end'}' (token ${this.position}) in ${this.text}`,
    );
  }

  private accept(token: string): boolean {
    if (this.tokens[this.position] !== token) return false;
    this.position++;
    return true;
  }

  private expect(token: string): void {
    if (!this.accept(token)) this.fail();
  }

  private sum(): number {
    let left = this.product();
    for (;;) {
      if (this.accept('+')) left = this.tape.add('add', [left, this.product()]);
      else if (this.accept('-')) left = this.tape.add('subtract', [left, this.product()]);
      else return left;
    }
  }

  private product(): number {
    let left = this.signed();
    for (;;) {
      if (this.accept('*')) left = this.tape.add('multiply', [left, this.signed()]);
      else if (this.accept('/')) left = this.tape.add('divide', [left, this.signed()]);
      else return left;
    }
  }

  private signed(): number {
    if (this.accept('-')) return this.tape.add('negate', [this.signed()]);
    this.accept('+');
    return this.power();
  }

  private power(): number {
    const base = this.primary();
    return this.accept('^') ? this.tape.add('power', [base, this.signed()]) : base;
  }

  private primary(): number {
    const token = this.tokens[this.position++];
    if (token === undefined) this.fail();
    if (token === '(') {
      const inner = this.sum();
      this.expect(')');
      return inner;
    }
    if (/^[\d.]/.test(token)) return this.tape.add('constant', [], Number(token));
    if (token === 'pi') return this.tape.add('constant', [], Math.PI);
    const defined = this.tape.lookup(token);
    if (defined !== undefined) return defined;
    if (token === 'if') return this.choice();
    if (unaryFunctions.includes(token)) {
      this.expect('(');
      const argument = this.sum();
      this.expect(')');
      return this.tape.add(token as UnaryFunction, [argument]);
    }
    const variable = /^x(\d+)$/.exec(token);
    const index = variable ? Number(variable[1]) : 0;
    if (index < 1 || index > this.tape.variableCount) {
      this.position--;
      this.fail();
    }
    return this.tape.add('variable', [], index - 1);
  }

  /** if(a < b, p, q): the condition itself has no derivative. */
  private choice(): number {
    this.expect('(');
    const left = this.sum();
    this.expect('<');
    const right = this.sum();
    this.expect(',');
    const whenTrue = this.sum();
    this.expect(',');
    const whenFalse = this.sum();
    this.expect(')');
    return this.tape.add('choose', [whenTrue, whenFalse, left, right]);
  }
}

/** Values and derivatives of every node of a tape at one point. */
export class TapeEvaluation {
  readonly values: Float64Array;
  private readonly adjoints: Float64Array;
  private readonly tangents: Float64Array;
  private readonly adjointTangents: Float64Array;
  private readonly partials: Partials[];

  constructor(private readonly tape: Tape) {
    const length = tape.nodes.length;
    this.values = new Float64Array(length);
    this.adjoints = new Float64Array(length);
    this.tangents = new Float64Array(length);
    this.adjointTangents = new Float64Array(length);
    this.partials = tape.nodes.map(() => [0, 0, 0, 0, 0]);
  }

  /** Values of all nodes at x. */
  forward(x: Float64Array): void {
    this.tape.nodes.forEach((node, k) => {
      const first = this.values[node.operands[0] ?? 0]!;
      const second = this.values[node.operands[1] ?? 0]!;
      if (node.operation === 'constant') this.values[k] = node.constant;
      else if (node.operation === 'variable') this.values[k] = x[node.constant]!;
      else if (node.operation === 'choose') this.values[k] = this.takesFirst(node) ? first : second;
      else this.values[k] = valueOf(node.operation, first, second);
    });
  }

  private takesFirst(node: Node): boolean {
    return this.values[node.operands[2]!]! < this.values[node.operands[3]!]!;
  }

  private linearise(): void {
    this.tape.nodes.forEach((node, k) => {
      if (node.operands.length === 0) return;
      const first = this.values[node.operands[0]!]!;
      const second = this.values[node.operands[1] ?? 0]!;
      this.partials[k] =
        node.operation === 'choose'
          ? [this.takesFirst(node) ? 1 : 0, this.takesFirst(node) ? 0 : 1, 0, 0, 0]
          : partialsOf(node.operation, first, second, this.values[k]!);
    });
  }

  /** Σ weights·∇root into `gradient`; `forward` must have run at the same point. */
  gradient(roots: readonly number[], weights: readonly number[], gradient: Float64Array): void {
    const { nodes } = this.tape;
    this.linearise();
    this.seed(roots, weights);
    gradient.fill(0);
    for (let k = nodes.length - 1; k >= 0; k--) {
      const node = nodes[k]!;
      const adjoint = this.adjoints[k]!;
      if (adjoint === 0) continue;
      if (node.operation === 'variable') gradient[node.constant]! += adjoint;
      for (let p = 0; p < Math.min(2, node.operands.length); p++) {
        this.adjoints[node.operands[p]!]! += adjoint * this.partials[k]![p]!;
      }
    }
  }

  private seed(roots: readonly number[], weights: readonly number[]): void {
    this.adjoints.fill(0);
    roots.forEach((root, k) => {
      this.adjoints[root]! += weights[k]!;
    });
  }

  /** (Σ weights·∇²root)·direction into `product`; `forward` must have run at the same point. */
  hessianProduct(
    roots: readonly number[],
    weights: readonly number[],
    direction: Float64Array,
    product: Float64Array,
  ): void {
    const { nodes } = this.tape;
    this.linearise();
    this.forwardTangents(direction);
    this.seed(roots, weights);
    this.adjointTangents.fill(0);
    product.fill(0);
    for (let k = nodes.length - 1; k >= 0; k--) {
      const node = nodes[k]!;
      if (node.operation === 'variable') product[node.constant]! += this.adjointTangents[k]!;
      if (node.operands.length === 0) continue;
      const [da, db, daa, dab, dbb] = this.partials[k]!;
      const a = node.operands[0]!;
      const adjoint = this.adjoints[k]!;
      const change = this.adjointTangents[k]!;
      const paired = node.operands.length > 1;
      const b = paired ? node.operands[1]! : a;
      const ta = this.tangents[a]!;
      const tb = paired ? this.tangents[b]! : 0;
      this.adjoints[a]! += adjoint * da;
      this.adjointTangents[a]! += change * da + adjoint * (daa * ta + dab * tb);
      if (!paired) continue;
      this.adjoints[b]! += adjoint * db;
      this.adjointTangents[b]! += change * db + adjoint * (dab * ta + dbb * tb);
    }
  }

  private forwardTangents(direction: Float64Array): void {
    this.tape.nodes.forEach((node, k) => {
      if (node.operation === 'variable') this.tangents[k] = direction[node.constant]!;
      else if (node.operands.length === 0) this.tangents[k] = 0;
      else {
        const [da, db] = this.partials[k]!;
        const second = node.operands.length > 1 ? db * this.tangents[node.operands[1]!]! : 0;
        this.tangents[k] = da * this.tangents[node.operands[0]!]! + second;
      }
    });
  }
}

function valueOf(operation: Operation, a: number, b: number): number {
  switch (operation) {
    case 'add':
      return a + b;
    case 'subtract':
      return a - b;
    case 'multiply':
      return a * b;
    case 'divide':
      return a / b;
    case 'power':
      return a ** b;
    case 'negate':
      return -a;
    case 'normalCdf':
      return normalCdf(a);
    case 'exp':
    case 'log':
    case 'sqrt':
    case 'sin':
    case 'cos':
    case 'atan':
      return Math[operation](a);
    default:
      throw new TypeError(`no value for ${operation}`);
  }
}

function partialsOf(operation: Operation, a: number, b: number, value: number): Partials {
  switch (operation) {
    case 'add':
      return [1, 1, 0, 0, 0];
    case 'subtract':
      return [1, -1, 0, 0, 0];
    case 'multiply':
      return [b, a, 0, 1, 0];
    case 'divide':
      return [1 / b, -value / b, 0, -1 / (b * b), (2 * value) / (b * b)];
    case 'power':
      return powerPartials(a, b, value);
    case 'negate':
      return [-1, 0, 0, 0, 0];
    case 'exp':
      return [value, 0, value, 0, 0];
    case 'log':
      return [1 / a, 0, -1 / (a * a), 0, 0];
    case 'sqrt':
      return [0.5 / value, 0, -0.25 / (value * a), 0, 0];
    case 'sin':
      return [Math.cos(a), 0, -value, 0, 0];
    case 'cos':
      return [-Math.sin(a), 0, -value, 0, 0];
    case 'atan': {
      const slope = 1 / (1 + a * a);
      return [slope, 0, -2 * a * slope * slope, 0, 0];
    }
    case 'normalCdf': {
      const density = Math.exp(-0.5 * a * a) / Math.sqrt(2 * Math.PI);
      return [density, 0, -a * density, 0, 0];
    }
    default:
      throw new TypeError(`no derivative for ${operation}`);
  }
}

/** A zero base has no derivative by the exponent; integer powers keep theirs by the base at and below zero. */
function powerPartials(a: number, b: number, value: number): Partials {
  const byBase = b === 0 ? 0 : b * a ** (b - 1);
  const byBaseTwice = b === 0 || b === 1 ? 0 : b * (b - 1) * a ** (b - 2);
  if (!(a > 0)) return [byBase, 0, byBaseTwice, 0, 0];
  const logarithm = Math.log(a);
  return [byBase, value * logarithm, byBaseTwice, a ** (b - 1) * (1 + b * logarithm), value * logarithm * logarithm];
}

/** Φ, by its Taylor series near 0 (Marsaglia 2004) and a continued fraction in the tails; about 1e-15 absolute. */
export function normalCdf(x: number): number {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 5) {
    let sum = x;
    let term = x;
    for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum) && k < 400; k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    return 0.5 + sum * density;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / (Math.abs(x) + fraction);
  const tail = density / (Math.abs(x) + fraction);
  return x > 0 ? 1 - tail : tail;
}
