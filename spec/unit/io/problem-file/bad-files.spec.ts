import { describe, expect, it } from 'vitest';
import { formatIssue, readProblemFile } from '../../../../lib/io/index.js';
import { badFiles } from './bad-files.js';

describe('bad problem files', () => {
  it('are at least sixty', () => {
    expect(badFiles.length).toBeGreaterThanOrEqual(60);
    expect(new Set(badFiles.map(({ name }) => name)).size).toBe(badFiles.length);
  });

  it.each(badFiles)('$name is reported where it stands', ({ text, issues }) => {
    const outcome = readProblemFile(text);
    expect(outcome.ok).toBe(false);
    if (outcome.ok) return;
    const lines = outcome.issues.map((issue) => formatIssue(issue));
    for (const [line, column, ...parts] of issues) {
      const match = lines.find(
        (shown) => shown.startsWith(`${line}:${column} `) && parts.every((part) => shown.includes(part)),
      );
      expect(match, `${line}:${column} ${parts.join(' … ')} among\n${lines.join('\n')}`).toBeDefined();
    }
    expect(lines.length).toBeLessThanOrEqual(issues.length + 2);
  });
});
