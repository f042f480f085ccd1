import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type CodecSettingsInput,
  type MessageSummary,
  codecSettingsSchema,
  decodeMessage,
  defaultCodecSettings,
  encodeMessage,
  inspectMessage,
} from '../../lib/codec/index.js';
import { rawIssues } from '../../lib/io/reading/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { print } from '../terminal.js';
import { explainCodecErrors, readTensors, writeBytes, writeTensors } from './codec-files.js';

/** `sft-opt codec encode|decode|inspect`: the codec on files, so that anyone can try it on tensors of their own. */
export function registerCodecCommand(program: Command): void {
  const codec = program.command('codec').description('compress tensors of .npy and .safetensors files, and back');
  registerEncode(codec);
  registerDecode(codec);
  registerInspect(codec);
  for (const command of codec.commands) command.exitOverride();
}

type EncodeOptions = CodecSettingsInput & { readonly tensor: string[] };

function registerEncode(codec: Command): void {
  const command = codec
    .command('encode')
    .description('compress the floating-point tensors of a file into one message')
    .argument('<input>', '.npy or .safetensors file; the last axis is the channel, the first the sample')
    .argument('<output>', 'file for the message')
    .option('--tensor <name>', 'only this tensor; may be given several times', append, []);
  for (const [name, field] of Object.entries(codecSettingsSchema.shape)) {
    const fallback = defaultCodecSettings[name as keyof typeof defaultCodecSettings];
    const flag = flagOf(name);
    const text = `${field.description ?? ''} (default: ${String(Number.isFinite(fallback) ? Number(Number(fallback).toPrecision(6)) : fallback)})`;
    const { choices } = field;
    if (choices === undefined) command.addOption(new Option(`${flag} <number>`, text).argParser(parseNumber));
    else command.addOption(new Option(`${flag} <choice>`, text).choices([...choices]));
  }
  command.action(async (input: string, output: string, { tensor, ...settings }: EncodeOptions) => {
    checkSettings(settings);
    await explainCodecErrors(input, async () => {
      const tensors = await readTensors(input, tensor);
      const message = encodeMessage(tensors.map((own) => ({ ...own, settings })));
      await writeBytes(output, message);
      await print(renderMessage(inspectMessage(message, { maxBytes: Infinity, maxTensors: Infinity })));
    });
  });
}

function flagOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function checkSettings(settings: CodecSettingsInput): void {
  const outcome = codecSettingsSchema.safeParse(settings);
  if (outcome.success) return;
  const problems = rawIssues(outcome.error.issues, settings).map(({ path, message }) => {
    const name = String(path[0]) as keyof CodecSettingsInput;
    return `${flagOf(name)}: found \`${String(settings[name])}\`; ${message}`;
  });
  const [first, ...others] = problems;
  throw new CommandError(
    exitCodes.badInput,
    others.length === 0 ? first! : [`${problems.length} problems in the options:`, ...problems].join('\n  '),
  );
}

function registerDecode(codec: Command): void {
  codec
    .command('decode')
    .description('write the tensors of a message as float32')
    .argument('<input>', 'file with a message')
    .argument('<output>', '.safetensors file, or .npy for a message of one tensor')
    .option('--max-bytes <number>', 'most memory that decoding may take', parseNumber, 2 ** 32)
    .action(async (input: string, output: string, { maxBytes }: { maxBytes: number }) => {
      await explainCodecErrors(input, async () => {
        const tensors = decodeMessage(await readFile(input), { maxBytes, maxTensors: Infinity });
        await writeTensors(output, tensors);
        await print(`${tensors.length} ${tensors.length === 1 ? 'tensor' : 'tensors'} written to ${output}\n`);
      });
    });
}

function registerInspect(codec: Command): void {
  codec
    .command('inspect')
    .description('check a message and show what it holds')
    .argument('<input>', 'file with a message')
    .option('--json', 'as JSON')
    .option('--max-bytes <number>', 'most memory that decoding may take', parseNumber, 2 ** 32)
    .action(async (input: string, { json, maxBytes }: { json?: true; maxBytes: number }) => {
      await explainCodecErrors(input, async () => {
        const summary = inspectMessage(await readFile(input), { maxBytes, maxTensors: Infinity });
        await print(json === true ? `${JSON.stringify(summary, undefined, 2)}\n` : renderMessage(summary));
      });
    });
}

function renderMessage({ version, bytes, tensors }: MessageSummary): string {
  const lines = [`message of version ${version}, ${bytes} bytes, ${tensors.length} tensors`];
  for (const { name, shape, settings, nonzeros, elements, bytes: size, bitsPerElement, ratio } of tensors) {
    const kind = settings.values === 'levels' ? `${settings.bits} bits` : settings.values;
    lines.push(
      `${name || '(unnamed)'} [${shape.join(', ')}] ${settings.selection} κ ${settings.keptFraction.toPrecision(3)}, ${kind}, ${settings.lossless}: ` +
        `${nonzeros} of ${elements} nonzero, ${size} bytes, ${bitsPerElement.toFixed(3)} bits an element, ${ratio.toFixed(1)} times smaller than float32`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function append(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('not a number');
  return value;
}
