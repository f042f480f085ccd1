import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { CommandError, exitCodes } from '../exit-codes.js';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const run = promisify(execFile);

/** A picture as PDF of its own size, by Chromium; `SFT_OPT_CHROMIUM` says where that is if it is not on the path. */
export async function pdfOf(svg: string): Promise<Uint8Array> {
  const [, width, height] = /width="(\d+(?:\.\d+)?)" height="(\d+(?:\.\d+)?)"/u.exec(svg)!;
  const folder = await mkdtemp(join(tmpdir(), 'sft-opt-pdf-'));
  try {
    const page = join(folder, 'figure.html');
    const size = `@page { size: ${width}px ${Math.ceil(Number(height)) + 1}px; margin: 0 } body { margin: 0 } svg { display: block }`;
    await writeFile(page, `<!doctype html><meta charset="utf-8"><style>${size}</style>${svg}`);
    const target = join(folder, 'figure.pdf');
    await printed(pathToFileURL(page).href, target, folder);
    return await readFile(target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function printed(page: string, target: string, profile: string): Promise<void> {
  const options = [
    '--headless',
    '--disable-gpu',
    '--no-pdf-header-footer',
    `--user-data-dir=${join(profile, 'profile')}`,
  ];
  // Its own sandbox does not run as root.
  if (process.getuid?.() === 0) options.push('--no-sandbox');
  const given = process.env['SFT_OPT_CHROMIUM'];
  for (const name of given === undefined ? names : [given]) {
    try {
      await run(name, [...options, `--print-to-pdf=${target}`, page], { timeout: 60_000 });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
        throw new CommandError(
          exitCodes.badInput,
          `${name} does not print: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
  const where = given === undefined ? `none of ${names.join(', ')} is on the path` : `${given} is not there`;
  throw new CommandError(exitCodes.badInput, `PDF needs Chromium: ${where}; a name that ends in .svg needs none`);
}
