/**
 * Peak resident memory (VmHWM) of real device processes, as `sft-opt train --processes` starts them, against what a profile
 * foresees at cuts that calibration has not run.
 *
 *   npx tsx bin/sft-opt.ts calibrate --model embedded-decoder --out profile.json
 *   npx tsx bench/harness/process-memory.ts profile.json embedded-decoder
 *
 * For Linux; the model is `embedded` where none is given. Writes bench/results/harness-process-memory.txt and .json, or
 * harness-process-memory-decoder; exit code 1 when a process is off by more than the bar.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { columns } from '../../bin/render/columns.js';
import { readMeasuredProfile } from '../../lib/io/index.js';
import { relativeError, summarise, type Pair } from '../../lib/statistics/index.js';
import { writeResults } from '../support/results.js';

const [path = 'profile.json', model = 'embedded'] = process.argv.slice(2);
const dataOf: Readonly<Record<string, string>> = {
  embedded: '{ images: 512, evaluationImages: 0 }',
  'embedded-decoder': '{ set: grammar, task: class, images: 512, evaluationImages: 0 }',
};
const data = dataOf[model];
if (data === undefined) throw new Error(`there is no ${model}; there are: ${Object.keys(dataOf).join(', ')}`);
/** Largest relative error of a process. */
const BAR = 0.1;
const profile = readMeasuredProfile(readFileSync(path, 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'process-memory-'));
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Largest VmHWM of each device's process, by its name, watched until the training has ended. */
async function devicePeaks(scenario: string): Promise<Map<string, number>> {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, scenario);
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  const args = ['--import', 'tsx', 'bin/sft-opt.ts', 'train', file, '--processes', '--quiet'];
  const child = spawn(process.execPath, args, { env, cwd: root, stdio: 'inherit' });
  const peaks = new Map<string, number>();
  const watch = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/u.test(name))) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        if (Number(/^PPid:\s+(\d+)/mu.exec(status)?.[1]) !== child.pid) continue;
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const name = words[words.indexOf('--name') + 1]!;
        peaks.set(name, 1024 * Number(/^VmHWM:\s+(\d+) kB$/mu.exec(status)?.[1]));
      } catch {
        // It has just ended.
      }
    }
  }, 50);
  const code = await new Promise((resolve) => child.on('exit', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`the training ended with ${String(code)}`);
  return peaks;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const load = loadavg()[0]!.toFixed(1);
const found: (Pair & { activations: string; batchSize: number; cut: number; liveBytes: number })[] = [];
for (const { activations, batchSize, processBytes, deviceBytes, cuts } of profile.entries) {
  if (!processBytes) throw new Error('the profile has no process memory');
  const heldOut = [2, 4].filter((cut) => cut < profile.model.blocks && !cuts.includes(cut));
  const peaks = await devicePeaks(`
version: 1
data: ${data}
model: ${model}
training: { rounds: 4, stepsPerRound: 5, batchSize: ${batchSize}, activations: ${activations} }
codec: { keptFraction: 10 %, bits: 4 }
devices: [${heldOut.map((cut) => `{ name: cut-${cut}, cut: ${cut} }`).join(', ')}]
`);
  for (const cut of heldOut) {
    const predicted = processBytes.fixed + cut * processBytes.perBlock;
    const liveBytes = deviceBytes.fixed + cut * deviceBytes.perBlock;
    found.push({ activations, batchSize, cut, predicted, measured: peaks.get(`cut-${cut}`)!, liveBytes });
  }
}
rmSync(folder, { recursive: true });
if (found.length === 0) throw new Error('the profile leaves no cut to compare');
const { mape, worst } = summarise(found);
const table = [
  `Peak resident memory of device processes, ${model}, profile of ${profile.created}, load ${load}; MB`,
  '',
  columns(
    [
      ['activations', 'batch', 'cut', 'predicted', 'measured', 'error', 'live tensors alone'],
      ...found.map((one) => [
        one.activations,
        String(one.batchSize),
        String(one.cut),
        megabytes(one.predicted),
        megabytes(one.measured),
        percent(relativeError(one)),
        megabytes(one.liveBytes),
      ]),
    ],
    [1, 2, 3, 4, 5, 6],
  ),
  '',
  `${worst <= BAR ? 'holds ' : 'MISSED'} off by at most ${percent(BAR)}: mean ${percent(mape)}, worst ${percent(worst)}`,
].join('\n');
const isDecoder = model === 'embedded-decoder';
writeResults(
  `harness-process-memory${isDecoder ? '-decoder' : ''}`,
  `npx tsx bench/harness/process-memory.ts profile.json${isDecoder ? ` ${model}` : ''}`,
  table,
  { profile: profile.created, load, found },
);
if (worst > BAR) process.exitCode = 1;
