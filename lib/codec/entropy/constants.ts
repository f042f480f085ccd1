/*
 * Numbers of the entropy coder's loops. They are literals, imported by name: bundlers then write them into the code, where a constant of a
 * module would become a variable that is looked up at every use.
 */

/** Frequencies of a static model sum to 2^14. */
export const SCALE_BITS = 14;
export const SCALE = 1 << 14;
export const SLOT_MASK = (1 << 14) - 1;
/** States of the coder are at least so large. */
export const LOWEST_STATE = 1 << 15;
/** A state x must shed a word before a symbol of frequency f is added when x ≥ f · 2^17. */
export const HIGH_SHIFT = 31 - 14;
