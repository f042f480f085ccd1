/** A tensor of one sample. */
export interface Tensor {
  readonly name: string;
  readonly scalars: number;
  /** The inner values of an adapter, whose gradient lives within one layer only. */
  readonly inner?: boolean;
}

/** How one gradient of an operation is formed. */
export interface Gradient {
  /** The input whose gradient it is, or the operation's own weights. */
  readonly of: Tensor | 'weights';
  /** Floating-point operations for one sample. */
  readonly work: number;
  /** What the forward pass has to keep for it. */
  readonly needs: readonly Tensor[];
  /** The gradient is the output's own, passed on (sums), or is added to one that is there (norms beside a residual). */
  readonly place?: 'passed-on' | 'added';
}

/** A layer: what it takes, makes and costs, and how its gradients are formed. */
export interface Operation {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Floating-point operations of the forward pass for one sample. */
  readonly work: number;
  readonly gradients: readonly Gradient[];
  /** One kernel forms the gradients of all inputs, at this cost, as soon as one of them is needed. */
  readonly kernel?: { readonly work: number; readonly needs: readonly Tensor[] };
}

/** One operation's part of a backward pass. */
export interface BackwardStep {
  readonly operation: Operation;
  /** Gradients of inputs that are formed. */
  readonly formed: readonly Gradient[];
  readonly work: number;
  readonly needs: readonly Tensor[];
}

/** rows × inner times inner × columns: a multiply-add counts as two. */
export const product = (rows: number, inner: number, columns: number): number => 2 * rows * inner * columns;

/**
 * The backward pass through operations in the order of the forward pass, as an autograd engine finds it: a tensor needs a
 * gradient if it depends on something trained, and only gradients of such tensors and of trained weights are formed.
 *
 * @param operations In the order of the forward pass.
 * @param given Tensors that need a gradient whatever made them.
 */
export function backwardThrough(operations: readonly Operation[], given: Iterable<Tensor>): BackwardStep[] {
  const needed = new Set<Tensor>(given);
  for (const { inputs, output, gradients } of operations) {
    const trains = gradients.some(({ of }) => of === 'weights');
    if (trains || inputs.some((input) => needed.has(input))) needed.add(output);
  }
  const steps: BackwardStep[] = [];
  for (const operation of [...operations].reverse()) {
    if (!needed.has(operation.output)) continue;
    const { gradients, kernel } = operation;
    const wanted = gradients.filter(({ of }) => of === 'weights' || needed.has(of));
    if (wanted.length === 0) continue;
    steps.push({
      operation,
      formed: (kernel ? gradients : wanted).filter(({ of }) => of !== 'weights'),
      work: kernel ? kernel.work : wanted.reduce((sum, { work }) => sum + work, 0),
      needs: kernel ? kernel.needs : wanted.flatMap(({ needs }) => needs),
    });
  }
  return steps;
}

/** The tensors that some step needs, each once. */
export function keptFor(steps: readonly BackwardStep[]): Tensor[] {
  return [...new Set(steps.flatMap(({ needs }) => needs))];
}

export const workOf = (parts: readonly { readonly work: number }[]): number =>
  parts.reduce((sum, { work }) => sum + work, 0);
