import { type Command, InvalidArgumentError, Option } from 'commander';
import { writeBytes } from './codec-files.js';
import { print, printError } from '../terminal.js';

type PretrainArguments = Readonly<Record<string, number>> & {
  readonly family: 'vit' | 'decoder';
  readonly out?: string;
  readonly precision: 'F16' | 'F32';
};

/** `sft-opt pretrain`: the whole small transformer from random weights. */
export function registerPretrainCommand(program: Command): void {
  const command = program
    .command('pretrain')
    .description('train an embedded transformer from random weights on drawn images or texts')
    .addOption(
      new Option('--family <name>', 'vision transformer or decoder').choices(['vit', 'decoder']).default('vit'),
    )
    .option('--out <file>', 'where the weights go (default: embedded-<family>.safetensors)')
    .addOption(new Option('--precision <type>', 'numbers in the file').choices(['F16', 'F32']).default('F16'));
  for (const [flag, text] of Object.entries(numbers)) {
    command.addOption(new Option(`${flag} <number>`, text).argParser(parseNumber));
  }
  command.action(runPretrain);
}

const numbers = {
  '--steps': 'steps of the optimizer (default: 8000)',
  '--batch-size': 'images or texts of a step (default: 64)',
  '--learning-rate': 'peak of the schedule: warm-up, then a cosine down to 0 (default: 0.001)',
  '--warm-up-steps': 'steps of warm-up (default: 200)',
  '--weight-decay': 'decoupled decay of the matrices (default: 0.02)',
  '--seed': 'seed of weights and data (default: 1)',
  '--test-examples': 'images or texts of another seed for the accuracy at the end (default: 2400)',
};

async function runPretrain({
  family,
  out = `embedded-${family}.safetensors`,
  precision,
  ...given
}: PretrainArguments): Promise<void> {
  const { loadBackend } = await import('../../harness/backend/tensorflow.js');
  const { pretrain, pretrainSchema, weightFile } = await import('../../harness/pretrain/index.js');
  const { embeddedConfig, embeddedDecoderConfig } = await import('../../harness/model/embedded.js');
  const options = pretrainSchema.parse(given);
  const config = family === 'vit' ? embeddedConfig : embeddedDecoderConfig;
  const backend = await loadBackend();
  await printError(`backend: ${backend.description}`);
  const result = await pretrain(backend.tf, config, options, (progress) => {
    const { step, steps, loss, accuracy, seconds } = progress;
    const left = (seconds / step) * (steps - step);
    process.stderr.write(
      `step ${step} of ${steps}: loss ${loss.toFixed(3)}, accuracy ${(100 * accuracy).toFixed(1)} %, ` +
        `${seconds.toFixed(0)} s, ${left.toFixed(0)} s left\n`,
    );
  });
  const bytes = weightFile(config, options, result, precision);
  await writeBytes(out, bytes);
  await print(
    `accuracy ${(100 * result.testAccuracy).toFixed(1)} % on unseen ${family === 'vit' ? 'images' : 'words'} after ${result.seconds.toFixed(0)} s; ` +
      `${(bytes.length / 1e6).toFixed(2)} MB written to ${out}`,
  );
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('not a number');
  return value;
}
