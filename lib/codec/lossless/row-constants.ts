/* Numbers of the loops over contexts: literals, so that bundlers write them into the code. */

/** Rows wider than this are coded without contexts. */
export const WIDEST_ROW = 16384;
export const MASK_CLASSES = 28;
/** 28 classes, and zero, small or large at either neighbour. */
export const MASK_CONTEXTS = 28 * 9;
/** Steps of a channel's mean sign, and five sums of the neighbours' signs. */
export const SIGN_STEPS = 11;
export const SIGN_CONTEXTS = 5 * 11;
export const MAGNITUDE_STEPS = 8;
export const SCALE_STEPS = 8;
/** Levels are scaled to about this range, so that all arithmetic stays in integers. */
export const UNIT = 1024;
/** Fraction bits of the running means. */
export const FRACTION = 4;
/** Symbols of all models share one alphabet: bits of the mask, then signs, then magnitudes. */
export const FIRST_SIGN = 2 * 28 * 9;
export const FIRST_MAGNITUDE = 2 * 28 * 9 + 2 * 5 * 11;
