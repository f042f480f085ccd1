/** A device that dies or falls asleep at a stage: faulty-device <scenario> <address> <name> <kill|sleep|none> <stage> */
import { readFile } from 'node:fs/promises';
import { loadBackend } from '../../../harness/backend/tensorflow.js';
import { loadWorkload, readScenario, runDeviceProcess } from '../../../harness/scenario/index.js';

const [path, address, name, fault, stageWanted] = process.argv.slice(2) as [string, string, string, string, string];
const outcome = readScenario(await readFile(path, 'utf8'));
if (!outcome.ok) throw new Error('the scenario is wrong');
const backend = await loadBackend();
const workload = await loadWorkload({ file: outcome.file, folder: '.', seed: outcome.file.seed }, backend);
await runDeviceProcess(backend.tf, workload, {
  address,
  name,
  token: 'secret',
  rejoinSeconds: 20,
  onStage: (stage, _round, step) => {
    const isLate = step > 0 || stage === 'upload';
    if (fault === 'none' || stage !== stageWanted || !isLate) return;
    if (fault === 'kill') process.kill(process.pid, 'SIGKILL');
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
