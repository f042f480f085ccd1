import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { lackingParts, submitCommand, type SubmitArguments } from '../../../bin/campaign/submit.js';
import { arrayScript, collectScript, ranges, shellCommand } from '../../../bin/slurm/scripts.js';

describe('scripts for SLURM', () => {
  it('name the parts that lack results', () => {
    expect(lackingParts([true, false, true, true, false, true, true, true, true], 3)).toEqual([2]);
    expect(lackingParts([false, true, true, true, true, false], 4)).toEqual([1, 2]);
    expect(lackingParts([true, true], 4)).toEqual([]);
    expect(ranges([1, 2, 3, 7, 9, 10])).toBe('1-3,7,9-10');
  });

  it('hand words to the shell as they are', () => {
    const words = fc.array(
      fc.string({ unit: 'binary' }).filter((word) => !word.includes('\0')),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(words, (given) => {
        const said = execFileSync('sh', ['-c', `printf '%s\\0' ${shellCommand(given)}`]).toString('utf8');
        expect(said.split('\0').slice(0, -1)).toEqual(given.map((word) => Buffer.from(word).toString('utf8')));
      }),
      { numRuns: 60 },
    );
  });

  it('keep blanks and percent signs of folders', () => {
    const frame = {
      name: 'sft-opt',
      directory: '/data/my runs',
      folder: '/data/my runs/50%',
      options: ['--time=1:00'],
    };
    const array = arrayScript({ ...frame, parts: [1, 2, 5], count: 8, processors: 2, command: ['node', 'a b.js'] });
    expect(array.split('\n')).toEqual([
      '#!/bin/sh',
      '#SBATCH --job-name=sft-opt',
      '#SBATCH "--chdir=/data/my runs"',
      '#SBATCH "--output=/data/my runs/50%%/part-%a.log"',
      '#SBATCH --open-mode=append',
      '#SBATCH --array=1-2,5',
      '#SBATCH --requeue',
      '#SBATCH --cpus-per-task=2',
      '#SBATCH --time=1:00',
      `exec node 'a b.js' --shard "$SLURM_ARRAY_TASK_ID/8" --workers 2`,
      '',
    ]);
    const collect = (again?: string[]) =>
      collectScript({ ...frame, command: ['exit', '4'], again, missingCode: 4 }).replaceAll(/^#.*\n/gmu, '');
    const run = (script: string) => {
      try {
        return execFileSync('sh', ['-c', script]).toString();
      } catch (error) {
        return (error as { status: number }).status;
      }
    };
    expect(run(collect())).toBe(4);
    expect(run(collect(['echo', 'again']).replace('exit 4', 'sh -c "exit 4"'))).toBe('again\n');
    expect(run(collect(['echo', 'again']).replace('exit 4', 'sh -c "exit 2"'))).toBe(2);
  });
});

describe('a submission', () => {
  const words = { parts: 2, processors: 1, attempts: 1, dryRun: true } as unknown as SubmitArguments;

  it.each([
    [{ ledger: ['a\ntouch b'] }, 'has a control character'],
    [{ sbatch: ['--partition=x\n#SBATCH --uid=0'] }, 'has a control character'],
    [{ sbatch: ['--array=1-2'] }, 'the submission sets this itself'],
    [{ sbatch: ['--wrap=date'] }, 'the submission sets this itself'],
    [{ sbatch: ['partition=short'] }, 'an option begins with --'],
  ])('refuses %j', async (given, reason) => {
    await expect(submitCommand('scenario.yaml', { ...words, ...given })).rejects.toThrow(reason);
  });
});
