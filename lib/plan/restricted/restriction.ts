/**
 * A class of plans: decisions that all participating devices have in common; every other decision is free. With none
 * restricted it is the joint problem. Eight classes make a cube: each contains those that restrict more.
 */
export interface Restriction {
  /** One number of blocks for all. */
  readonly cut: boolean;
  /** One operating point up and one down for all. */
  readonly point: boolean;
  /** The same bandwidth for all, within each device's own limits. */
  readonly bandwidth: boolean;
}

/** Names of the seven classes below the joint problem, from the most restricted on: each after all those it contains. */
export const restrictedClasses = {
  'compressed-split-federated': { cut: true, point: true, bandwidth: true },
  'split-alone': { cut: false, point: true, bandwidth: true },
  'ratio-alone': { cut: true, point: false, bandwidth: true },
  'bandwidth-alone': { cut: true, point: true, bandwidth: false },
  'fixed-cut': { cut: true, point: false, bandwidth: false },
  'fixed-ratio': { cut: false, point: true, bandwidth: false },
  'equal-bandwidth': { cut: false, point: false, bandwidth: true },
} as const satisfies Readonly<Record<string, Restriction>>;
export type RestrictedClass = keyof typeof restrictedClasses;

/** What each class holds fixed, for tables. */
export const classDescriptions: Readonly<Record<RestrictedClass, string>> = {
  'fixed-cut': 'one cut for all, the rest optimised',
  'fixed-ratio': 'one operating point for all, the rest optimised',
  'equal-bandwidth': 'equal bandwidth, the rest optimised',
  'split-alone': 'one operating point, equal bandwidth, splits optimised',
  'ratio-alone': 'one cut, equal bandwidth, ratios optimised',
  'bandwidth-alone': 'one cut, one operating point, bandwidths optimised',
  'compressed-split-federated': 'one cut, one operating point, equal shares of band and server',
};

/** Whether every plan of class `inner` belongs to class `outer`. */
export function contains(outer: Restriction, inner: Restriction): boolean {
  return (inner.cut || !outer.cut) && (inner.point || !outer.point) && (inner.bandwidth || !outer.bandwidth);
}
