import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('the packed project installs by itself into an empty folder and is used there in every way', async () => {
  const script = fileURLToPath(new URL('../../scripts/check-package.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { cwd: root });
  expect(stdout).toMatch(/^ok {6}every sub-path imports/mu);
  expect(stdout).not.toMatch(/^FAILED/mu);
  expect(stdout).toContain('the package is sound');
}, 600_000);
