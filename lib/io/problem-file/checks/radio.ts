import type { RawIssue } from '../source/index.js';
import type { CheckedSections } from './sections.js';

/** What must fit together within the radio section. */
export function checkRadio({ radio }: CheckedSections): RawIssue[] {
  if (!radio || typeof radio.efficiency === 'string') return [];
  return radio.efficiency.flatMap(({ bitsPerHertz, snr }, k, schemes): RawIssue[] => {
    const before = schemes[k - 1];
    if (!before || (bitsPerHertz > before.bitsPerHertz && snr > before.snr)) return [];
    const message = 'must carry more than the scheme before it, at a larger `snr`';
    return [{ path: ['radio', 'efficiency', k], message }];
  });
}
