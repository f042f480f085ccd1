import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { addTrainingOptions, parsePort, sharedToken } from '../training/options.js';
import { conductTraining, openTraining, type TrainingArguments } from '../training/session.js';

interface ServerArguments extends TrainingArguments {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
}

const help = `
The token that devices must show is that of --token, or of the environment variable SFT_OPT_TOKEN; without either one is
made up and shown.

Examples:
  $ SFT_OPT_TOKEN=… sft-opt server scenario.yaml --host 0.0.0.0 --port 8750
  $ SFT_OPT_TOKEN=… sft-opt device scenario.yaml --join ws://server:8750 --name phone-1`;

export function registerServerCommand(program: Command): void {
  const command = program
    .command('server')
    .description('serve a training whose devices join from other processes or machines')
    .argument('<scenario>', 'scenario file (YAML or JSON)')
    .option('--host <address>', 'interface to listen on; 0.0.0.0 for all', '127.0.0.1')
    .option('--port <number>', 'port to listen on; 0 for any free one', parsePort, 8750)
    .option('--token <text>', 'what devices must show');
  addTrainingOptions(command)
    .addHelpText('after', help)
    .action(async (path: string, options: ServerArguments) => {
      process.exitCode = await serve(path, options);
    });
}

async function serve(path: string, options: ServerArguments): Promise<number> {
  const given = sharedToken(options.token);
  const opened = await openTraining(path, options);
  const { listenWebSocket } = await import('../../harness/transport/index.js');
  const { runServerProcess } = await import('../../harness/scenario/index.js');
  const { connectionsFor } = await import('../../harness/server/index.js');
  const { host, port } = options;
  const token = given ?? randomBytes(24).toString('base64url');
  const { scenario, workload, backend, clock } = opened;
  // Nobody can connect before all else has been found in order.
  return conductTraining(opened, options, async (hooks, say) => {
    const door = { connections: connectionsFor(scenario.devices.length) };
    const listener = await listenWebSocket({ host, port, door });
    say(`listening on ${listener.address} for ${scenario.devices.map(({ name }) => name).join(', ')}`);
    if (given === undefined) say(`token: ${token}`);
    return runServerProcess(backend.tf, scenario, workload, { ...hooks, listener, token, clock, note: say });
  });
}
