import type { IssuePath, RawIssue, SourceDocument } from '../source/index.js';
import { rawIssues, valueAt } from '../source/index.js';
import { deviceSection, fileSections, unknownKeyMessage, type DeviceEntry, type ProblemFile } from '../schema/index.js';

/** The sections of a file that are right in themselves; a device entry that is wrong is undefined. */
export type CheckedSections = Partial<Omit<ProblemFile, 'devices'>> & {
  readonly devices?: readonly (DeviceEntry | undefined)[];
};

export interface SectionOutcome {
  readonly sections: CheckedSections;
  readonly issues: readonly RawIssue[];
}

/** Checks each section and each device on its own, so that one mistake does not hide another. */
export function checkSections(data: SourceDocument['value']): SectionOutcome {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return {
      sections: {},
      issues: [{ path: [], message: 'the file must hold a section of keys and values; see `sft-opt init`' }],
    };
  }
  const schemas = fileSections();
  const names = Object.keys(schemas) as (keyof typeof schemas)[];
  const issues: RawIssue[] = Object.keys(data)
    // Keys of this kind hold what anchors of the file refer to.
    .filter((key) => !Object.hasOwn(schemas, key) && !key.startsWith('x-'))
    .map((key) => {
      const holder = isHolder((data as Record<string, unknown>)[key]) ? ' (to hold an anchor, name it `x-…`)' : '';
      return { path: [key], message: `${unknownKeyMessage(key, names)}${holder}`, atKey: true };
    });
  const sections: Record<string, unknown> = {};
  for (const name of names) {
    const value = Object.hasOwn(data, name) ? (data as Record<string, unknown>)[name] : undefined;
    if (name === 'devices' && Array.isArray(value)) {
      sections[name] = value.map((entry: unknown, index) => checkDevice(entry, [name, index], issues));
      if (value.length > 0 && value.length <= 100_000) continue;
    }
    const outcome = schemas[name].safeParse(value);
    if (outcome.success) sections[name] = outcome.data;
    else issues.push(...rawIssues(outcome.error.issues, value, [name]));
  }
  return { sections, issues };
}

/** Keys that say the same thing: only as written is it known that both are there. */
function checkRivals(entry: unknown, path: IssuePath): RawIssue[] {
  if (valueAt(entry, ['gain']) === undefined || valueAt(entry, ['distance']) === undefined) return [];
  const message = 'a measured `gain` takes the place of the distance: give one of the two';
  return [{ path: [...path, 'distance'], message, atKey: true }];
}

/** A section may stand there for an anchor alone. */
function isHolder(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function checkDevice(entry: unknown, path: IssuePath, issues: RawIssue[]): DeviceEntry | undefined {
  issues.push(...checkRivals(entry, path));
  const outcome = deviceSection.safeParse(entry);
  if (outcome.success) return outcome.data;
  issues.push(...rawIssues(outcome.error.issues, entry, path));
  return undefined;
}
