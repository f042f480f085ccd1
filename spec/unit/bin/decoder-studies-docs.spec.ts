import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { page, withDecoderStudies } from '../../../scripts/decoder-studies.js';

it('the tables of decoders in docs/calibration.md are those of the committed runs', async () => {
  const text = readFileSync(page, 'utf8');
  expect(text.match(/^\*\*.*study\/.*\.yaml/gmu)!.length).toBeGreaterThanOrEqual(2);
  expect(await withDecoderStudies(text)).toBe(text);
});
