import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { explainCodecErrors, readTensors, writeTensors } from '../../../bin/commands/codec-files.js';
import { decodeMessage, encodeMessage } from '../../../lib/codec/index.js';
import { readSafetensors } from '../../../lib/io/tensors/index.js';

/** What `codec encode` does with a file, up to writing. */
function encoded(name: string): Promise<Uint8Array> {
  const path = fileURLToPath(new URL(`../../fixtures/tensors/${name}.safetensors`, import.meta.url));
  return explainCodecErrors(name, async () => encodeMessage(await readTensors(path, [])));
}

describe('a safetensors file', () => {
  it('keeps a tensor whose name is that of a prototype', async () => {
    const names = decodeMessage(await encoded('proto')).map(({ name }) => name);
    expect(names).toContain('__proto__');
    expect(({} as Record<string, unknown>)['shape']).toBeUndefined();
  });

  it('with a tensor that has no name comes back with one that no other has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'codec-files-'));
    const out = join(folder, 'back.safetensors');
    await writeTensors(out, decodeMessage(await encoded('names')));
    expect(readSafetensors(readFileSync(out)).tensors.map(({ name }) => name)).toEqual(['tensor1', 'tensor0']);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['dup', /^dup: the header has the key \w+ twice/u],
    ['mixed', /^mixed: .*\bI64\b/u],
    ['nan', /^nan: tensor \w+: value \d+ is NaN$/u],
  ])('%s is refused with code 2, and what is wrong named', async (name, message) => {
    await expect(encoded(name)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message) as string,
    });
  });
});
