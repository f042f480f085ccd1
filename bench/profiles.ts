/**
 * Performance profiles (Dolan & Moré 2002) of the solvers here and of whichever peers are installed, on the samples of
 * CUTE and Maros–Mészáros; every answer is checked before its time counts. Writes tables, figures and SVGs under
 * bench/results. Usage: npx tsx bench/profiles.ts [nonlinear|quadratic]
 */
import { join } from 'node:path';
import { nonlinearOutcomes } from './profile/nonlinear.js';
import { quadraticOutcomes } from './profile/quadratic.js';
import { report } from './profile/report.js';

const data = process.env['SFT_OPT_DATA'] ?? join(import.meta.dirname, '../../shared/data');
const command = 'npx tsx bench/profiles.ts';

const wanted = process.argv[2];

if (wanted !== 'quadratic') {
  const nonlinear = await nonlinearOutcomes(join(data, 'cute'));
  if (nonlinear.length > 0) report('profiles-nonlinear', 'CUTE sample', command, nonlinear);
  else console.log('skipped: the CUTE problems are not here');
}

if (wanted !== 'nonlinear') {
  const quadratic = quadraticOutcomes(join(data, 'maros-meszaros'));
  if (quadratic.length > 0) report('profiles-quadratic', 'Maros–Mészáros sample', command, quadratic);
  else console.log('skipped: the Maros–Mészáros problems are not here');
}
