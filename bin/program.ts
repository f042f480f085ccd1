import { Command } from 'commander';
import { escapeControls } from './escape.js';
import { refuseSharedFiles } from './file-options.js';
import { description, version } from './version.js';

/** Every command, in the order of the help; each is loaded when it is needed, as some need much. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  solve: async () => (await import('./commands/solve.js')).registerSolveCommand,
  baselines: async () => (await import('./commands/baselines.js')).registerBaselinesCommand,
  evaluate: async () => (await import('./commands/evaluate.js')).registerEvaluateCommand,
  simulate: async () => (await import('./commands/simulate.js')).registerSimulateCommand,
  compare: async () => (await import('./commands/compare.js')).registerCompareCommand,
  sweep: async () => (await import('./commands/sweep.js')).registerSweepCommand,
  collect: async () => (await import('./commands/collect.js')).registerCollectCommand,
  serve: async () => (await import('./commands/serve.js')).registerServeCommand,
  report: async () => (await import('./commands/report.js')).registerReportCommand,
  verify: async () => (await import('./commands/verify.js')).registerVerifyCommand,
  init: async () => (await import('./commands/init.js')).registerInitCommand,
  check: async () => (await import('./commands/check.js')).registerCheckCommand,
  schema: async () => (await import('./commands/schema.js')).registerSchemaCommand,
  codec: async () => (await import('./commands/codec.js')).registerCodecCommand,
  fit: async () => (await import('./commands/fit.js')).registerFitCommand,
  study: async () => (await import('./commands/study.js')).registerStudyCommand,
  train: async () => (await import('./commands/train.js')).registerTrainCommand,
  server: async () => (await import('./commands/server.js')).registerServerCommand,
  device: async () => (await import('./commands/device.js')).registerDeviceCommand,
  pretrain: async () => (await import('./commands/pretrain.js')).registerPretrainCommand,
  calibrate: async () => (await import('./commands/calibrate.js')).registerCalibrateCommand,
  validate: async () => (await import('./commands/validate.js')).registerValidateCommand,
};

/** The command line: all of it, or what it takes to run what is `wanted`, the first argument. */
export async function buildProgram(wanted?: string): Promise<Command> {
  const program = new Command('sft-opt')
    .description(description)
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .showHelpAfterError('(add --help for what there is)')
    // Options after the name of a command are that command's, though one above it has some that are called alike.
    .enablePositionalOptions()
    .configureOutput({ writeErr: (text) => process.stderr.write(escapeControls(text)) })
    .hook('preAction', (_program, command) => refuseSharedFiles(command))
    .exitOverride();
  const loaded = await Promise.all(neededFor(wanted).map((load) => load()));
  for (const register of loaded) register(program);
  return program;
}

function neededFor(wanted: string | undefined) {
  if (wanted === '--version' || wanted === '-V') return [];
  return wanted !== undefined && Object.hasOwn(commands, wanted) ? [commands[wanted]!] : Object.values(commands);
}
