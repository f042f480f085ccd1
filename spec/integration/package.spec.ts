import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/check-package.sh', import.meta.url));

it('the packed project installs into an empty directory, and there imports, type-checks and solves', async () => {
  const { stdout } = await promisify(execFile)('bash', [script]);
  expect(stdout).toMatch(/imported \d+ paths; a round takes/u);
  expect(stdout).toMatch(/package sft-opt \d+\.\d+\.\d+ installs, imports and runs/u);
}, 600_000);
