/**
 * Writes what the committed fine-tunings of decoders (study/*.csv) show into docs/calibration.md, between its marks. Usage:
 * npx tsx scripts/write-decoder-studies.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { page, withDecoderStudies } from './decoder-studies.js';

writeFileSync(page, await withDecoderStudies(readFileSync(page, 'utf8')));
