import { createRequire } from 'node:module';
import { Command } from 'commander';
import { registerBaselinesCommand } from './commands/baselines.js';
import { registerCalibrateCommand } from './commands/calibrate.js';
import { registerCheckCommand } from './commands/check.js';
import { registerCodecCommand } from './commands/codec.js';
import { registerFitCommand } from './commands/fit.js';
import { registerDeviceCommand } from './commands/device.js';
import { registerInitCommand } from './commands/init.js';
import { registerPretrainCommand } from './commands/pretrain.js';
import { registerSchemaCommand } from './commands/schema.js';
import { registerSolveCommand } from './commands/solve.js';
import { registerServerCommand } from './commands/server.js';
import { registerStudyCommand } from './commands/study.js';
import { registerTrainCommand } from './commands/train.js';
import { registerValidateCommand } from './commands/validate.js';

const { version, description } = createRequire(import.meta.url)('sft-opt/package.json') as {
  version: string;
  description: string;
};

/** The whole command line. */
export function buildProgram(): Command {
  const program = new Command('sft-opt')
    .description(description)
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride();
  registerSolveCommand(program);
  registerBaselinesCommand(program);
  registerInitCommand(program);
  registerCheckCommand(program);
  registerSchemaCommand(program);
  registerCodecCommand(program);
  registerFitCommand(program);
  registerStudyCommand(program);
  registerTrainCommand(program);
  registerServerCommand(program);
  registerDeviceCommand(program);
  registerPretrainCommand(program);
  registerCalibrateCommand(program);
  registerValidateCommand(program);
  return program;
}
