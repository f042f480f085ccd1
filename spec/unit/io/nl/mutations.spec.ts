import { describe, expect, it } from 'vitest';
import { compileNl, NlError, readNl } from '../../../../lib/io/nl/index.js';
import { randomStream } from '../../../support/small-random.js';
import { cuteFile, cuteNames } from '../../../support/cute.js';
import { toBinaryNl } from '../../../support/nl-binary.js';
import { mixedIntegerSample, wyndorSample } from '../../../support/nl-samples.js';

const mutationCount = 1000;
const digits = '0123456789';
const alphabet = `${digits}.-+eEovnCVJGOrbkxdSFL \n\t#`;

/** One damaged copy: a byte changed, removed or added, a line dropped, doubled or swapped, or the end cut off. */
function mutate(bytes: Uint8Array, next: () => number): Uint8Array {
  const at = Math.floor(next() * bytes.length);
  const any = alphabet.charCodeAt(Math.floor(next() * alphabet.length));
  switch (Math.floor(next() * 7)) {
    case 0:
      return bytes.map((byte, k) => (k === at ? any : byte));
    case 1:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)]);
    case 2:
      return Uint8Array.from([...bytes.subarray(0, at), any, ...bytes.subarray(at)]);
    case 3:
      return bytes.slice(0, at);
    case 4: {
      const huge = new TextEncoder().encode(String(Math.floor(next() * 1e12)));
      return Uint8Array.from([...bytes.subarray(0, at), ...huge, ...bytes.subarray(at + 1)]);
    }
    case 5:
      return bytes.map((byte, k) => (k === at ? Math.floor(next() * 256) : byte));
    default: {
      const end = Math.min(bytes.length, at + 1 + Math.floor(next() * 20));
      return Uint8Array.from([...bytes.subarray(0, end), ...bytes.subarray(at)]);
    }
  }
}

/** What a mutated file led to; anything but these two is a failure of the reader. */
function outcome(bytes: Uint8Array): 'located error' | 'model' {
  try {
    const problem = compileNl(readNl(bytes));
    const { variableCount, constraintCount, start } = problem.meta;
    expect(start.length).toBe(variableCount);
    const gradient = new Float64Array(variableCount);
    problem.objective(start);
    problem.constraints(start, new Float64Array(constraintCount));
    problem.gradient(start, gradient);
    return 'model';
  } catch (error) {
    if (!(error instanceof NlError)) throw error;
    expect(error.line ?? error.byteOffset).toBeGreaterThanOrEqual(0);
    expect(error.message).toMatch(/^(line|byte) \d+: /);
    return 'located error';
  }
}

describe('damaged files', () => {
  it(`gives a located error or a whole model for ${mutationCount} mutated files`, () => {
    const sources = [
      new TextEncoder().encode(mixedIntegerSample),
      new TextEncoder().encode(wyndorSample),
      toBinaryNl(mixedIntegerSample, { letter: 'b', littleEndian: true }),
      toBinaryNl(mixedIntegerSample, { letter: 'z', littleEndian: false }),
      ...cuteNames()
        .map(cuteFile)
        .filter((bytes) => bytes.length < 8000),
    ];
    const next = randomStream(20260101);
    const counts = { 'located error': 0, model: 0 };
    for (let k = 0; k < mutationCount; k++) counts[outcome(mutate(sources[k % sources.length]!, next))]++;
    expect(counts['located error']).toBeGreaterThan(mutationCount / 2);
    expect(counts.model).toBeGreaterThan(mutationCount / 20);
  });
});
