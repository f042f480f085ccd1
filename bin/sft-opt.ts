#!/usr/bin/env node
import { CommanderError } from 'commander';
import { escapePlain } from './escape.js';
import { CommandError, exitCodes } from './exit-codes.js';
import { buildProgram } from './program.js';
import { printError } from './terminal.js';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of a pipe has gone (`| head`): there is nobody left to tell.
    process.exitCode ??= error.code === 'EPIPE' ? exitCodes.solved : exitCodes.internal;
  });
}

try {
  const program = await buildProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  process.exitCode = await report(error);
}

/** Errors of the library and the harness that whoever types the command can mend; told by name, as their classes need much. */
function isForPeople(error: unknown): error is Error {
  return error instanceof Error && ['MissingPackageError', 'SchemeAnswerError'].includes(error.name);
}

async function report(error: unknown): Promise<number> {
  if (error instanceof CommanderError) {
    // Help and version end with 0; anything else is a wrong command line, about which it has already written.
    return error.exitCode === 0 ? exitCodes.solved : exitCodes.badInput;
  }
  if (error instanceof CommandError) {
    await printError(`sft-opt: ${escapePlain(error.message)}`);
    return error.exitCode;
  }
  if (isForPeople(error)) {
    await printError(`sft-opt: ${escapePlain(error.message)}`);
    return exitCodes.badInput;
  }
  const message = error instanceof Error ? error.message : String(error);
  await printError(
    `sft-opt: internal error: ${escapePlain(message)}\nPlease report it together with the problem file.`,
  );
  if (process.env['SFT_OPT_DEBUG'] && error instanceof Error) await printError(escapePlain(error.stack ?? ''));
  return exitCodes.internal;
}
