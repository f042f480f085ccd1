/**
 * Predicted against measured, in pieces of less than ten minutes that can be run one by one, on different days or loads:
 * a calibration with default settings, then validations with what it has written.
 *
 *   npx tsx bench/harness/calibration.ts                 lists the pieces
 *   npx tsx bench/harness/calibration.ts <run> <piece>…  runs them (`embedded/wall/calibrate`, `embedded/wall/busy-1`, …), or all
 *                                                        that begin so (`deit-tiny/wall/rest`)
 *   npx tsx bench/harness/calibration.ts report          writes bench/results/harness-calibration.txt from all that are done
 *
 * `<run>` names a whole run, such as a date; its reports go to bench/results/calibration/<run>/. A piece that is done is not
 * run again. Weights of DeiT-Tiny: ../shared/data/weights; its batches are of 4, so that a run ends within minutes.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ValidationReport } from '../../harness/validate/index.js';
import { relativeError, type ErrorSummary } from '../../lib/statistics/index.js';
import { summariseCases } from '../../lib/validation/index.js';

const root = new URL('../../', import.meta.url);
const results = new URL('../results/calibration/', import.meta.url);
const weights = fileURLToPath(new URL('../shared/data/weights/deit_tiny_patch16_224.fp16.safetensors', root));

interface Piece {
  readonly model: 'embedded' | 'embedded-decoder' | 'deit-tiny';
  readonly clock: 'wall' | 'cpu';
  readonly kind: 'calibrate' | 'rest' | 'busy';
  /** Of a validation: names of the plans that are run. */
  readonly only?: string;
}

const scenarios = ['one', 'two devices', 'three', 'four'];
const pieces: Record<string, Piece> = {};
for (const model of ['embedded', 'embedded-decoder', 'deit-tiny'] as const) {
  for (const clock of ['wall', 'cpu'] as const) {
    pieces[`${model}/${clock}/calibrate`] = { model, clock, kind: 'calibrate' };
    for (const kind of clock === 'wall' ? (['rest', 'busy'] as const) : (['busy'] as const)) {
      scenarios.forEach((only, k) => (pieces[`${model}/${clock}/${kind}-${k + 1}`] = { model, clock, kind, only }));
    }
  }
}

interface PieceRecord {
  readonly command: string;
  readonly machine: string;
  /** Mean and largest load of the machine while it ran, from a sample every 5 s. */
  readonly load: readonly [number, number];
  readonly seconds: number;
  readonly created: string;
  readonly report?: ValidationReport;
}

function fileOf(run: string, name: string, extension: string): URL {
  return new URL(`${run}/${name.replaceAll('/', '-')}.${extension}`, results);
}

async function runPiece(run: string, name: string): Promise<void> {
  const piece = pieces[name]!;
  const record = fileOf(run, name, 'json');
  if (existsSync(record)) {
    console.log(`${name} is done`);
    return;
  }
  mkdirSync(new URL('.', record), { recursive: true });
  const { model, clock, kind, only } = piece;
  const profile = fileURLToPath(fileOf(run, `${model}/${clock}/profile`, 'json'));
  const out = fileURLToPath(fileOf(run, name, 'tmp'));
  const own = model === 'deit-tiny' ? ['--weights', weights, '--batch-size', '4'] : [];
  const common = ['--model', model, '--stage-clock', clock, ...own];
  const args =
    kind === 'calibrate'
      ? ['calibrate', ...common, '--out', profile]
      : [
          'validate',
          ...common,
          '--profile',
          profile,
          '--out',
          out,
          '--only',
          only!,
          ...(model === 'deit-tiny' ? ['--rounds', '2'] : []),
        ];
  const loads: number[] = [];
  const sampler = setInterval(() => loads.push(loadavg()[0]!), 5000);
  // One core that others use: a loop without end in a process of its own.
  const busy = kind === 'busy' ? spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }) : undefined;
  const start = performance.now();
  try {
    const program = fileURLToPath(new URL('bin/sft-opt.ts', root));
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    if (code !== 0) throw new Error(`${name} ended with ${String(code)}`);
  } finally {
    clearInterval(sampler);
    busy?.kill();
  }
  const all = loads.length > 0 ? loads : [loadavg()[0]!];
  const done: PieceRecord = {
    command: `npx tsx bench/harness/calibration.ts ${run} ${name}`,
    machine: `${cpus().length} × ${cpus()[0]!.model.trim()}, Node.js ${process.versions.node}`,
    load: [all.reduce((sum, load) => sum + load, 0) / all.length, Math.max(...all)],
    seconds: (performance.now() - start) / 1000,
    created: new Date().toISOString(),
    ...(kind !== 'calibrate' && { report: JSON.parse(readFileSync(out, 'utf8')) as ValidationReport }),
  };
  writeFileSync(record, `${JSON.stringify(done, undefined, 1)}\n`);
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`.padStart(7);
const errors = ({ mape, worst, bias }: ErrorSummary) => `${percent(mape)} ${percent(worst)} ${percent(bias)}`;

/** One line for each run, model, clock and kind. */
function report(): void {
  const lines = [
    'Rounds predicted from a profile against real trainings: mean |e|, worst |e|, bias. Counted: plans whose stages were steady.',
    'normalised: work over the slowdown of the references; without links: normalised, messages at once; cold: first rounds of processes.',
    '',
    'run / model / clock / kind             counted    raw                     normalised              without links           traffic  live bytes  cold; slowdown; load mean, most',
  ];
  const runs = existsSync(results) ? readdirSync(results).filter((name) => !name.includes('.')) : [];
  for (const run of runs) {
    for (const group of new Set(Object.keys(pieces).map((name) => name.replace(/-\d$/u, '')))) {
      if (group.endsWith('calibrate')) continue;
      const names = Object.keys(pieces).filter((name) => name.replace(/-\d$/u, '') === group);
      const done = names.flatMap((name) => {
        const file = fileOf(run, name, 'json');
        return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8')) as PieceRecord] : [];
      });
      const cases = done.flatMap((piece) => piece.report!.cases);
      const counted = cases.filter(({ unsteady }) => unsteady.length === 0);
      if (counted.length === 0) continue;
      const { round, normalised, compute, traffic, deviceMemory, serverMemory } = summariseCases(counted);
      const cold = done.flatMap((piece) =>
        piece.report!.cold ? [percent(relativeError(piece.report!.cold)).trim()] : [],
      );
      const slow = cases.map(({ slowdown }) => slowdown);
      const loads = done.map(({ load }) => load);
      lines.push(
        `${`${run} ${group}`.padEnd(38)} ${counted.length} of ${cases.length}  ${errors(round)}  ${errors(normalised)}  ${errors(compute)}  ` +
          `${percent(traffic.mape)}  ${percent(Math.max(deviceMemory.mape, serverMemory.mape))}  ${cold.join(', ')}; ` +
          `${Math.min(...slow).toFixed(2)}…${Math.max(...slow).toFixed(2)}; ${(loads.reduce((sum, [mean]) => sum + mean, 0) / loads.length).toFixed(1)}, ${Math.max(...loads.map(([, most]) => most)).toFixed(1)}`,
      );
    }
  }
  console.log(lines.join('\n'));
  writeFileSync(new URL('../results/harness-calibration.txt', import.meta.url), `${lines.join('\n')}\n`);
}

const [run, ...names] = process.argv.slice(2);
if (run === undefined) console.log(Object.keys(pieces).join('\n'));
else if (run === 'report') report();
else {
  for (const name of names) {
    const meant = Object.keys(pieces).filter((piece) => piece.startsWith(name));
    if (meant.length === 0) throw new Error(`there is no piece ${name}`);
    for (const piece of meant) await runPiece(run, piece);
  }
}
