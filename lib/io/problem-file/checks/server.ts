import { entryParts } from '../resolve/index.js';
import type { RawIssue } from '../source/index.js';
import type { CheckedSections } from './sections.js';

/** What a measured efficiency of batching needs: a batch, of a size known before the plan, and no second measurement of it. */
export function checkServer({ server, calibration, devices = [] }: CheckedSections): RawIssue[] {
  const curve = server?.batchWork;
  if (!server || !curve) return [];
  const path = ['server', 'batchWork'];
  const issues: RawIssue[] = [];
  if (server.sharing !== 'batched') {
    issues.push({ path, message: `needs \`sharing: batched\`, found \`${server.sharing}\``, atKey: true });
  }
  if (calibration !== undefined) {
    issues.push({ path, message: '`calibration` has measured batches already; give one of the two', atKey: true });
  }
  if (devices.some((entry) => entry && [...entryParts(entry)].some((part) => part.entry.optional))) {
    const message = 'needs to know who is in the batch: no device may be `optional`';
    issues.push({ path, message, atKey: true });
  }
  curve.forEach((point, k) => {
    const before = curve[k - 1] ?? { devices: 1, work: 1 };
    if (k === 0 && point.devices === 1) {
      const message = `is relative to a device alone, so 1 for a batch of one, found ${point.work}`;
      if (point.work !== 1) issues.push({ path: [...path, 0, 'work'], message });
      return;
    }
    if (point.devices <= before.devices) {
      issues.push({ path: [...path, k, 'devices'], message: 'must increase from one to the next' });
    }
    // A larger batch takes no less time altogether.
    if (point.work * point.devices < before.work * before.devices) {
      issues.push({ path: [...path, k, 'work'], message: 'makes the larger batch faster than the smaller one' });
    }
  });
  return issues;
}
