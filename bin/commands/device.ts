import { dirname } from 'node:path';
import type { Command } from 'commander';
import { escapeLine } from '../escape.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { explained } from '../training/errors.js';
import { backendOption, sharedToken } from '../training/options.js';
import { openBackend, type TrainingArguments } from '../training/session.js';
import { parseSeed, setOption } from './options.js';

interface DeviceArguments extends Pick<TrainingArguments, 'seed' | 'set' | 'backend' | 'quiet'> {
  readonly join: string;
  readonly name: string;
  readonly token?: string;
}

const help = `
The scenario tells which model and data to load; it must be the server's. The server tells all else. The token is that of
--token, or of the environment variable SFT_OPT_TOKEN.

Example:
  $ SFT_OPT_TOKEN=… sft-opt device scenario.yaml --join ws://server:8750 --name phone-1`;

export function registerDeviceCommand(program: Command): void {
  program
    .command('device')
    .description('take part in a training as one of its devices')
    .argument('<scenario>', 'scenario file (YAML or JSON), the same as the server’s')
    .requiredOption('--join <address>', 'the server, for example ws://server:8750')
    .requiredOption('--name <name>', 'which device of the scenario this is')
    .option('--token <text>', 'what the server demands')
    .option('--seed <number>', 'seed in place of the file’s, as the server has it', parseSeed)
    .addOption(setOption('training.batchSize=8, as the server has it'))
    .addOption(backendOption())
    .option('--quiet', 'say nothing')
    .addHelpText('after', help)
    .action(async (path: string, options: DeviceArguments) => {
      await runDevice(path, options);
    });
}

async function runDevice(path: string, options: DeviceArguments): Promise<void> {
  const token = sharedToken(options.token);
  if (token === undefined) throw new CommandError(exitCodes.badInput, 'no token: give --token or set SFT_OPT_TOKEN');
  const address = serverAddress(options.join);
  if (process.env['SFT_OPT_OWNED']) endWithOwner();
  const { loadWorkload, readScenarioFile, runDeviceProcess, scenarioNames } =
    await import('../../harness/scenario/index.js');
  await explained(options.name, async () => {
    const file = await readScenarioFile(path, options.set);
    const names = await scenarioNames(file, dirname(path));
    if (names?.includes(options.name) === false) {
      throw new CommandError(exitCodes.badInput, `${path} has no device \`${options.name}\`: ${listed(names)}`);
    }
    const backend = await openBackend(options.backend);
    const workload = await loadWorkload({ file, folder: dirname(path), seed: options.seed ?? file.seed }, backend);
    await runDeviceProcess(backend.tf, workload, {
      address,
      name: options.name,
      token,
      rejoinSeconds: file.faults.rejoinWait,
      ...(!options.quiet && {
        note: (text: string) => process.stderr.write(`${escapeLine(`${options.name}: ${text}`)}\n`),
      }),
    });
  });
}

function listed(names: readonly string[]): string {
  return `it has ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
}

/** `host:port` is enough. */
function serverAddress(text: string): string {
  const full = /^[a-z][a-z\d+.-]*:\/\//iu.test(text) ? text : `ws://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (!url || !/^wss?:$/u.test(url.protocol) || url.hostname === '') {
    throw new CommandError(exitCodes.badInput, `--join ${text}: not an address such as ws://server:8750`);
  }
  return full;
}

/** Ctrl-C in a terminal reaches all its processes: the owner says when a device that it started is to end. */
function endWithOwner(): void {
  process.on('SIGINT', () => undefined);
  process.stdin.on('end', () => process.exit(exitCodes.limit));
  process.stdin.on('error', () => process.exit(exitCodes.limit));
  process.stdin.resume();
}
