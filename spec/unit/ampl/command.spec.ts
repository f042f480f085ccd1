import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine, parseEnvironmentOptions } from '../../../bin/ampl/command-line.js';
import { parseKeywords } from '../../../bin/ampl/keywords.js';
import { readSol, writeSolText } from '../../../lib/io/nl/index.js';
import { verifyCertificate } from '../../../lib/verify/index.js';
import { runCommand, solveText, temporaryFolder } from '../../support/ampl.js';
import { toBinaryNl } from '../../support/nl-binary.js';
import { wyndorSample } from '../../support/nl-samples.js';
import { nlText } from '../../support/nl-text.js';

/** min (x − 1)² + (y − 2)² + 3 with x, y as bounded. */
function quadraticText(bounds: [number, number][], sides?: [number, number]): string {
  return nlText({
    variableCount: 2,
    bounds,
    constraints: sides
      ? [
          {
            sides,
            linear: [
              [0, 1],
              [1, 1],
            ],
          },
        ]
      : [],
    objective: {
      expression: ['o54', '3', 'o5', 'o1', 'v0', 'n1', 'n2', 'o5', 'o1', 'v1', 'n2', 'n2', 'n3'],
      linear: [
        [0, 0],
        [1, 0],
      ],
    },
  });
}

const free: [number, number] = [-Infinity, Infinity];

describe('what is asked before solving', () => {
  it('tells its version in one line that Pyomo can read', async () => {
    for (const word of ['-v', '--version']) {
      const { exitCode, output } = await runCommand([word]);
      expect(exitCode).toBe(0);
      expect(output.split('\n')).toHaveLength(1);
      expect(output).toMatch(/^sft-opt-ampl \d+\.\d+\.\d+ /);
      expect(output).not.toContain('trunk');
    }
  });

  it('lists keywords and usage', async () => {
    const keywords = await runCommand(['-=']);
    expect(keywords.exitCode).toBe(0);
    for (const name of ['method', 'tol', 'maxiter', 'timelimit', 'outlev']) expect(keywords.output).toContain(name);
    const usage = await runCommand(['-?']);
    expect(usage).toMatchObject({ exitCode: 0 });
    expect(usage.output).toContain('[-AMPL]');
    expect(await runCommand(['-u'])).toMatchObject({ exitCode: 0 });
  });

  it('ends with 1 for a bad command line, naming everything wrong', async () => {
    const stub = join(temporaryFolder(), 'model');
    writeFileSync(`${stub}.nl`, wyndorSample);
    const run = await runCommand([stub, '-AMPL', 'colour=red', 'tol=-1', 'loose']);
    expect(run.exitCode).toBe(1);
    for (const text of ['Unknown keyword "colour"', 'Bad value "-1" for tol', 'found "loose"']) {
      expect(run.errors).toContain(text);
    }
    expect(existsSync(`${stub}.sol`)).toBe(false);
    expect(await runCommand([])).toMatchObject({ exitCode: 1 });
    expect(await runCommand(['-z', stub])).toMatchObject({ exitCode: 1 });
    expect((await runCommand([`${stub}x`, '-AMPL'])).errors).toContain('no such file');
  });

  it('takes options in all three ways of quoting', () => {
    const words = parseCommandLine(['m.nl', '-AMPL', 'method=auto', 'tol="1e-7"', "maxiter='5'", 'outlev= 1 ']);
    expect(words).toMatchObject({ stub: 'm.nl', fromAmpl: true, problems: [] });
    expect(parseKeywords(words.assignments).keywords).toMatchObject({
      method: 'auto',
      tol: 1e-7,
      maxiter: 5,
      outlev: 1,
    });
    const environment = parseEnvironmentOptions(`tol=1e-5 maxiter = "7" outlev 2 method='sqp'`);
    expect(environment.problems).toEqual([]);
    expect(parseKeywords(environment.assignments)).toMatchObject({
      problems: [],
      keywords: { tol: 1e-5, maxiter: 7, outlev: 2, method: 'sqp' },
    });
    expect(parseEnvironmentOptions('=5').problems).toHaveLength(1);
    expect(parseCommandLine(['-s', '-e', '-of', 'out.sol', '--', '-odd']).stub).toBe('-odd');
  });

  it('reads the environment first and lets the command line win', async () => {
    const stub = join(temporaryFolder(), 'model');
    writeFileSync(`${stub}.nl`, wyndorSample);
    const environment = { 'sft-opt-ampl_options': 'tol=1e-5 outlev=1' };
    const run = await runCommand([stub, '-AMPL', 'tol=1e-8'], environment);
    expect(run.output).toContain('tol=1e-5 outlev=1 tol=1e-8');
    expect(await runCommand([stub, '-AMPL', 'tol=1e-8'], { solver_msg: '0' })).toMatchObject({
      exitCode: 0,
      output: '',
    });
    expect(await runCommand([stub, '-AMPL'], { sft_opt_ampl_options: 'bad=1' })).toMatchObject({ exitCode: 1 });
  });
});

describe('files', () => {
  it.each(['tmp ab.pyomo', 'plain', 'two.nl'])('finds %s with and without .nl', async (name) => {
    const stub = join(temporaryFolder(), name);
    writeFileSync(`${stub}.nl`, wyndorSample);
    for (const argument of [stub, `${stub}.nl`]) {
      expect(await runCommand([argument, '-AMPL'])).toMatchObject({ exitCode: 0, output: '', errors: '' });
      expect(readSol(readFileSync(`${stub}.sol`, 'utf8')).solveResult).toBe(0);
    }
  });

  it('prints instead of writing without -AMPL, unless asked', async () => {
    const stub = join(temporaryFolder(), 'model');
    writeFileSync(`${stub}.nl`, wyndorSample);
    const shown = await runCommand([stub, 'wantsol=6']);
    expect(shown.output).toContain('objective 36');
    expect(shown.output).toMatch(/x\[1\] = 6/);
    expect(shown.output).toMatch(/dual\[1\] = 1\.5/);
    expect(existsSync(`${stub}.sol`)).toBe(false);
    await runCommand(['-s', '-of', `${stub}.other`, stub, 'wantsol=8']);
    expect(existsSync(`${stub}.other`)).toBe(true);
  });

  it('writes the solution whole or not at all, also over an old one and through a link', async () => {
    const folder = temporaryFolder();
    const stub = join(folder, 'model');
    writeFileSync(`${stub}.nl`, wyndorSample);
    writeFileSync(join(folder, 'real.sol'), 'old');
    symlinkSync('real.sol', `${stub}.sol`);
    expect(await runCommand([stub, '-AMPL'])).toMatchObject({ exitCode: 0 });
    expect(lstatSync(`${stub}.sol`).isSymbolicLink()).toBe(true);
    expect(readSol(readFileSync(join(folder, 'real.sol'), 'utf8')).solveResult).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['model.nl', 'model.sol', 'real.sol']);
  });

  it('writes a certificate that the checker accepts, and names what cannot be certified', async () => {
    const stub = join(temporaryFolder(), 'model');
    const proof = `${stub}.json`;
    writeFileSync(`${stub}.nl`, wyndorSample);
    const run = await runCommand([stub, `certificate=${proof}`]);
    expect(run).toMatchObject({ exitCode: 0, errors: '' });
    expect(run.output).toContain('proven: No point');
    const verdict = await verifyCertificate(readFileSync(proof, 'utf8'));
    expect(verdict).toMatchObject({ verified: true, program: { value: -36, bound: -36, tolerance: 0 } });
    rmSync(proof);
    const exponential = { variableCount: 1, bounds: [[0, 1]] as [number, number][], constraints: [] };
    writeFileSync(`${stub}.nl`, nlText({ ...exponential, objective: { expression: ['o44', 'v0'], linear: [[0, 0]] } }));
    const nonlinear = await runCommand([stub, `certificate=${proof}`]);
    expect(nonlinear.output).toContain('no certificate: the objective holds exp');
    expect(existsSync(proof)).toBe(false);
    expect((await runCommand([stub, 'certificate='])).exitCode).toBe(1);
    writeFileSync(`${stub}.nl`, quadraticText([free, free], [-Infinity, 1]));
    expect(await runCommand([stub, `certificate=${proof}`])).toMatchObject({ exitCode: 0 });
    // Squares multiplied out exactly: (x − 1)² + (y − 2)² + 3 is 5 at (0, 1).
    expect(await verifyCertificate(readFileSync(proof, 'utf8'))).toMatchObject({ program: { value: 5, bound: 5 } });
  });

  it('ends with 2 where the solution cannot be written', async () => {
    const stub = join(temporaryFolder(), 'model');
    writeFileSync(`${stub}.nl`, wyndorSample);
    const run = await runCommand(['-of', join(stub, 'not', 'there.sol'), stub, '-AMPL']);
    expect(run.exitCode).toBe(2);
    expect(run.errors).toContain('cannot write');
  });

  it('ends with 1 for a model that it cannot take, with the place', async () => {
    const stub = join(temporaryFolder(), 'model');
    writeFileSync(`${stub}.nl`, wyndorSample.replace('C1\nn0', 'C1\no59\n1\nn0'));
    const run = await runCommand([stub, '-AMPL']);
    expect(run.exitCode).toBe(1);
    expect(run.errors).toContain('line 14: operator o59 (count) belongs to constraint programming');
  });

  it.each(['g3 1 1 0', 'g3 0 1 0', 'g2 0 3 0.5', 'g0'])('repeats the options of the first line: %s', async (first) => {
    const { solution } = await solveText(wyndorSample.replace('g3 0 1 0', first));
    const numbers = first.slice(1).split(' ').map(Number);
    expect(solution.amplOptions).toEqual(numbers.slice(1, 1 + numbers[0]!));
    expect(solution.tolerance).toBe(first.includes('0.5') ? 0.5 : undefined);
  });

  it('answers a binary model with a binary solution in its byte order', async () => {
    for (const littleEndian of [true, false]) {
      const stub = join(temporaryFolder(), 'model');
      writeFileSync(`${stub}.nl`, toBinaryNl(wyndorSample, { letter: 'b', littleEndian }));
      expect((await runCommand([stub, '-AMPL'])).exitCode).toBe(0);
      const bytes = new Uint8Array(readFileSync(`${stub}.sol`));
      expect(new DataView(bytes.buffer).getInt32(0, littleEndian)).toBe(6);
      expect(readSol(bytes).x![1]).toBeCloseTo(6, 8);
    }
  });
});

describe('answers', () => {
  it('gives marginals of the objective as written when it maximises', async () => {
    const { solution } = await solveText(wyndorSample);
    expect(solution.solveResult).toBe(0);
    expect([...solution.x!].map(round)).toEqual([2, 6]);
    expect([...solution.marginals!].map(round)).toEqual([0, 1.5, 1]);
    expect(solution.message).toMatch(/^sft-opt-ampl \d/);
    expect(solution.message).toContain('objective 36');
  });

  it('gives marginals with the other sign for the same problem minimised', async () => {
    const minimised = wyndorSample.replace('O0 1', 'O0 0').replace('0 3\n1 5\n', '0 -3\n1 -5\n');
    const { solution } = await solveText(minimised);
    expect([...solution.marginals!].map(round)).toEqual([0, -1.5, -1]);
  });

  it('gives bound duals whose sum is the reduced cost, for min and max', async () => {
    const expression = ['o0', 'o5', 'o1', 'v0', 'n5', 'n2', 'o5', 'o0', 'v1', 'n5', 'n2'];
    const model = (maximise: boolean): string =>
      nlText({
        variableCount: 2,
        bounds: [
          [0, 3],
          [-1, 9],
        ],
        constraints: [],
        objective: { maximise, expression: maximise ? ['o16', ...expression] : expression },
      });
    for (const maximise of [false, true]) {
      const sign = maximise ? -1 : 1;
      const { solution } = await solveText(model(maximise));
      expect([...solution.x!].map(round)).toEqual([3, -1]);
      const suffix = (name: string): [number, number][] => {
        const found = solution.suffixes.find((candidate) => candidate.name === name)!;
        return [...found.indices].map((index, k) => [index, round(found.values[k]!)]);
      };
      expect(suffix('ipopt_zL_out')).toEqual([[1, sign * 8]]);
      expect(suffix('ipopt_zU_out')).toEqual([[0, sign * -4]]);
      expect(suffix('rc')).toEqual([
        [0, sign * -4],
        [1, sign * 8],
      ]);
    }
  });

  it('solves without constraints and keeps the constant of the objective', async () => {
    const { solution } = await solveText(quadraticText([free, free]));
    expect(solution).toMatchObject({ solveResult: 0, constraintCount: 0 });
    expect(solution.marginals).toBeUndefined();
    expect(Number(/objective (\S+)/.exec(solution.message)![1])).toBeCloseTo(3, 9);
  });

  it.each([
    [[-5, 2], 3.5, -1],
    [[4, 9], 3.5, 1],
    [[2.5, 2.5], 3.125, -0.5],
    [[-Infinity, Infinity], 3, 0],
    [[4, Infinity], 3.5, 1],
  ] as [[number, number], number, number][])('handles the row sides %j', async (sides, objective, marginal) => {
    const { solution } = await solveText(quadraticText([free, free], sides));
    expect(Number(/objective (\S+)/.exec(solution.message)![1])).toBeCloseTo(objective, 6);
    expect(solution.marginals![0]).toBeCloseTo(marginal, 5);
  });

  it('says infeasible and unbounded with exit code 0, and names the row', async () => {
    const infeasible = await solveText(
      quadraticText(
        [
          [0, 1],
          [0, 1],
        ],
        [3, Infinity],
      ),
    );
    expect(infeasible.exitCode).toBe(0);
    expect(infeasible.solution.solveResult).toBe(200);
    expect(infeasible.solution.message).toMatch(
      /largest violation: (constraint|bound of variable) [01] by (1|0\.9|0\.5)/,
    );
    const unbounded = await solveText(wyndorSample.replace('1 4\n1 12\n1 18\n', '2 4\n2 12\n2 18\n'));
    expect(unbounded.exitCode).toBe(0);
    expect([300, 350]).toContain(unbounded.solution.solveResult);
  });

  it('reports a limit of iterations as such', async () => {
    const rosenbrock = nlText({
      variableCount: 2,
      bounds: [free, free],
      constraints: [],
      objective: {
        expression: ['o0', 'o2', 'n100', 'o5', 'o1', 'v1', 'o5', 'v0', 'n2', 'n2', 'o5', 'o1', 'n1', 'v0', 'n2'],
      },
      start: [-1.2, 1],
    });
    const { solution, exitCode } = await solveText(rosenbrock, 'maxiter=3', 'method=sqp');
    expect(exitCode).toBe(0);
    expect(solution.solveResult).toBe(403);
    expect(solution.message).toContain('iteration limit, feasible solution');
    expect(solution.x!.every(Number.isFinite)).toBe(true);
    expect((await solveText(rosenbrock, 'method=auglag')).solution.solveResult).toBe(0);
  });

  it('does not call a relaxation with fractional values solved', async () => {
    const integers = wyndorSample.replace(' 0 0 0 0 0\n 4 2', ' 0 2 0 0 0\n 4 2').replace('1 18\n', '1 17\n');
    const { solution } = await solveText(integers, 'method=sqp');
    expect(solution.solveResult).toBe(510);
    expect(solution.message).toContain('integrality ignored');
    expect((await solveText(integers.replace('1 17\n', '1 18\n'), 'method=sqp')).solution.solveResult).toBe(0);
  });

  it('finds integer solutions, and says when there are none', async () => {
    const integers = wyndorSample.replace(' 0 0 0 0 0\n 4 2', ' 0 2 0 0 0\n 4 2').replace('1 18\n', '1 17\n');
    const { solution } = await solveText(integers);
    expect(solution.solveResult).toBe(0);
    expect([...solution.x!]).toEqual([1, 6]);
    const none = await solveText(integers.replace('1 4\n', '0 0.2 0.8\n'));
    expect(none.solution.solveResult).toBe(200);
    const endless = await solveText(integers.replace('1 4\n1 12\n1 17\n', '2 4\n2 12\n2 17\n'));
    expect([300, 350]).toContain(endless.solution.solveResult);
    const stopped = await solveText(integers, 'timelimit=1e-9');
    expect([402, 472]).toContain(stopped.solution.solveResult);
  });

  it('reads CRLF input', async () => {
    expect((await solveText(wyndorSample.replaceAll('\n', '\r\n'))).solution.solveResult).toBe(0);
  });

  it('takes objective 0 as none', async () => {
    const { solution } = await solveText(wyndorSample, 'objno=0');
    expect(solution.solveResult).toBe(0);
    expect(solution.message).toContain('objective 0');
  });

  it('writes what it reads', () => {
    expect(writeSolText(readSol('m\n\nOptions\n0\n0\n0\n1\n0\nobjno 0 0\n'))).toBe(
      'm\n\nOptions\n0\n0\n0\n1\n0\nobjno 0 0\n',
    );
  });
});

function round(value: number): number {
  return Math.round(value * 1e5) / 1e5 + 0;
}
