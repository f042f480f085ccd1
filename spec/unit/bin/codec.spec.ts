import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { CommandError } from '../../../bin/exit-codes.js';
import { buildProgram } from '../../../bin/program.js';
import { dequantize, encode, quantize } from '../../../lib/codec/index.js';
import {
  fromFloat32,
  readNpy,
  readSafetensors,
  toFloat32,
  writeNpy,
  writeSafetensors,
} from '../../../lib/io/tensors/index.js';
import { quickRandom } from '../../support/quick-random.js';

const directory = mkdtempSync(join(tmpdir(), 'sft-opt-codec-'));
const at = (name: string) => join(directory, name);
const shape = [3, 17, 24];
const random = quickRandom(11);
const values = Float32Array.from({ length: 3 * 17 * 24 }, () => random() + random() - 1);
const other = Float32Array.from({ length: 40 }, () => random());

writeFileSync(at('one.npy'), writeNpy(fromFloat32('one', shape, values)));
writeFileSync(
  at('two.safetensors'),
  writeSafetensors({ tensors: [fromFloat32('a', shape, values), fromFloat32('b', [40], other)], metadata: {} }),
);

afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the command in this process: what it prints, and the exit code that an error would end it with. */
async function run(...args: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const note = (chunk: unknown, ...rest: unknown[]): boolean => {
    text += String(chunk);
    for (const last of rest) if (typeof last === 'function') (last as () => void)();
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(note);
  vi.spyOn(process.stderr, 'write').mockImplementation(note);
  try {
    await (await buildProgram('codec')).parseAsync(['codec', ...args], { from: 'user' });
    return { code: 0, text };
  } catch (error) {
    if (error instanceof CommandError) return { code: error.exitCode, text: `${text}${error.message}` };
    if (error instanceof CommanderError) return { code: error.exitCode === 0 ? 0 : 2, text };
    throw error;
  } finally {
    vi.restoreAllMocks();
  }
}

describe('sft-opt codec', () => {
  it('encodes a .npy file as the library does, and decodes it', async () => {
    const args = ['--kept-fraction', '0.1', '--bits', '3', '--lossless', 'small', '--seed', '9'];
    const encoded = await run('encode', at('one.npy'), at('one.sftc'), ...args);
    expect(encoded).toMatchObject({ code: 0 });
    expect(encoded.text).toContain('[3, 17, 24] top-k κ 0.100, 3 bits, small');
    const settings = { keptFraction: 0.1, bits: 3, lossless: 'small' as const, seed: 9 };
    // A .npy file names no tensor, so the message is that of an unnamed one.
    expect(Buffer.compare(readFileSync(at('one.sftc')), encode(values, shape, settings))).toBe(0);
    expect(await run('decode', at('one.sftc'), at('back.npy'))).toMatchObject({ code: 0 });
    const back = readNpy(readFileSync(at('back.npy')));
    expect(back.shape).toEqual(shape);
    expect(toFloat32(back)).toEqual(dequantize(quantize(values, shape, settings)));
  });

  it('returns the tensors of a .safetensors file bit for bit without loss, names and all', async () => {
    const args = ['--selection', 'all', '--values', 'float32'];
    expect((await run('encode', at('two.safetensors'), at('two.sftc'), ...args)).code).toBe(0);
    expect((await run('decode', at('two.sftc'), at('back.safetensors'))).code).toBe(0);
    const { tensors } = readSafetensors(readFileSync(at('back.safetensors')));
    expect(tensors.map(({ name, shape: own }) => [name, own])).toEqual([
      ['a', shape],
      ['b', [40]],
    ]);
    expect(tensors.map(toFloat32)).toEqual([values, other]);
  });

  it('takes only the tensors that were named', async () => {
    expect((await run('encode', at('two.safetensors'), at('b.sftc'), '--tensor', 'b')).code).toBe(0);
    const inspected = await run('inspect', at('b.sftc'), '--json');
    const summary = JSON.parse(inspected.text) as { version: number; tensors: { name: string; elements: number }[] };
    expect(summary).toMatchObject({ version: 1, tensors: [{ name: 'b', elements: 40 }] });
    expect((await run('inspect', at('b.sftc'))).text).toContain('40 nonzero');
  });

  it.each([
    ['a setting out of range', ['encode', 'one.npy', 'x.sftc', '--bits', '9'], '--bits: found `9`; must be at most 8'],
    ['a setting that is no number', ['encode', 'one.npy', 'x.sftc', '--kept-fraction', 'half'], 'not a number'],
    ['an unknown choice', ['encode', 'one.npy', 'x.sftc', '--lossless', 'tiny'], 'Allowed choices are fast, small'],
    ['an unknown tensor', ['encode', 'two.safetensors', 'x.sftc', '--tensor', 'c'], 'no tensor named c'],
    ['an unknown kind of file', ['encode', 'one.txt', 'x.sftc'], 'neither .npy nor .safetensors'],
    ['a file that is not there', ['encode', 'none.npy', 'x.sftc'], 'no such file'],
    ['a file that is no tensor', ['encode', 'broken.npy', 'x.sftc'], 'broken.npy'],
    ['values that are not finite', ['encode', 'infinite.npy', 'x.sftc'], 'value 1 is Infinity'],
    ['a message that is none', ['decode', 'one.npy', 'x.npy'], 'wrong magic'],
    ['a damaged message', ['inspect', 'damaged.sftc'], 'checksum'],
    ['a message cut short', ['decode', 'short.sftc', 'x.npy'], 'ends too early'],
    ['more memory than allowed', ['decode', 'good.sftc', 'x.npy', '--max-bytes', '100'], 'allowed'],
    ['two tensors for a .npy file', ['decode', 'pair.sftc', 'x.npy'], 'holds one tensor'],
  ])('refuses %s with exit code 2 and leaves no file', async (_what, [verb, ...rest], message) => {
    const good = encode(values, shape, {});
    writeFileSync(at('good.sftc'), good);
    writeFileSync(at('short.sftc'), good.subarray(0, good.length - 9));
    writeFileSync(
      at('damaged.sftc'),
      good.map((byte, i) => (i === good.length >> 1 ? byte ^ 4 : byte)),
    );
    writeFileSync(at('one.txt'), 'text');
    writeFileSync(at('broken.npy'), 'no array');
    writeFileSync(at('infinite.npy'), writeNpy(fromFloat32('x', [2], Float32Array.of(1, Infinity))));
    await run('encode', at('two.safetensors'), at('pair.sftc'));
    const isFile = (argument: string) => /\.(npy|sftc|safetensors|txt)$/u.test(argument);
    const outcome = await run(verb!, ...rest.map((argument) => (isFile(argument) ? at(argument) : argument)));
    expect(outcome.code).toBe(2);
    expect(outcome.text).toContain(message);
    expect(existsSync(at('x.sftc')) || existsSync(at('x.npy'))).toBe(false);
  });
});
