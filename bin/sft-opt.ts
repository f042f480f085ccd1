#!/usr/bin/env node
import { CommanderError } from 'commander';
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

async function report(error: unknown): Promise<number> {
  if (error instanceof CommanderError) {
    // Help and version end with 0; anything else is a wrong command line, about which it has already written.
    return error.exitCode === 0 ? exitCodes.solved : exitCodes.badInput;
  }
  if (error instanceof CommandError) {
    await printError(`sft-opt: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof Error && error.name === 'MissingPackageError') {
    await printError(`sft-opt: ${error.message}`);
    return exitCodes.badInput;
  }
  const message = error instanceof Error ? error.message : String(error);
  await printError(`sft-opt: internal error: ${message}\nPlease report it together with the problem file.`);
  if (process.env['SFT_OPT_DEBUG'] && error instanceof Error) await printError(error.stack ?? '');
  return exitCodes.internal;
}
