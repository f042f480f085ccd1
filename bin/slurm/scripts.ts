/** What both jobs of a submission need. */
export interface JobFrame {
  readonly name: string;
  /** Where the commands run: paths of the command line are relative to it. */
  readonly directory: string;
  /** Where the jobs' output goes. */
  readonly folder: string;
  /** Further options of `sbatch`, as `--partition=short`. */
  readonly options: readonly string[];
}

export interface ArrayScript extends JobFrame {
  /** Parts to run, from 1. */
  readonly parts: readonly number[];
  readonly count: number;
  readonly processors: number;
  /** `sft-opt sweep …` without its part. */
  readonly command: readonly string[];
}

export interface CollectScript extends JobFrame {
  readonly command: readonly string[];
  /** What submits again what is missing, after all parts have ended; absent where nothing is tried again. */
  readonly again?: readonly string[] | undefined;
  /** Exit code of `command` where results are missing. */
  readonly missingCode: number;
}

/** One task of the array runs one part; a part whose node is lost is queued again by SLURM itself. */
export function arrayScript({ parts, count, processors, command, ...frame }: ArrayScript): string {
  return [
    ...head(frame, 'part-%a.log', [`--array=${ranges(parts)}`, '--requeue', `--cpus-per-task=${processors}`]),
    `exec ${shellCommand(command)} --shard "$SLURM_ARRAY_TASK_ID/${count}" --workers ${processors}`,
    '',
  ].join('\n');
}

/** Runs when every part has ended in whatever way. */
export function collectScript({ command, again, missingCode, ...frame }: CollectScript): string {
  const retry = again ? [`[ "$code" = ${missingCode} ] && exec ${shellCommand(again)}`] : [];
  return [
    ...head(frame, 'collect.log', ['--requeue']),
    shellCommand(command),
    'code=$?',
    ...retry,
    'exit "$code"',
    '',
  ].join('\n');
}

/** Numbers in order as SLURM writes them: 1-4,7. */
export function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let k = 0; k < numbers.length;) {
    let end = k;
    while (numbers[end + 1] === numbers[end]! + 1) end++;
    parts.push(end > k ? `${numbers[k]!}-${numbers[end]!}` : `${numbers[k]!}`);
    k = end + 1;
  }
  return parts.join(',');
}

/** Words as a POSIX shell reads them back. */
export function shellCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

function head({ name, directory, folder, options }: JobFrame, log: string, own: readonly string[]): string[] {
  const all = [
    `--job-name=${name}`,
    `--chdir=${directory}`,
    // A percent sign of the folder is none of SLURM's patterns.
    `--output=${folder.replaceAll('%', '%%')}/${log}`,
    '--open-mode=append',
    ...own,
    ...options,
  ];
  return ['#!/bin/sh', ...all.map((option) => `#SBATCH ${quoted(option)}`)];
}

/** As `sbatch` reads its lines: quotes keep blanks, a backslash keeps what follows. */
function quoted(option: string): string {
  return /^[\w@%+=:,./[\]-]+$/u.test(option) ? option : `"${option.replaceAll(/["\\]/gu, (found) => `\\${found}`)}"`;
}
