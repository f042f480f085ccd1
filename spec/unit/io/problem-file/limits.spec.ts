import { describe, expect, it } from 'vitest';
import { readProblemFile, sourceLimits } from '../../../../lib/io/index.js';

const firstIssue = (text: string) => {
  const outcome = readProblemFile(text);
  if (outcome.ok) throw new Error('the file was accepted');
  return outcome.issues[0]!;
};

describe('hostile files end in a clear message', () => {
  it('a text too long', () => {
    const issue = firstIssue(`version: 1\n#${'x'.repeat(sourceLimits.characters)}`);
    expect(issue.message).toContain(`at most ${sourceLimits.characters}`);
  });

  it('a billion laughs', () => {
    const levels = Array.from({ length: 12 }, (_, k) =>
      k === 0
        ? 'a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]'
        : `a${k}: &a${k} [${Array(9)
            .fill(`*a${k - 1}`)
            .join(', ')}]`,
    );
    const started = performance.now();
    expect(firstIssue(levels.join('\n')).message).toContain('unfold to more than');
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('an alias to its own ancestor', () => {
    expect(firstIssue('devices: &d [*d]').message).toMatch(/nested too deeply|anchor/u);
  });

  it.each([
    ['brackets', '['.repeat(200_000)],
    ['closed brackets', '['.repeat(5_000) + ']'.repeat(5_000)],
    ['braces', '{a: '.repeat(100_000)],
    ['block lists', '- '.repeat(50_000)],
    ['indented keys', Array.from({ length: 200 }, (_, k) => `${' '.repeat(k)}a:`).join('\n')],
  ])('deep %s', (_, text) => {
    const started = performance.now();
    expect(firstIssue(text).message.length).toBeGreaterThan(5);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('binary rubbish', () => {
    const bytes = Array.from({ length: 5000 }, (_, k) => String.fromCharCode((k * 7919) % 256)).join('');
    expect(firstIssue(bytes).message.length).toBeGreaterThan(5);
  });

  it('reports no more issues than anybody reads', () => {
    const text = `version: 1\nmodel: gpt2\ndevices:\n${'  - { nam: x }\n'.repeat(5000)}`;
    const outcome = readProblemFile(text);
    expect(outcome.ok).toBe(false);
    if (!outcome.ok) expect(outcome.issues).toHaveLength(sourceLimits.issues);
  });
});

describe('aliases that are meant', () => {
  it('are followed wherever they stand, however many there are', () => {
    const entries = Array.from({ length: 3000 }, (_, k) => `  - { name: d${k}, throughput: *fast, pinned: *pins }`);
    const text = [
      'version: 1',
      'model: deit-tiny',
      'pinned: &pins { blocks: 4 }',
      'devices:',
      '  - { name: first, throughput: &fast 80 GFLOP/s }',
      ...entries,
    ].join('\n');
    const outcome = readProblemFile(text);
    expect(outcome.ok).toBe(true);
    if (!outcome.ok) return;
    expect(outcome.resolved.problem.devices).toHaveLength(3001);
    expect(outcome.resolved.summaries.every((device) => device.throughputFlopsPerSecond === 80e9)).toBe(true);
    expect(outcome.resolved.problem.devices.every((device) => device.pinned.blocks === 4)).toBe(true);
  });

  it('are reported where the anchored value stands', () => {
    const issue = firstIssue('version: 1\nmodel: gpt2\ndeadline: &t 3 m\ndevices: [{ name: a, memory: *t }]\n');
    expect([issue.line, issue.column]).toEqual([3, 14]);
  });
});
