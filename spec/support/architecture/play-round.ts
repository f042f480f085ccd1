import { EventQueue } from '../event-queue.js';
import { Ledger } from './ledger.js';
import type { Decision, DeviceEntry, RoundFile } from './round-file.js';
import {
  blockParametersOf,
  embeddingOf,
  headOf,
  partOf,
  type Instruction,
  type Part,
  type StepSettings,
} from './step.js';

/** What a round took. */
export interface PlayedRound {
  readonly totalSeconds: number;
  /** Most that each device held at once, bytes. */
  readonly devicePeakBytes: readonly number[];
  /** Most that the server held at once for each device, bytes, the model apart. */
  readonly serverPeakBytes: readonly number[];
  /** Most that the server held at once, the model included. */
  readonly serverJointPeakBytes: number;
  /** Weights of the model on the server. */
  readonly serverModelBytes: number;
}

/** How the lowest block's gradients are held; see `StepSettings`. */
export type Convention = Pick<StepSettings, 'lowestGradients'>;

/**
 * One round, played from a problem file by itself: devices and server carry out the layers of the model one by one, each taking
 * its time and its memory; messages take their bits over the link. Nothing of the planner's tables of costs is used.
 */
export function playRound(file: RoundFile, decisions: readonly Decision[], convention: Convention = {}): PlayedRound {
  return new Round(file, decisions, convention).play();
}

/** What the server does for one device in a step. */
interface Job {
  readonly device: number;
  readonly part: Part;
  readonly decodeSeconds: number;
  readonly encodeSeconds: number;
  readonly done: () => void;
}

const optimizerNumbers = { adam: 2, momentum: 1, sgd: 0 };

class Round {
  private readonly queue = new EventQueue();
  private readonly deviceLedgers: Ledger[];
  private readonly serverLedgers: Ledger[];
  private readonly jointLedger = new Ledger();
  private readonly serverModelBytes: number;
  private waiting: Job[] = [];
  private finished = 0;
  private end = 0;

  constructor(
    private readonly file: RoundFile,
    private readonly decisions: readonly Decision[],
    private readonly convention: Convention,
  ) {
    const { model, training } = file;
    this.deviceLedgers = decisions.map(() => new Ledger());
    this.serverLedgers = decisions.map(() => new Ledger());
    const { frozen } = blockParametersOf(this.settings(0));
    const weights = embeddingOf(model).parameters + model.blocks * frozen + headOf(model).parameters;
    this.serverModelBytes = training.weightBytes * weights;
    this.jointLedger.take('model', this.serverModelBytes);
  }

  play(): PlayedRound {
    this.decisions.forEach((_, n) => {
      this.load(n);
    });
    this.decisions.forEach((_, n) => {
      this.step(n, 0);
    });
    this.queue.run();
    return {
      totalSeconds: this.end,
      devicePeakBytes: this.deviceLedgers.map(({ peakBytes }) => peakBytes),
      serverPeakBytes: this.serverLedgers.map(({ peakBytes }) => peakBytes),
      serverJointPeakBytes: this.jointLedger.peakBytes,
      serverModelBytes: this.serverModelBytes,
    };
  }

  private settings(n: number): StepSettings {
    const { model, lora, training, devices } = this.file;
    const { attention, ...shape } = model;
    return {
      ...training,
      ...this.convention,
      shape,
      rank: lora.rank,
      targets: lora.targets,
      batchSize: devices[n]!.batchSize,
      halfAttention: attention === 'half' && shape.causal,
    };
  }

  /** What lies in memory for the whole round: weights, adapters with their states, the coder's work space, the runtime. */
  private load(n: number): void {
    const { model, lora, training, codec, devices } = this.file;
    const { blocks, upPoint, downPoint } = this.decisions[n]!;
    const device = this.deviceLedgers[n]!;
    const { frozen, adapters } = blockParametersOf(this.settings(n));
    const head = headOf(model);
    const gradientAndStates = 4 * (1 + optimizerNumbers[training.optimizer]);
    const adapterBytes = adapters * (lora.bytesPerParameter + gradientAndStates);
    device.take('runtime', devices[n]!.memoryOverhead);
    device.take('embedding', training.weightBytes * embeddingOf(model).parameters);
    for (let index = 0; index < blocks; index++) {
      device.take(`weights ${index}`, training.weightBytes * frozen);
      device.take(`adapters ${index}`, adapterBytes);
    }
    if (blocks === model.blocks) {
      device.take('head', training.weightBytes * head.parameters);
      if (training.trainedHead) device.take('head states', gradientAndStates * head.parameters);
    }
    const { up, down } = this.values(n);
    const workspaces = [up * codec.points[upPoint]!.workspace, down * codec.downPoints[downPoint]!.workspace];
    device.take('coder', Math.max(...workspaces));
    for (let index = blocks; index < model.blocks; index++) this.takeOnServer(n, `adapters ${index}`, adapterBytes);
    if (blocks < model.blocks && training.trainedHead) {
      this.takeOnServer(n, 'head states', gradientAndStates * head.parameters);
      this.takeOnServer(n, 'own head', 4 * head.parameters);
    }
  }

  private takeOnServer(n: number, name: string, bytes: number): void {
    this.serverLedgers[n]!.take(name, bytes);
    this.jointLedger.take(`${n}: ${name}`, bytes);
  }

  private releaseOnServer(n: number, name: string): void {
    this.serverLedgers[n]!.release(name);
    this.jointLedger.release(`${n}: ${name}`);
  }

  /** Scalars that cross the cut in a step: none if the device holds all blocks, no gradient if it holds none. */
  private values(n: number): { up: number; down: number } {
    const { model, devices } = this.file;
    const { blocks } = this.decisions[n]!;
    const values = devices[n]!.batchSize * model.tokens * model.width;
    return { up: blocks < model.blocks ? values : 0, down: blocks > 0 && blocks < model.blocks ? values : 0 };
  }

  private step(n: number, done: number): void {
    if (done === this.file.training.stepsPerRound) {
      this.exchange(n);
      return;
    }
    const { codec, devices } = this.file;
    const device = devices[n]!;
    const decision = this.decisions[n]!;
    const upPoint = codec.points[decision.upPoint]!;
    const downPoint = codec.downPoints[decision.downPoint]!;
    const part = partOf(this.settings(n), { first: 0, last: decision.blocks }, true);
    const { up, down } = this.values(n);
    const bits = (values: number, ratio: number) =>
      values > 0 ? 8 * codec.header + values * codec.valueBits * ratio : 0;
    const after = (delay: number, then: () => void) => {
      this.queue.after(delay, then);
    };
    const upload = (then: () => void) => {
      after(up * upPoint.encodeTime * device.codecTimeFactor, () => {
        after(this.uplinkSeconds(n, bits(up, upPoint.ratio)), () => {
          if (this.deviceLedgers[n]!.names().includes('outgoing')) this.deviceLedgers[n]!.release('outgoing');
          then();
        });
      });
    };
    const download = (then: () => void) => {
      after(this.downlinkSeconds(n, bits(down, downPoint.ratio)), () => {
        after(down * downPoint.decodeTime * device.codecTimeFactor, then);
      });
    };
    this.carryOut(n, part.forward, () => {
      upload(() => {
        this.serve({
          device: n,
          part: partOf(this.settings(n), { first: decision.blocks, last: this.file.model.blocks }, false),
          decodeSeconds: up * upPoint.serverDecodeTime,
          encodeSeconds: down * downPoint.serverEncodeTime,
          done: () => {
            download(() => {
              this.carryOut(n, part.backward, () => {
                this.step(n, done + 1);
              });
            });
          },
        });
      });
    });
  }

  /** The device's instructions, one after another. */
  private carryOut(n: number, instructions: readonly Instruction[], then: () => void, at = 0): void {
    const instruction = instructions[at];
    if (!instruction) {
      then();
      return;
    }
    const ledger = this.deviceLedgers[n]!;
    for (const [name, bytes] of instruction.take) ledger.take(name, bytes);
    this.queue.after(instruction.work / this.file.devices[n]!.throughput, () => {
      for (const name of instruction.release) ledger.release(name);
      this.carryOut(n, instructions, then, at + 1);
    });
  }

  private serve(job: Job): void {
    const { sharing } = this.file.server;
    if (sharing !== 'batched') {
      const share = sharing === 'equal' ? 1 / this.decisions.length : this.decisions[job.device]!.server;
      this.serveTogether([job], share, 1);
      return;
    }
    // Devices keep step: one that holds the whole model waits for the batch too.
    this.waiting.push(job);
    if (this.waiting.length < this.decisions.length) return;
    const batch = this.waiting;
    this.waiting = [];
    this.serveTogether(batch, 1, this.batchWork());
  }

  /** Decodes all, takes all through the layers together, and encodes all. */
  private serveTogether(jobs: readonly Job[], share: number, batchWork: number): void {
    const sum = (read: (job: Job) => number) => jobs.reduce((total, job) => total + read(job), 0);
    const flops = (this.file.server.throughput * share) / batchWork;
    const forward = fromTheEnd(jobs, ({ part }) => part.forward);
    const backward = fromTheStart(jobs, ({ part }) => part.backward);
    this.queue.after(sum(({ decodeSeconds }) => decodeSeconds) / share, () => {
      this.inStep([...forward, ...backward], flops, () => {
        this.queue.after(sum(({ encodeSeconds }) => encodeSeconds) / share, () => {
          for (const { done } of jobs) done();
        });
      });
    });
  }

  /** The same layer of all devices of a batch at once, layer by layer. */
  private inStep(layers: readonly Layer[], flops: number, then: () => void, at = 0): void {
    const layer = layers[at];
    if (!layer) {
      then();
      return;
    }
    for (const { device, instruction } of layer) {
      for (const [name, bytes] of instruction.take) this.takeOnServer(device, name, bytes);
    }
    const work = layer.reduce((total, { instruction }) => total + instruction.work, 0);
    this.queue.after(work / flops, () => {
      for (const { device, instruction } of layer) {
        for (const name of instruction.release) this.releaseOnServer(device, name);
      }
      this.inStep(layers, flops, then, at + 1);
    });
  }

  /** Time of each device in a batch of all over that of one alone: a straight line over ln(size) between what was measured. */
  private batchWork(): number {
    const count = this.decisions.length;
    const points = [
      { devices: 1, work: 1 },
      ...(this.file.server.batchWork ?? []).filter(({ devices }) => devices > 1),
    ];
    const below = points.filter(({ devices }) => devices <= count).at(-1)!;
    const above = points.find(({ devices }) => devices > count);
    if (!above) return below.work;
    const way = (Math.log(count) - Math.log(below.devices)) / (Math.log(above.devices) - Math.log(below.devices));
    return (1 - way) * below.work + way * above.work;
  }

  /** Adapters up and down, with a trained head where the device holds it. */
  private exchange(n: number): void {
    const { model, lora, training, exchange, devices, server } = this.file;
    const { blocks } = this.decisions[n]!;
    const headToo = training.trainedHead && blocks === model.blocks;
    const weights = blocks * blockParametersOf(this.settings(n)).adapters + (headToo ? headOf(model).parameters : 0);
    const bits = weights > 0 ? 8 * exchange.header + weights * 8 * lora.bytesPerParameter * exchange.ratio : 0;
    const coding = (time: number) => weights * time * devices[n]!.codecTimeFactor;
    this.queue.after(coding(exchange.encodeTime), () => {
      this.queue.after(this.uplinkSeconds(n, bits), () => {
        this.queue.after(this.downlinkSeconds(n, bits), () => {
          this.queue.after(coding(exchange.decodeTime), () => {
            this.finished++;
            if (this.finished < this.decisions.length) return;
            this.queue.after(server.aggregation, () => (this.end = this.queue.now));
          });
        });
      });
    });
  }

  private uplinkSeconds(n: number, bits: number): number {
    const { radio, devices } = this.file;
    const hertz = this.decisions[n]!.band * radio.bandwidth;
    const noiseBand = radio.rateLaw === 'shannon' ? hertz : radio.bandwidth;
    return bits === 0
      ? 0
      : bits / this.rate(devices[n]!, devices[n]!.transmitPower, radio.noiseFigure, hertz, noiseBand);
  }

  private downlinkSeconds(n: number, bits: number): number {
    const { radio, devices } = this.file;
    const hertz = this.decisions[n]!.band * radio.bandwidth;
    const noiseBand = radio.downlinkPower === 'device' ? hertz : radio.bandwidth;
    return bits === 0 ? 0 : bits / this.rate(devices[n]!, radio.serverPower, radio.deviceNoiseFigure, hertz, noiseBand);
  }

  /** Shannon's rate on a share, the power being spread over `spreadHertz`. */
  private rate({ gain }: DeviceEntry, power: number, noiseFigure: number, hertz: number, spreadHertz: number): number {
    const noise = this.file.radio.noiseDensity * 10 ** (noiseFigure / 10) * spreadHertz;
    return hertz * Math.log2(1 + (power * gain) / noise);
  }
}

/** One instruction of each device that has one there. */
type Layer = readonly { readonly device: number; readonly instruction: Instruction }[];

/** Forward passes end together at the head. */
function fromTheEnd(jobs: readonly Job[], read: (job: Job) => readonly Instruction[]): Layer[] {
  const longest = Math.max(...jobs.map((job) => read(job).length));
  return Array.from({ length: longest }, (_, k) => layerAt(jobs, (job) => read(job)[k - longest + read(job).length]));
}

/** Backward passes start together at the head; each ends for itself. */
function fromTheStart(jobs: readonly Job[], read: (job: Job) => readonly Instruction[]): Layer[] {
  const longest = Math.max(...jobs.map((job) => read(job).length));
  return Array.from({ length: longest }, (_, k) => layerAt(jobs, (job) => read(job)[k]));
}

function layerAt(jobs: readonly Job[], read: (job: Job) => Instruction | undefined): Layer {
  return jobs.flatMap((job) => {
    const instruction = read(job);
    return instruction ? [{ device: job.device, instruction }] : [];
  });
}
