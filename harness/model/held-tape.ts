import type { Tensor, Tf } from '../backend/tensorflow.js';

/** A forward pass whose backward can be asked for later, once the gradient of its output has come from elsewhere. */
export interface HeldForward {
  /** Belongs to the held pass: freed by `backward` or `release`. */
  readonly output: Tensor;
  /**
   * Gradients with respect to the inputs, in their order, for the given gradient of the output. Can be asked for once;
   * the gradients belong to the caller.
   */
  backward(outputGradient: Tensor): Tensor[];
  /** Frees what the pass keeps without a backward. */
  release(): void;
}

interface TapeNode {
  readonly saved?: readonly Tensor[];
}

/** The part of TensorFlow.js' engine that records operations; not part of its public types. */
interface RecordingEngine {
  readonly state: { activeTape: readonly TapeNode[] | null };
  startTape(): void;
  endTape(): void;
  gradients(f: () => Tensor, xs: readonly Tensor[], dy: Tensor): { grads: Tensor[] };
}

/**
 * Runs `forward` and keeps its tape, so that its backward needs no second forward. The library itself offers gradients
 * only together with a forward pass: here the recorded tape is put back in place when the output's gradient is there.
 * The call that follows frees what the tape saved.
 */
export function holdForward(tf: Tf, inputs: readonly Tensor[], forward: () => Tensor): HeldForward {
  const engine = tf.engine() as unknown as RecordingEngine;
  engine.startTape();
  let output: Tensor;
  let tape: readonly TapeNode[];
  try {
    output = tf.keep(tf.tidy(forward));
    tape = engine.state.activeTape ?? [];
  } finally {
    engine.endTape();
  }
  let open = true;
  const close = () => {
    if (!open) throw new Error('a held forward pass can be taken back or released once');
    open = false;
  };
  return {
    output,
    release() {
      close();
      for (const node of tape) for (const tensor of node.saved ?? []) tensor.dispose();
      output.dispose();
    },
    backward(outputGradient) {
      close();
      const { grads } = engine.gradients(
        () => {
          engine.state.activeTape = tape;
          return output;
        },
        inputs,
        outputGradient,
      );
      output.dispose();
      return grads;
    },
  };
}
