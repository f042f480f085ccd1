/** Builds the package into dist: what runs (scripts/bundle.ts), its types, and the licences of what is inlined. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.js';
import { shipTypes } from './ship-types.js';
import { shipLicences } from './ship-licences.js';
import { stampBuild, stateOfSources } from './source-state.js';
import { writeVerifyPage } from './verify-page.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const state = stateOfSources();
rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
const metafile = await bundle(root);
shipTypes();
shipLicences(metafile);
await writeVerifyPage(`${root}dist/verify.html`);
stampBuild(state);
