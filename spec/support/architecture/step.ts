import type { LoraTarget, TransformerShape } from '../../../lib/models/index.js';
import { buildBlock, type Block } from './block.js';
import { backwardThrough, keptFor, product, workOf, type BackwardStep, type Tensor } from './operations.js';

/** What a step depends on besides the cut; names and meanings are those of the problem file. */
export interface StepSettings {
  readonly shape: TransformerShape;
  readonly rank: number;
  readonly targets: readonly LoraTarget[];
  readonly batchSize: number;
  readonly activations: 'keep' | 'recompute';
  readonly attentionMemory: 'eager' | 'fused';
  readonly lowestBlock: 'whole' | 'pruned';
  readonly gradientTemporaries: 'ignored' | 'counted';
  readonly trainedHead: boolean;
  readonly halfAttention: boolean;
  readonly activationBytes: number;
  /** Gradients of the lowest block: all that any other block forms (the convention), or only those that it needs. */
  readonly lowestGradients?: 'as any other' | 'needed';
}

/** One thing that a machine does: it takes memory, works, and releases memory. */
export interface Instruction {
  readonly work: number;
  readonly take: readonly (readonly [name: string, bytes: number])[];
  readonly release: readonly string[];
}

/** A machine's share of one local step. */
export interface Part {
  readonly forward: readonly Instruction[];
  readonly backward: readonly Instruction[];
}

/** Which blocks a machine holds: `first` ≤ block < `last`, from 0; with the head if they end the model. */
export interface Held {
  readonly first: number;
  readonly last: number;
}

const stream = 'gradient of the residual stream';

/** The instructions of the blocks that a machine holds, of the head behind the last and the embedding before the first if it is a device. */
export function partOf(settings: StepSettings, held: Held, withEmbedding: boolean): Part {
  return new PartBuilder(settings, held, withEmbedding).build();
}

/** Floating-point operations and kept scalars of the head, one sample. */
export function headOf({ width, tokens, head, embedding, norm, finalNorm }: TransformerShape) {
  const normParameters = finalNorm ? (norm === 'layer' ? 2 * width : width) : 0;
  switch (head.kind) {
    case 'classifier':
      return {
        work: product(1, width, head.classes),
        input: width,
        logits: head.classes,
        parameters: normParameters + (width + 1) * head.classes,
      };
    case 'pooler':
      return {
        work: product(1, width, width),
        input: width,
        logits: width,
        parameters: normParameters + (width + 1) * width,
      };
    case 'language-model': {
      const words = embedding.kind === 'tokens' ? embedding.vocabulary : 0;
      return {
        work: product(tokens, width, words),
        input: tokens * width,
        logits: tokens * words,
        parameters: normParameters + (head.tied ? 0 : width * words),
      };
    }
  }
}

/** Floating-point operations and weights of the embedding, one sample. */
export function embeddingOf({ width, tokens, embedding, norm }: TransformerShape) {
  if (embedding.kind === 'patches') {
    const pixels = embedding.patchSize ** 2 * embedding.channels;
    const patches = embedding.classToken ? tokens - 1 : tokens;
    const classToken = embedding.classToken ? width : 0;
    return { work: product(patches, pixels, width), parameters: (pixels + 1) * width + classToken + tokens * width };
  }
  const tables = embedding.vocabulary + embedding.positions + embedding.types;
  const normed = embedding.norm ? (norm === 'layer' ? 2 * width : width) : 0;
  return { work: 0, parameters: tables * width + normed };
}

/** Weights of one block: the frozen ones and those of its adapters. */
export function blockParametersOf(settings: Pick<StepSettings, 'shape' | 'rank' | 'targets'>) {
  const { parameters, adapterParameters } = buildBlock({ ...settings, fused: false, halfAttention: false });
  return { frozen: parameters, adapters: adapterParameters };
}

class PartBuilder {
  private readonly forward: Instruction[] = [];
  private readonly backward: Instruction[] = [];
  /** What the forward pass keeps: released whole once the backward pass has ended. */
  private readonly tape: string[] = [];

  constructor(
    private readonly settings: StepSettings,
    private readonly held: Held,
    private readonly withEmbedding: boolean,
  ) {}

  build(): Part {
    const { settings, held } = this;
    const { shape } = settings;
    const embedding = this.withEmbedding ? embeddingOf(shape) : undefined;
    if (embedding) this.forward.push(this.doing(embedding.work));
    // A device without blocks holds what it sends.
    if (embedding && held.last === 0) {
      this.forward.push({ work: 0, take: [['outgoing', this.bytes(shape.tokens * shape.width)]], release: [] });
    }
    const backwards: Instruction[][] = [];
    for (let index = held.first; index < held.last; index++) backwards.push(this.addBlock(index));
    const withHead = held.last === shape.blocks && held.first < held.last;
    if (withHead) this.addHead();
    if (backwards.length > 0) {
      this.backward.push(this.doing(0, this.counted([[stream, shape.tokens * shape.width]])));
      for (const instructions of backwards.reverse()) this.backward.push(...instructions);
      const gradients = settings.gradientTemporaries === 'counted' ? [stream] : [];
      this.backward.push({ work: 0, take: [], release: [...gradients, ...this.tape] });
    }
    return { forward: this.forward, backward: this.backward };
  }

  private bytes(scalars: number): number {
    return this.settings.batchSize * this.settings.activationBytes * scalars;
  }

  private doing(work: number, take: Instruction['take'] = [], release: readonly string[] = []): Instruction {
    return { work: this.settings.batchSize * work, take, release };
  }

  /** Gradients of activations, where they count. */
  private counted(scalars: readonly (readonly [string, number])[]): [string, number][] {
    if (this.settings.gradientTemporaries !== 'counted') return [];
    return scalars.map(([name, count]) => [name, this.bytes(count)]);
  }

  private addHead(): void {
    const { work, input, logits } = headOf(this.settings.shape);
    this.forward.push(
      this.doing(work, [
        ['head input', this.bytes(input)],
        ['logits', this.bytes(logits)],
      ]),
    );
    this.tape.push('head input', 'logits');
    const gradients = this.counted([
      ['gradient of the head input', input],
      ['gradient of the logits', logits],
    ]);
    // The gradient of the input, and of the weights where they are trained.
    const backwardWork = this.settings.trainedHead ? 2 * work : work;
    this.backward.push(
      this.doing(
        backwardWork,
        gradients,
        gradients.map(([name]) => name),
      ),
    );
  }

  /** Adds the forward pass of a block; returns its backward pass. */
  private addBlock(index: number): Instruction[] {
    const { settings } = this;
    const block = buildBlock({
      shape: settings.shape,
      rank: settings.rank,
      targets: settings.targets,
      fused: settings.attentionMemory === 'fused',
      halfAttention: settings.halfAttention,
    });
    const whole = backwardThrough(block.operations, [block.input]);
    const lowest = index === 0;
    const formed = lowest ? this.lowestSteps(block) : whole;
    const name = (tensor: Tensor) => `block ${index}: ${tensor.name}`;
    const memorySteps = lowest && settings.lowestGradients === 'needed' ? formed : whole;
    const gradients = this.throughBlock(memorySteps, formed, block, name);
    if (settings.activations === 'recompute') return this.recomputed(block, whole, gradients, name);
    const kept = lowest ? this.keptInLowest(block, whole, formed) : keptFor(whole);
    this.forward.push(...this.forwardKeeping(block, kept, name));
    this.tape.push(...kept.map(name));
    return gradients;
  }

  /** What the backward pass of the lowest block forms: nothing below it asks for a gradient. */
  private lowestSteps(block: Block): BackwardStep[] {
    const { lowestBlock, targets } = this.settings;
    const wholeAttention = lowestBlock === 'whole' && (targets.includes('query') || targets.includes('key'));
    return backwardThrough(block.operations, wholeAttention ? [block.queries, block.keys, block.values] : []);
  }

  /** `whole`: what any other block keeps, but for the input of the first norm. */
  private keptInLowest(block: Block, whole: BackwardStep[], formed: BackwardStep[]): Tensor[] {
    if (this.settings.lowestBlock === 'pruned') return keptFor(formed);
    return keptFor(whole).filter((tensor) => tensor !== block.input);
  }

  private forwardKeeping(block: Block, kept: readonly Tensor[], name: (tensor: Tensor) => string): Instruction[] {
    const left = new Set(kept);
    return block.operations.map(({ inputs, output, kernel, work }) => {
      const there = [...inputs, output, ...(kernel?.needs ?? [])].filter((tensor) => left.delete(tensor));
      return this.doing(
        work,
        there.map((tensor) => [name(tensor), this.bytes(tensor.scalars)]),
      );
    });
  }

  /** Holds the block's input; the backward pass computes the block again from a copy of it, and drops what that kept. */
  private recomputed(
    block: Block,
    whole: BackwardStep[],
    gradients: Instruction[],
    name: (tensor: Tensor) => string,
  ): Instruction[] {
    const checkpoint = `checkpoint of ${name(block.input)}`;
    this.forward.push(this.doing(workOf(block.operations), [[checkpoint, this.bytes(block.input.scalars)]]));
    this.tape.push(checkpoint);
    const kept = keptFor(whole);
    return [...this.forwardKeeping(block, kept, name), ...gradients, { work: 0, take: [], release: kept.map(name) }];
  }

  /** The backward pass of a block, with the gradients of activations taken and released. */
  private throughBlock(
    memory: readonly BackwardStep[],
    formed: readonly BackwardStep[],
    block: Block,
    name: (tensor: Tensor) => string,
  ): Instruction[] {
    const works = new Map(formed.map(({ operation, work }) => [operation, work]));
    const counts = this.settings.gradientTemporaries === 'counted';
    const places = new Places(stream, block.operations.at(-1)!.output);
    const instructions = memory.map(({ operation, formed: gradients }) => {
      const take = places.form(gradients, operation.output, (tensor) => `gradient of ${name(tensor)}`);
      const release = places.drop(operation.output);
      return this.doing(works.get(operation) ?? 0, this.counted(take), counts ? release : []);
    });
    // What a kernel formed beside what was asked for.
    return [...instructions, this.doing(0, [], counts ? places.left() : [])];
  }
}

/** Where the gradients of tensors are: several may be in one place. */
class Places {
  private readonly place = new Map<Tensor, string>();

  constructor(
    private readonly residual: string,
    output: Tensor,
  ) {
    this.place.set(output, residual);
  }

  /** Finds places for the gradients formed from that of `output`; returns the new ones with their scalars. */
  form(gradients: BackwardStep['formed'], output: Tensor, name: (tensor: Tensor) => string): [string, number][] {
    const taken: [string, number][] = [];
    for (const { of, place } of gradients) {
      if (of === 'weights') continue;
      if (place === 'passed-on') this.place.set(of, this.place.get(output)!);
      // The gradient of an adapter's inner values lives within its layer.
      else if (!this.place.has(of) && !of.inner) {
        this.place.set(of, name(of));
        taken.push([name(of), of.scalars]);
      }
    }
    return taken;
  }

  /** The gradient of a tensor has been used; returns its place if nothing else is there. The residual's outlives the block. */
  drop(tensor: Tensor): string[] {
    const place = this.place.get(tensor);
    if (place === undefined) return [];
    this.place.delete(tensor);
    return place === this.residual || [...this.place.values()].includes(place) ? [] : [place];
  }

  /** Places still taken at the end of the block, the residual's apart. */
  left(): string[] {
    return [...new Set(this.place.values())].filter((place) => place !== this.residual);
  }
}
