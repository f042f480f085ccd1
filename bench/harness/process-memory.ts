/**
 * Peak resident memory (VmHWM) of real device processes, as `sft-opt train --processes` starts them, against what a profile
 * foresees at cuts that calibration has not run.
 *
 *   npx tsx bin/sft-opt.ts calibrate --out profile.json
 *   npx tsx bench/harness/process-memory.ts profile.json
 *
 * For Linux; the model is the embedded one.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMeasuredProfile } from '../../lib/io/index.js';

const [path = 'profile.json'] = process.argv.slice(2);
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
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]!.model} × ${cpus().length}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}; profile of ${profile.created}`,
);
const errors: number[] = [];
for (const { activations, batchSize, processBytes, deviceBytes, cuts } of profile.entries) {
  if (!processBytes) throw new Error('the profile has no process memory');
  const heldOut = [2, 4].filter((cut) => cut < profile.model.blocks && !cuts.includes(cut));
  const peaks = await devicePeaks(`
version: 1
data: { images: 512, evaluationImages: 0 }
model: embedded
training: { rounds: 4, stepsPerRound: 5, batchSize: ${batchSize}, activations: ${activations} }
codec: { keptFraction: 10 %, bits: 4 }
devices: [${heldOut.map((cut) => `{ name: cut-${cut}, cut: ${cut} }`).join(', ')}]
`);
  for (const cut of heldOut) {
    const predicted = processBytes.fixed + cut * processBytes.perBlock;
    const measured = peaks.get(`cut-${cut}`)!;
    errors.push(predicted / measured - 1);
    console.log(
      `${activations}, batches of ${batchSize}, cut ${cut}: predicted ${megabytes(predicted)} MB, measured ${megabytes(measured)} MB ` +
        `(${(100 * errors.at(-1)!).toFixed(1)} %); live tensors alone ${megabytes(deviceBytes.fixed + cut * deviceBytes.perBlock)} MB`,
    );
  }
}
const mean = errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length;
console.log(`mean |e| ${(100 * mean).toFixed(1)} %, worst ${(100 * Math.max(...errors.map(Math.abs))).toFixed(1)} %`);
rmSync(folder, { recursive: true });
