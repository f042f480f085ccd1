import { describe, expect, test } from 'vitest';
import { compileNl, readNl, writeNl, type NlContinuousProgram } from '../../lib/io/nl/index.js';
import type { NonlinearProgram } from '../../lib/problem/index.js';
import { randomStream } from '../../lib/random/index.js';
import { cuteFile, cuteNames } from '../support/cute.js';
import { makeProblem } from '../support/modeller.js';
import { hockSchittkowski, toProgram, type HockSchittkowskiProblem } from './hock-schittkowski/index.js';

/** The model of a problem, or undefined where its text uses what AMPL has no operator for. */
function modelOf(problem: HockSchittkowskiProblem): NlContinuousProgram | undefined {
  try {
    return makeProblem({
      name: `hs${problem.number}`,
      objective: problem.objective,
      constraints: problem.constraints ?? [],
      start: problem.start,
      lower: [...toProgram(problem).meta.lower],
      upper: [...toProgram(problem).meta.upper],
    });
  } catch {
    return undefined;
  }
}

function values(program: NonlinearProgram, x: Float64Array): number[] {
  const rows = new Float64Array(program.meta.constraintCount);
  program.constraints?.(x, rows);
  return [program.objective(x), ...rows];
}

describe('the Hock–Schittkowski problems through .nl files', () => {
  test('have the values of their transcription after writing and reading', () => {
    const stream = randomStream(1, 'hock-schittkowski');
    const compared: number[] = [];
    for (const problem of hockSchittkowski) {
      const model = modelOf(problem);
      if (!model) continue;
      const written = writeNl(model.nl.model);
      const back = compileNl(readNl(new TextEncoder().encode(written.text)));
      const program = toProgram(problem);
      compared.push(problem.number);
      for (let k = 0; k < 4; k++) {
        const x = program.meta.start.map((value, j) => {
          const moved = value + (k === 0 ? 0 : 0.05 * stream.normal() * Math.max(1, Math.abs(value)));
          return Math.min(Math.max(moved, program.meta.lower[j]!), program.meta.upper[j]!);
        });
        const expected = values(program, x);
        const [objective, ...rows] = values(
          back,
          x.map((_, position) => x[written.variables[position]!]!),
        );
        const inModelOrder = [objective!, ...rows.map(() => 0)];
        written.constraints.forEach((row, position) => (inModelOrder[1 + row] = rows[position]!));
        expected.forEach((value, i) => {
          if (Number.isNaN(value)) expect(inModelOrder[i]).toBeNaN();
          else
            expect(Math.abs(inModelOrder[i]! - value), `problem ${problem.number}, function ${i}`).toBeLessThanOrEqual(
              1e-9 * Math.max(1, Math.abs(value)),
            );
        });
      }
    }
    expect(compared.length).toBeGreaterThanOrEqual(90);
  });

  // The files order their variables as AMPL does, so that an order that fits has to be found first.
  const small = [60, 62, 63, 71, 76, 77, 79].filter((number) => cuteNames().includes(`hs0${number}`));
  test.skipIf(small.length === 0)('agree with the files of the CUTE sample in one order of the variables', () => {
    for (const number of small) {
      const program = toProgram(hockSchittkowski.find((problem) => problem.number === number)!);
      const file = compileNl(readNl(cuteFile(`hs0${number}`)));
      const n = program.meta.variableCount;
      expect(file.meta.variableCount, `problem ${number}`).toBe(n);
      const stream = randomStream(number, 'hock-schittkowski');
      const points = Array.from({ length: 3 }, () =>
        program.meta.start.map((value) => Math.max(0.1, value + 0.1 * stream.normal())),
      );
      const fits = permutations(n).filter((order) =>
        points.every((x) => {
          const moved = Float64Array.from(order, (from) => x[from]!);
          const expected = program.objective(x);
          const found = file.nl.objectiveSign * file.objective(moved);
          return Math.abs(found - expected) <= 1e-8 * Math.max(1, Math.abs(expected));
        }),
      );
      expect(fits.length, `problem ${number}`).toBeGreaterThan(0);
    }
  });
});

function permutations(size: number): number[][] {
  if (size === 0) return [[]];
  return permutations(size - 1).flatMap((order) =>
    Array.from({ length: size }, (_, at) => [...order.slice(0, at), size - 1, ...order.slice(at)]),
  );
}
