import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { codecDigests } from '../support/codec-digests.js';

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
if (browser === undefined) {
  console.warn('skipped: the comparison with a browser needs Chromium at /usr/bin/chromium, which is absent');
}

describe('the codec in a browser', () => {
  it.skipIf(browser === undefined)('gives the same bytes in Chromium as in Node', { timeout: 180_000 }, async () => {
    const support = join(dirname(fileURLToPath(import.meta.url)), '..', 'support', 'codec-digests.ts');
    const bundle = await build({
      entryPoints: [support],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'codecTest',
      platform: 'browser',
    });
    const instance = await chromium.launch({
      executablePath: browser!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
    });
    try {
      const page = await instance.newPage();
      await page.setContent('<!doctype html><title>codec</title>');
      await page.addScriptTag({ content: bundle.outputFiles[0]!.text });
      const inBrowser = await page.evaluate<string[]>('codecTest.codecDigests()');
      const here = codecDigests();
      expect(inBrowser).toHaveLength(here.length);
      expect(here.length).toBeGreaterThan(300);
      expect(digest(inBrowser)).toBe(digest(here));
      expect(inBrowser).toEqual(here);
    } finally {
      await instance.close();
    }
  });
});

function digest(lines: readonly string[]): string {
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
