import { describe, expect, it } from 'vitest';
import { solveLp, solveMilp, solveQuadratic } from '../../../lib/easy/index.js';
import { verifyCertificate } from '../../../lib/verify/index.js';

describe('certificates of the easy solvers', () => {
  it('come with linear programs, maxima stated negated', async () => {
    const program = {
      maximize: [3, 2],
      rows: [
        [1, 1],
        [1, 3],
      ],
      atMost: [4, 6],
    };
    const { certification, objective } = solveLp(program, { certificate: true });
    expect(objective).toBe(12);
    const verdict = await verifyCertificate(JSON.stringify(certification!.certificate));
    expect(verdict).toMatchObject({ verified: true, program: { value: -12, bound: -12 } });
    expect(solveLp(program).certification).toBeUndefined();
  });

  it('come with quadratic and integer ones', async () => {
    const quadratic = solveQuadratic(
      {
        hessian: [
          [2, 0],
          [0, 2],
        ],
        minimize: [-2, -5],
        rows: [[1, 1]],
        atMost: [1],
      },
      { certificate: true },
    );
    const first = await verifyCertificate(JSON.stringify(quadratic.certification!.certificate));
    expect(first).toMatchObject({ verified: true, program: { value: -4.125, bound: -4.125 } });
    const knapsack = {
      maximize: [8, 11, 6, 4],
      rows: [[5, 7, 4, 3]],
      atMost: [14],
      bounds: [0, 1] as [number, number],
    };
    const { certification } = solveMilp(knapsack, { certificate: true });
    const second = await verifyCertificate(JSON.stringify(certification!.certificate));
    expect(second).toMatchObject({ verified: true, program: { value: -21, bound: -21 } });
  });

  it('say that nothing keeps the rows, or that nothing ends the fall', async () => {
    const infeasible = solveLp(
      { minimize: [1], rows: [[1], [1]], atLeast: [2, null], atMost: [null, 1] },
      { certificate: true },
    );
    const first = await verifyCertificate(JSON.stringify(infeasible.certification!.certificate));
    expect(first.program!.bound).toBe(Infinity);
    const unbounded = solveLp({ maximize: [1, 0], rows: [[1, -1]], atMost: [2] }, { certificate: true });
    const second = await verifyCertificate(JSON.stringify(unbounded.certification!.certificate));
    expect(second.program!.isUnbounded).toBe(true);
  });
});
