import type { RawIssue } from '../source/index.js';
import { checkAccuracyAndCodec } from './accuracy.js';
import { checkDevices } from './devices.js';
import { checkModel } from './model.js';
import { checkRadio } from './radio.js';
import { checkServer } from './server.js';
import type { CheckedSections } from './sections.js';

export * from './sections.js';
export { outsideCuts } from './accuracy.js';

/** Everything that has to fit together between keys and between sections. */
export function crossChecks(sections: CheckedSections): RawIssue[] {
  return [
    ...checkModel(sections),
    ...checkAccuracyAndCodec(sections),
    ...checkRadio(sections),
    ...checkServer(sections),
    ...checkDevices(sections),
  ];
}
