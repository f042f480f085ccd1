import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseSeed, setOption } from '../commands/options.js';
import { CommandError, exitCodes } from '../exit-codes.js';

export function parseCount(text: string): number {
  const count = /^\d{1,9}$/u.test(text) ? Number(text) : 0;
  if (count < 1) throw new InvalidArgumentError('must be a whole number from 1 on.');
  return count;
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 65536;
  if (port > 65535) throw new InvalidArgumentError('must be a port, 0 … 65535.');
  return port;
}

/** What devices show: of the option, or else of the environment. Throws `CommandError` on one that anybody has. */
export function sharedToken(given: string | undefined): string | undefined {
  const token = given ?? process.env['SFT_OPT_TOKEN'];
  if (token === '') throw new CommandError(exitCodes.badInput, 'the token is empty: give --token or set SFT_OPT_TOKEN');
  return token;
}

export const backendOption = () =>
  new Option('--backend <name>', 'what computes').choices(['auto', 'native', 'wasm', 'cpu']).default('auto');

/** Options that `train` and `server` share. */
export function addTrainingOptions(command: Command): Command {
  return command
    .option('--seed <number>', 'seed in place of the file’s', parseSeed)
    .option('--rounds <number>', 'rounds in place of the file’s', parseCount)
    .addOption(setOption('training.learningRate=1e-3 or devices[phone].cut=2'))
    .addOption(new Option('--clock <kind>', 'how time is told').choices(['auto', 'emulated', 'wall']))
    .option('--report <file>', 'charts and tables as one HTML page')
    .option('--record <file>', 'run record (JSON Lines)')
    .option('--checkpoint <folder>', 'where checkpoints go')
    .option('--resume', 'go on from the newest checkpoint that is whole')
    .option('--out <folder>', 'write the adapters at the end (PEFT layout)')
    .addOption(backendOption())
    .option('--json', 'write the summary as JSON to standard output')
    .option('--quiet', 'no table, no progress');
}
