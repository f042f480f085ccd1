import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { certifyProgram } from '../../lib/certify/index.js';
import { writeVerifyPage } from '../../scripts/verify-page.js';
import { sampleCertificate } from '../support/certificates.js';
import { sampleProgram } from '../support/programs.js';

const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (browser === undefined)
  console.warn('skipped: verify.html is read in Chromium at /usr/bin/chromium, which is absent');

describe('verify.html in a browser', () => {
  it.skipIf(browser === undefined)('says what is proven, and why not', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'verify-page-'));
    const instance = await chromium.launch({
      executablePath: browser!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
    });
    try {
      const page = await instance.newPage();
      const requests: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      const target = join(folder, 'verify.html');
      await writeVerifyPage(target);
      await page.goto(pathToFileURL(target).href);
      const verdictOf = async (name: string, text: string) => {
        const path = join(folder, name);
        writeFileSync(path, text);
        await page.evaluate("document.getElementById('verdict').replaceChildren()");
        await page.setInputFiles('input[type=file]', path);
        await page.waitForSelector('#verdict h2');
        return page.innerText('#verdict');
      };
      const { certificate } = await sampleCertificate(4, { tree: true });
      const text = JSON.stringify(certificate);
      const proven = await verdictOf('proof.json', text);
      expect(proven).toContain('Proven');
      expect(proven).toContain(`its round takes at most ${certificate.claims.plan!.roundSeconds} s`);
      expect(proven).toContain(`No plan has a round of ${certificate.claims.bound!.roundSeconds} s or less`);
      expect(proven).toContain(certificate.problemSha256);

      const { program, integers } = sampleProgram(1, 'linear', 1);
      const exact = certifyProgram(program, { integers }).certificate;
      expect(await verdictOf('program.json', JSON.stringify(exact))).toContain('Proven');

      const shorter = { ...certificate.claims.plan!, roundSeconds: certificate.claims.plan!.roundSeconds * (1 - 1e-9) };
      const forged = { ...certificate, claims: { ...certificate.claims, plan: shorter } };
      const refused = await verdictOf('forged.json', JSON.stringify(forged));
      expect(refused).toContain('Refused');
      expect(refused).toContain('round delay');
      expect(await verdictOf('cut.json', text.slice(0, -9))).toContain('not JSON');
      // What a name holds is shown as text, and nothing leaves the page.
      const hostile = { ...certificate, '<img src=x onerror=alert(1)>': 1 };
      expect(await verdictOf('hostile.json', JSON.stringify(hostile))).toContain('unknown member');
      expect(await page.$('#verdict img')).toBeNull();
      expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('blob:'))).toEqual([]);
    } finally {
      await instance.close();
      rmSync(folder, { recursive: true });
    }
  });
});
