/** What the command's exit code says; docs/cli.md lists them. */
export const exitCodes = { solved: 0, internal: 1, badInput: 2, infeasible: 3, limit: 4 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command with a message for people and an exit code; anything else that is thrown is an internal error. */
export class CommandError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}
