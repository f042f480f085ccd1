/** Writes checkpoints one after the other until it is killed: checkpoint-writer <folder> <first round> */
import { CheckpointStore, type Checkpoint } from '../../../harness/checkpoint/index.js';

const [folder, first] = process.argv.slice(2) as [string, string];
const store = new CheckpointStore(folder, 3);
await store.open();
const tensor = (seed: number, length: number) => ({
  shape: [length],
  values: Float32Array.from({ length }, (_, k) => Math.sin(seed + k)),
});
for (let round = Number(first); ; round++) {
  const moments = [tensor(round, 20_000), tensor(2 * round, 20_000)];
  const checkpoint: Checkpoint = {
    run: 'test',
    settings: {},
    round,
    adapters: new Map([['0.query.down', tensor(3 * round, 20_000)]]),
    clock: [round],
    devices: [
      { name: 'a', serverOptimizer: { steps: round, moments }, own: { round, optimizer: { steps: round, moments } } },
    ],
    recordBytes: 10 * round,
  };
  await store.write(checkpoint);
  if (round === Number(first)) process.stdout.write('writing\n');
}
