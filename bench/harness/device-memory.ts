/**
 * What a further emulated device costs: whole trainings of 8 and of 128 devices (`allocated`, embedded model), each in a process of
 * its own; peak of live tensors, and of the process' resident memory. Data are drawn once and shared.
 * Run: npx tsx bench/harness/device-memory.ts
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { meterLiveBytes } from '../../harness/backend/live-bytes.js';
import { loadBackend } from '../../harness/backend/tensorflow.js';
import { peakResidentBytes } from '../../harness/calibrate/index.js';
import { proceduralDataset } from '../../harness/data/index.js';
import { initialAdapters } from '../../harness/model/adapters.js';
import { embeddedConfig as config, embeddedWeights } from '../../harness/model/embedded.js';
import { trainInProcess } from '../../harness/run.js';
import { defaultAdamW } from '../../harness/training/index.js';

interface Found {
  readonly tensorBytes: number;
  readonly residentBytes: number;
  /** Adapters of one device on both sides of the cut, with two moments each. */
  readonly ownBytes: number;
}

const adapterSettings = { rank: 8, alpha: 16, targets: ['query', 'value'], dropout: 0, trainHead: true } as const;

async function measure(count: number): Promise<Found> {
  const { tf } = await loadBackend();
  const weights = await embeddedWeights(config, 1);
  const adapters = initialAdapters(config, adapterSettings, 1, weights);
  const meter = meterLiveBytes(tf);
  const codec = { keptFraction: 0.2, bits: 4 };
  await trainInProcess(tf, {
    config,
    weights,
    adapterSettings,
    adapters,
    memoryMode: 'keep',
    devices: Array.from({ length: count }, (_, k) => ({
      cut: 1 + (k % 5),
      batchSize: 4,
      uplinkCodec: codec,
      downlinkCodec: codec,
    })),
    exchangeCodec: codec,
    rounds: 3,
    localSteps: 1,
    optimizer: defaultAdamW,
    dataset: proceduralDataset({ classes: 'fine-tuning', length: 1024, seed: 1 }),
    split: { kind: 'iid' },
    serverSharing: 'allocated',
    seed: 1,
  });
  const { peak: tensorBytes } = meter;
  meter.stop();
  const ownBytes = [...adapters.values()].reduce((sum, { values }) => sum + 12 * values.length, 0);
  return { tensorBytes, residentBytes: peakResidentBytes(), ownBytes };
}

const [asked] = process.argv.slice(2);
if (asked === undefined) {
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  const found = (count: number) => {
    const args = ['--import', 'tsx', fileURLToPath(import.meta.url), String(count)];
    return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as Found;
  };
  const [few, many] = [8, 128];
  const [small, large] = [found(few), found(many)];
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(2);
  const perDevice = (pick: (one: Found) => number) => (pick(large) - pick(small)) / (many - few) - large.ownBytes;
  const bars = (
    [
      ['live tensors', ({ tensorBytes }: Found) => tensorBytes],
      ['resident memory of the process', ({ residentBytes }: Found) => residentBytes],
    ] as const
  ).map(([name, pick]) => {
    const own = perDevice(pick);
    return `${own <= 2 * 2 ** 20 ? 'holds ' : 'MISSED'} ${name}: ${mebibytes(pick(small))} MiB with ${few} devices, ${mebibytes(pick(large))} with ${many}; ${mebibytes(own)} MiB (≤ 2) a device beyond the ${mebibytes(large.ownBytes)} of its own adapters and moments`;
  });
  console.log(
    [
      `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]!.model.trim()} × ${cpus().length}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`,
      ...bars,
    ].join('\n'),
  );
} else console.log(JSON.stringify(await measure(Number(asked))));
