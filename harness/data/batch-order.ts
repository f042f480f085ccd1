import { randomStream } from '../../lib/random/index.js';
import { DatasetError } from './dataset.js';
import { shuffled } from './split.js';

/** Where an order stands; all it takes to go on from there. */
export interface BatchOrderState {
  readonly epoch: number;
  /** Examples of the epoch already given. */
  readonly position: number;
}

/**
 * The order in which a device sees its examples: each epoch shuffled on its own from the seed. Batches always have full
 * size; one that reaches beyond an epoch goes on in the next.
 */
export class BatchOrder {
  private epoch = 0;
  private position = 0;
  private order: Int32Array;

  constructor(
    private readonly indices: Int32Array,
    readonly batchSize: number,
    private readonly seed: number,
    /** Name of the stream of randomness, one a device. */
    private readonly name: string,
  ) {
    if (indices.length === 0) throw new DatasetError('there are no examples to order');
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new DatasetError(`batchSize must be from 1 on, found ${batchSize}`);
    }
    this.order = this.epochOrder();
  }

  get state(): BatchOrderState {
    return { epoch: this.epoch, position: this.position };
  }

  /** Goes on as from when `state` was taken. Throws `DatasetError` if it is not one of this order. */
  restore(state: BatchOrderState): void {
    const { epoch, position } = state;
    const whole = Number.isSafeInteger(epoch) && Number.isSafeInteger(position);
    if (!whole || epoch < 0 || position < 0 || position > this.indices.length) {
      throw new DatasetError(`no such place in the data order: epoch ${epoch}, position ${position}`);
    }
    this.epoch = epoch;
    this.position = position;
    this.order = this.epochOrder();
  }

  next(): Int32Array {
    const batch = new Int32Array(this.batchSize);
    for (let k = 0; k < batch.length; k++) {
      if (this.position === this.order.length) {
        this.epoch++;
        this.position = 0;
        this.order = this.epochOrder();
      }
      batch[k] = this.order[this.position++]!;
    }
    return batch;
  }

  private epochOrder(): Int32Array {
    return shuffled(this.indices.slice(), randomStream(this.seed, `data.order.${this.name}.${this.epoch}`));
  }
}
