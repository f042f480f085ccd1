import { describe, expect, it } from 'vitest';
import { readInput } from '../../../../bin/report/inputs/read.js';
import { someRounds, someTraining, someValidation, solvedProblem } from '../../../support/report-pages.js';

const lines = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const rounds = someRounds();
const { plan, progress } = solvedProblem();
const kindOf = (text: string) => {
  const outcome = readInput(text);
  return outcome.ok ? outcome.input.kind : outcome.problem;
};

describe('what a report is made of', () => {
  it('is told by its content', () => {
    expect(kindOf(lines(rounds))).toBe('simulation');
    expect(kindOf(JSON.stringify(plan))).toBe('plan');
    expect(kindOf(lines(progress.map((note) => ({ elapsedSeconds: 1, ...note }))))).toBe('log');
    expect(kindOf(lines([{ kind: 'run', run: 'a', settings: {} }, ...someTraining()]))).toBe('training');
    expect(kindOf(JSON.stringify(someValidation()))).toBe('validation');
  });

  it('is read up to the half line that a killed process leaves', () => {
    const outcome = readInput(lines(rounds).slice(0, -40));
    expect(outcome.ok && outcome.input.kind === 'simulation' && outcome.input.rounds.length).toBe(rounds.length - 1);
    expect(outcome.ok && outcome.warning).toContain(`line ${rounds.length} is cut off`);
    const whole = readInput(lines(rounds));
    expect(whole.ok && whole.warning).toBeUndefined();
  });

  it('knows nothing where a log has null for what was not finite', () => {
    const outcome = readInput('{"elapsedSeconds":1,"phase":"search","totalSeconds":null}\n');
    const [note] = outcome.ok && outcome.input.kind === 'log' ? outcome.input.progress : [];
    expect(note?.totalSeconds).toBeUndefined();
  });

  it('keeps every figure', () => {
    const outcome = readInput(lines(rounds));
    const found = outcome.ok && outcome.input.kind === 'simulation' ? outcome.input.rounds : [];
    expect(found.map(({ delaySeconds, stages }) => [delaySeconds, stages])).toEqual(
      rounds.map(({ delaySeconds, stages }) => [delaySeconds, stages]),
    );
  });

  it.each([
    ['', 'none of what'],
    ['{}', 'none of what'],
    ['scheme,seed\njoint,1\n', 'none of what'],
    ['[1, 2]', 'none of what'],
    ['null', 'none of what'],
    ['{"scheme":"a","outcome":"run"}', 'line 1: seed'],
    [lines([...rounds.slice(0, 2), { ...rounds[2], delaySeconds: '<b>' }]), 'line 3: delaySeconds'],
    [`${lines(rounds.slice(0, 1))}\n\n${lines([{ ...rounds[1], round: 0.5 }])}`, 'line 4: round'],
    ...(
      [
        ['round', -1],
        ['seed', -1],
        ['devices', 2.5],
        ['delaySeconds', -3],
        ['delaySeconds', null],
        ['energyJoule', -1],
        ['uplinkBits', -8],
        ['accuracy', 1.5],
        ['memoryUse', -0.1],
        ['regret', -2],
        ['stages', { ...rounds[0]!.stages, uplink: -1 }],
        ['scheme', 'joint\u001b[31m'],
        ['bottleneck', 'phone\u0007'],
      ] as const
    ).map(([key, value]): [string, string] => [lines([{ ...rounds[0], [key]: value }]), `line 1: ${key}`]),
    [`${lines(rounds.slice(0, 1))}{\n${lines(rounds.slice(1, 2))}`, 'line 2 is no JSON'],
    ['{"format":"sft-opt-plan"}', 'version'],
    ['{"profileHash":"x","cases":[]}', 'created'],
    ['{"kind":"boom"}', 'line 1: kind'],
    ['{"phase":"search","elapsedSeconds":"1"}', 'line 1: elapsedSeconds'],
  ])('%#: what is wrong is said with its place', (text, problem) => {
    expect(kindOf(text)).toContain(problem);
  });
});
