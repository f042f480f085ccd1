import type { MeasuredAffine, MeasuredEntry, MeasuredProfile } from './schema.js';

/**
 * What single values cannot show: fits may have a negative part, but no cut that a plan may choose takes less than no time or no
 * bytes; and a batch size and memory mode are measured once.
 */
export function profileProblems(profile: MeasuredProfile): string[] {
  const { model, entries, aggregationSeconds, adapterBytes, serverModelBytes } = profile;
  if (model.blocks < 2) return [`model.blocks: ${model.blocks}, at least 2`];
  const ends = [1, model.blocks - 1] as const;
  const { fixed, perDevice } = aggregationSeconds;
  const problems = [
    ...negative('aggregationSeconds', { fixed, perBlock: perDevice }, [1, Infinity]),
    ...negative('adapterBytes', adapterBytes, ends),
    ...negative('serverModelBytes', serverModelBytes, ends),
  ];
  const seen = new Set<string>();
  for (const [k, entry] of entries.entries()) {
    const at = `entries.${k}`;
    const kind = `batches of ${entry.batchSize} with activations: ${entry.activations}`;
    if (seen.has(kind)) problems.push(`${at}: ${kind} a second time`);
    seen.add(kind);
    problems.push(...entryProblems(entry, at, ends));
  }
  return problems;
}

function entryProblems(entry: MeasuredEntry, at: string, ends: readonly [number, number]): string[] {
  const affine = [
    'forwardSeconds',
    'backwardSeconds',
    'serverSeconds',
    'processBytes',
    'serverStateBytes',
    'serverActivationBytes',
  ] as const;
  return [
    ...affine.flatMap((key) => negative(`${at}.${key}`, entry[key], ends)),
    // The lowest block alone has a figure of its own.
    ...negative(`${at}.deviceBytes`, entry.deviceBytes, [Math.min(2, ends[1]), ends[1]]),
    ...(entry.deviceBytes.atOneBlock < 0 ? [`${at}.deviceBytes.atOneBlock: below 0`] : []),
    ...(['serverBatchSeconds', 'serverBatchBytes'] as const).flatMap((key) => {
      const batch = entry[key];
      if (!batch) return [];
      const two = {
        fixed: batch.fixed + 2 * batch.fixedPerDevice,
        perBlock: batch.perBlock + 2 * batch.perBlockPerDevice,
      };
      const more = { fixed: batch.fixedPerDevice, perBlock: batch.perBlockPerDevice };
      return [
        ...negative(`${at}.${key} of two devices`, two, ends),
        ...negative(`${at}.${key} of a further device`, more, ends),
      ];
    }),
  ];
}

/** Where an affine figure is below zero between two counts; it is least at one of them. */
function negative(name: string, figure: MeasuredAffine | undefined, counts: readonly [number, number]): string[] {
  if (!figure) return [];
  const count = counts.find((each) => !(figure.fixed + (figure.perBlock === 0 ? 0 : figure.perBlock * each) >= 0));
  return count === undefined ? [] : [`${name}: below 0 at ${count}`];
}
