/** What the command's exit code says; docs/cli.md lists them. */
export const exitCodes = { solved: 0, internal: 1, badInput: 2, infeasible: 3, limit: 4 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command with a message for people and an exit code; anything else that is thrown is an internal error. */
export class CommandError extends Error {
  readonly code = 'command';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

/** Does two things of which neither needs the other; what people got wrong in both is one `CommandError`. */
export async function together<A, B>(one: () => A, other: () => B): Promise<[Awaited<A>, Awaited<B>]> {
  const outcomes = await Promise.allSettled([(async () => await one())(), (async () => await other())()]);
  throwProblems(outcomes);
  const [first, second] = outcomes as [PromiseFulfilledResult<Awaited<A>>, PromiseFulfilledResult<Awaited<B>>];
  return [first.value, second.value];
}

/** Throws what was rejected: all messages for people as one, anything else as it is. */
export function throwProblems(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
  const internal = reasons.find(
    (reason) => !(reason instanceof CommandError && reason.exitCode === exitCodes.badInput),
  );
  if (internal !== undefined) throw internal;
  if (reasons.length > 0) {
    throw new CommandError(exitCodes.badInput, reasons.map(({ message }) => message).join('\n'));
  }
}
