import type { LoraTarget, TransformerShape } from '../../../lib/models/index.js';
import { product, type Gradient, type Operation, type Tensor } from './operations.js';

/** What a block is made of besides its shape. */
export interface BlockSettings {
  readonly shape: TransformerShape;
  readonly rank: number;
  readonly targets: readonly LoraTarget[];
  readonly fused: boolean;
  /** Count the products of causal attention half. */
  readonly halfAttention: boolean;
}

/** One transformer block, layer by layer. */
export interface Block {
  readonly operations: readonly Operation[];
  readonly input: Tensor;
  readonly queries: Tensor;
  readonly keys: Tensor;
  readonly values: Tensor;
  /** Frozen weights of all layers, biases and norms included. */
  readonly parameters: number;
  /** Weights of the adapters. */
  readonly adapterParameters: number;
}

/** Builds the layers of one block: pre-norm attention and MLP, each beside a residual. */
export function buildBlock(settings: BlockSettings): Block {
  return new BlockBuilder(settings).build();
}

class BlockBuilder {
  private readonly operations: Operation[] = [];
  private parameters = 0;
  private adapterParameters = 0;

  constructor(private readonly settings: BlockSettings) {}

  build(): Block {
    const { shape } = this.settings;
    const { tokens, width, heads, keyValueHeads, mlpWidth } = shape;
    const headWidth = width / heads;
    const stream = (name: string): Tensor => ({ name, scalars: tokens * width });
    const input = stream('input');

    const normed = this.norm(input, 'attention norm');
    const queries = this.linear('query', normed, width, width);
    const keys = this.linear('key', normed, width, headWidth * keyValueHeads);
    const values = this.linear('value', normed, width, headWidth * keyValueHeads);
    const mixed = this.settings.fused
      ? this.fusedAttention(queries, keys, values)
      : this.attention(queries, keys, values);
    const attended = this.linear('output', mixed, width, width);
    const middle = this.sum(input, attended, 'middle');

    const middleNormed = this.norm(middle, 'MLP norm');
    const hidden = shape.gatedMlp ? this.gatedHidden(middleNormed) : this.plainHidden(middleNormed);
    const lifted = this.linear('down', hidden, mlpWidth, width);
    this.sum(middle, lifted, 'block output');
    const { operations, parameters, adapterParameters } = this;
    return { operations, input, queries, keys, values, parameters, adapterParameters };
  }

  private plainHidden(input: Tensor): Tensor {
    const { width, mlpWidth } = this.settings.shape;
    return this.activation(this.linear('up', input, width, mlpWidth));
  }

  /** act(gate)·up; the activation function is computed again where its value is needed, from its input. */
  private gatedHidden(input: Tensor): Tensor {
    const { width, mlpWidth } = this.settings.shape;
    const gate = this.linear('gate', input, width, mlpWidth);
    const up = this.linear('up', input, width, mlpWidth);
    const activated = this.activation(gate);
    const hidden: Tensor = { name: 'gated', scalars: gate.scalars };
    this.operations.push({
      name: 'gated product',
      inputs: [activated, up],
      output: hidden,
      work: 0,
      gradients: [
        { of: activated, work: 0, needs: [up] },
        { of: up, work: 0, needs: [gate] },
      ],
    });
    return hidden;
  }

  private activation(input: Tensor): Tensor {
    const output: Tensor = { name: `activated ${input.name}`, scalars: input.scalars };
    this.operations.push({
      name: 'activation',
      inputs: [input],
      output,
      work: 0,
      gradients: [{ of: input, work: 0, needs: [input] }],
    });
    return output;
  }

  private norm(input: Tensor, name: string): Tensor {
    const { width, norm } = this.settings.shape;
    this.parameters += norm === 'layer' ? 2 * width : width;
    const output: Tensor = { name: `normed for ${name}`, scalars: input.scalars };
    const gradients: Gradient[] = [{ of: input, work: 0, needs: [input], place: 'added' }];
    this.operations.push({ name, inputs: [input], output, work: 0, gradients });
    return output;
  }

  private sum(left: Tensor, right: Tensor, name: string): Tensor {
    const output: Tensor = { name, scalars: left.scalars };
    const gradients: Gradient[] = [left, right].map((of) => ({ of, work: 0, needs: [], place: 'passed-on' }));
    this.operations.push({ name, inputs: [left, right], output, work: 0, gradients });
    return output;
  }

  /** A frozen matrix, and beside it the two matrices of an adapter where it has one. */
  private linear(target: LoraTarget, input: Tensor, inputs: number, outputs: number): Tensor {
    const { shape, rank, targets } = this.settings;
    const { tokens, biases } = shape;
    this.parameters += inputs * outputs + (biases ? outputs : 0);
    const frozen: Tensor = { name: target, scalars: tokens * outputs };
    const work = product(tokens, inputs, outputs);
    this.operations.push({
      name: target,
      inputs: [input],
      output: frozen,
      work,
      gradients: [{ of: input, work: product(tokens, outputs, inputs), needs: [] }],
    });
    if (!targets.includes(target)) return frozen;
    this.adapterParameters += inputs * rank + rank * outputs;
    const inner: Tensor = { name: `${target} adapter's inner values`, scalars: tokens * rank, inner: true };
    const change: Tensor = { name: `${target} adapter`, scalars: tokens * outputs };
    this.trained(`${target} adapter, first`, input, inner, [tokens, inputs, rank]);
    this.trained(`${target} adapter, second`, inner, change, [tokens, rank, outputs]);
    return this.sum(frozen, change, `${target} with adapter`);
  }

  /** A trained matrix: the gradient of its weights needs its input. */
  private trained(name: string, input: Tensor, output: Tensor, [rows, inner, columns]: [number, number, number]): void {
    this.operations.push({
      name,
      inputs: [input],
      output,
      work: product(rows, inner, columns),
      gradients: [
        { of: 'weights', work: product(inner, rows, columns), needs: [input] },
        { of: input, work: product(rows, columns, inner), needs: [] },
      ],
    });
  }

  /** Products of queries with keys, or of probabilities with values, of all heads. */
  private attentionProduct(): number {
    const { tokens, width, heads } = this.settings.shape;
    const full = heads * product(tokens, width / heads, tokens);
    return this.settings.halfAttention ? full / 2 : full;
  }

  private attention(queries: Tensor, keys: Tensor, values: Tensor): Tensor {
    const { tokens, width, heads } = this.settings.shape;
    const scores: Tensor = { name: 'scores', scalars: heads * tokens * tokens };
    const probabilities: Tensor = { name: 'probabilities', scalars: scores.scalars };
    const mixed: Tensor = { name: 'mixed values', scalars: tokens * width };
    const work = this.attentionProduct();
    this.operations.push(
      {
        name: 'scores',
        inputs: [queries, keys],
        output: scores,
        work,
        gradients: [
          { of: queries, work, needs: [keys] },
          { of: keys, work, needs: [queries] },
        ],
      },
      {
        name: 'softmax',
        inputs: [scores],
        output: probabilities,
        work: 0,
        gradients: [{ of: scores, work: 0, needs: [probabilities] }],
      },
      {
        name: 'mixing',
        inputs: [probabilities, values],
        output: mixed,
        work,
        gradients: [
          { of: probabilities, work, needs: [values] },
          { of: values, work, needs: [probabilities] },
        ],
      },
    );
    return mixed;
  }

  /** One kernel, scores tile by tile: it keeps its inputs, its output and one number a row, and forms the scores again. */
  private fusedAttention(queries: Tensor, keys: Tensor, values: Tensor): Tensor {
    const { tokens, width, heads } = this.settings.shape;
    const mixed: Tensor = { name: 'mixed values', scalars: tokens * width };
    const rows: Tensor = { name: 'row statistics', scalars: heads * tokens };
    const work = this.attentionProduct();
    this.operations.push({
      name: 'attention',
      inputs: [queries, keys, values],
      output: mixed,
      work: 2 * work,
      gradients: [queries, keys, values].map((of) => ({ of, work: 0, needs: [] })),
      // The scores again, and one product each for values, probabilities, queries and keys.
      kernel: { work: 5 * work, needs: [queries, keys, values, mixed, rows] },
    });
    return mixed;
  }
}
