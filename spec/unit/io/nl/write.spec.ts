import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileNl,
  expressions as e,
  NlModelBuilder,
  readNl,
  writeNl,
  type Condition,
  type Expression,
  type NlModel,
  type WrittenNl,
} from '../../../../lib/io/nl/index.js';
import { cuteFile, cuteNames } from '../../../support/cute.js';
import { derivativeErrors } from '../../../support/derivative-check.js';
import { mixedIntegerSample, wyndorSample } from '../../../support/nl-samples.js';

/** Objective and constraints of a model at x, in the model's order. */
function evaluate(model: NlModel, x: Float64Array): number[] {
  const problem = compileNl(model);
  const constraints = new Float64Array(model.constraintCount);
  problem.constraints(x, constraints);
  return [problem.objective(x), ...constraints];
}

/** The same of the written and read model, put back into the model's order. */
function evaluateWritten(written: WrittenNl, x: Float64Array): number[] {
  const permuted = Float64Array.from(written.variables, (j) => x[j]!);
  const [objective, ...constraints] = evaluate(readNl(written.text), permuted);
  const back = new Array<number>(constraints.length);
  written.constraints.forEach((i, position) => (back[i] = constraints[position]!));
  return [objective!, ...back];
}

function expectSame(model: NlModel, x: Float64Array): void {
  const before = evaluate(model, x);
  const after = evaluateWritten(writeNl(model), x);
  expect(after).toHaveLength(before.length);
  before.forEach((value, k) => {
    if (Number.isNaN(value)) expect(after[k]).toBeNaN();
    else expect(Math.abs(after[k]! - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
  });
}

describe('building models', () => {
  it('makes linear, nonlinear and shared parts what they are', () => {
    const builder = new NlModelBuilder('mine');
    const x = builder.variable({ lower: 0, upper: 4, start: 1 });
    const y = builder.variable({ integer: true, lower: 0, upper: 9 });
    const z = builder.variable({ integer: true, lower: 0, upper: 1 });
    const shared = e.multiply(e.exp(x), y);
    builder.constraint(e.add(shared, x), { lower: 1 });
    builder.constraint(e.add(x, e.multiply(2, z), 5), { equal: 7 });
    builder.maximise(e.subtract(e.add(shared, e.log(e.add(x, 1)), e.multiply(3, z)), e.square(x)));
    const model = builder.build();
    const problem = compileNl(model);
    const at = Float64Array.of(0.5, 2, 1);
    expect(problem.objective(at)).toBeCloseTo(-(2 * Math.exp(0.5) + Math.log(1.5) + 3 - 0.25), 13);
    expect([...problem.meta.linearConstraints!]).toEqual([0, 1]);
    expect('integerVariables' in problem && [...problem.integerVariables]).toEqual([1, 2]);
    expect([...problem.meta.start]).toEqual([1, 0, 0]);
    for (const error of Object.values(derivativeErrors(problem, at))) expect(error).toBeLessThanOrEqual(1);
    expectSame(model, at);
    const { text } = writeNl(model);
    expect(text.match(/^o44$/gm)).toHaveLength(1);
    expect(text.split('\n')[9]).toMatch(/^ 1 0 0 0 0/);
  });

  it('takes chains of any depth', () => {
    const builder = new NlModelBuilder();
    const x = builder.variable();
    let chain: Expression = x;
    for (let k = 0; k < 50_000; k++) chain = e.sin(e.add(chain, 1e-3));
    builder.minimise(chain);
    expectSame(builder.build(), Float64Array.of(0.3));
  });

  it('offers conditions', () => {
    const builder = new NlModelBuilder();
    const x = builder.variable();
    const test: Condition = e.and(e.not(e.lessThan(x, 1)), e.or(e.lessOrEqual(x, 2), e.lessThan(5, x)));
    builder.minimise(e.ifThenElse(test, e.abs(x), e.max(e.min(x, 7), e.tan(x))));
    const model = builder.build();
    expect(compileNl(model).nl.notes).toHaveLength(4);
    for (const value of [0, 1.5, 3, 6]) expectSame(model, Float64Array.of(value));
  });
});

describe('writing', () => {
  it.each([
    ['the mixed-integer sample', mixedIntegerSample],
    ['the maximisation', wyndorSample],
  ])('keeps everything of %s', (_name, text) => {
    const model = readNl(text);
    const again = readNl(writeNl(model).text);
    for (const key of [
      'lower',
      'upper',
      'constraintLower',
      'constraintUpper',
      'integer',
      'start',
      'suffixes',
    ] as const) {
      expect(again[key]).toEqual(model[key]);
    }
    expect(again.startMarginals).toEqual(model.startMarginals);
    expect(again.header).toEqual(model.header);
    expectSame(
      model,
      Float64Array.from({ length: model.variableCount }, (_, j) => 0.3 + j),
    );
  });

  it.each(cuteNames())('round-trips %s', (name) => {
    const model = readNl(cuteFile(name));
    const problem = compileNl(model);
    expectSame(model, problem.meta.start);
    expectSame(
      model,
      problem.meta.start.map((value, j) => value + 0.01 * Math.sin(j + 1)),
    );
    const written = compileNl(readNl(writeNl(model).text));
    expect(written.meta.hessianPattern!.rows.length).toBe(problem.meta.hessianPattern!.rows.length);
    expect(written.meta.objectiveShape).toBe(problem.meta.objectiveShape);
  });

  const variableCount = 4;
  const leaf: fc.Arbitrary<Expression> = fc.oneof(
    fc.double({ min: -3, max: 3, noNaN: true }),
    fc.nat(variableCount - 1).map((index): Expression => ({ kind: 'variable', index })),
  );
  const { tree } = fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }).map((terms) => e.add(...terms)),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => e.multiply(a, b)),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => e.subtract(a, b)),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => e.divide(a, e.add(2, e.square(b)))),
      tie('tree').map((a) => e.multiply(a, a)),
      tie('tree').map(e.sin),
      tie('tree').map((a) => e.exp(e.sin(a))),
      tie('tree').map((a) => e.log(e.add(1, e.square(a)))),
      tie('tree').map((a) => e.power(a, 3)),
      tie('tree').map(e.negate),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => e.power(e.add(1.5, e.square(a)), e.sin(b))),
    ),
  }));

  const modelArbitrary = fc
    .record({
      bodies: fc.array(tree, { maxLength: 4 }),
      objective: tree,
      maximise: fc.boolean(),
      integers: fc.array(fc.boolean(), { minLength: variableCount, maxLength: variableCount }),
      point: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
        minLength: variableCount,
        maxLength: variableCount,
      }),
    })
    .map(({ bodies, objective, maximise, integers, point }) => {
      const builder = new NlModelBuilder();
      for (const integer of integers) builder.variable({ integer, lower: 0, upper: integer ? 1 : 5 });
      bodies.forEach((body, k) => builder.constraint(k % 2 === 0 ? body : e.add(body, objective), { upper: k }));
      if (maximise) builder.maximise(objective);
      else builder.minimise(objective);
      return { model: builder.build(), x: Float64Array.from(point) };
    });

  it('round-trips random models, which have right derivatives', () => {
    let nonlinear = 0;
    fc.assert(
      fc.property(modelArbitrary, ({ model, x }) => {
        const values = evaluate(model, x);
        fc.pre(values.every((value) => Math.abs(value) < 1e6));
        expectSame(model, x);
        const problem = compileNl(model);
        const again = readNl(writeNl(model).text);
        expect([...again.integer].reduce((sum, flag) => sum + flag, 0)).toBe(
          [...model.integer].reduce((sum, flag) => sum + flag, 0),
        );
        if (problem.meta.objectiveShape === 'nonlinear') nonlinear++;
        const { hessianProduct, ...errors } = derivativeErrors(problem, x);
        expect(hessianProduct).toBeLessThanOrEqual(1);
        for (const error of Object.values(errors)) expect(error).toBeLessThanOrEqual(1);
      }),
      { numRuns: 400, seed: 11 },
    );
    expect(nonlinear).toBeGreaterThan(50);
  });
});
