/** Tokens of a text and of what stands before it. */
export interface TokenisedText {
  readonly prompt: Int32Array;
  readonly text: Int32Array;
}

export interface RowSettings {
  /** Tokens of a row. */
  readonly tokens: number;
  /** Token that begins every text; undefined where none does. */
  readonly begin: number | undefined;
  /** Token that ends a text; undefined where there is none. */
  readonly end: number | undefined;
}

/** What a decoder is given, and what it is to say after each token: −1 where it is not judged. */
export interface TokenRow {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
}

/**
 * Texts one after the other, cut into rows of equal length: every token of a text is to be said once, from the one before it,
 * which may be the last of another row. Prompts and beginnings are not judged. The last row is filled up.
 */
export function packedRows(texts: readonly TokenisedText[], settings: RowSettings): TokenRow[] {
  const { tokens } = settings;
  const total = texts.reduce((sum, text) => sum + lengthOf(text, settings), 0);
  const ids = new Int32Array(total);
  const judged = new Uint8Array(total);
  let at = 0;
  for (const text of texts) at = place(text, settings, ids, judged, at);
  const rows = Math.ceil(Math.max(0, total - 1) / tokens);
  return Array.from({ length: rows }, (_, row) => rowOf(ids, judged, row * tokens, settings));
}

/** A row for each text; what is longer is cut. */
export function paddedRows(texts: readonly TokenisedText[], settings: RowSettings): TokenRow[] {
  return texts.map((text) => {
    const ids = new Int32Array(lengthOf(text, settings));
    const judged = new Uint8Array(ids.length);
    place(text, settings, ids, judged, 0);
    return rowOf(ids, judged, 0, settings);
  });
}

/** A row for each text with one target, its class, after its last token; of a longer text the first tokens count. */
export function labelledRows(
  texts: readonly TokenisedText[],
  labels: ArrayLike<number>,
  settings: RowSettings,
): TokenRow[] {
  return paddedRows(texts, { ...settings, end: undefined }).map(({ inputs }, k) => {
    const targets = new Int32Array(inputs.length).fill(-1);
    const length = lengthOf(texts[k]!, { ...settings, end: undefined });
    targets[Math.min(length, inputs.length) - 1] = labels[k]!;
    return { inputs, targets };
  });
}

function lengthOf({ prompt, text }: TokenisedText, { begin, end }: RowSettings): number {
  return prompt.length + text.length + (begin === undefined ? 0 : 1) + (end === undefined ? 0 : 1);
}

/** Writes one text from `at` on; returns where it ends. */
function place(
  { prompt, text }: TokenisedText,
  { begin, end }: RowSettings,
  ids: Int32Array,
  judged: Uint8Array,
  at: number,
): number {
  let next = at;
  if (begin !== undefined) ids[next++] = begin;
  ids.set(prompt, next);
  next += prompt.length;
  const first = next;
  ids.set(text, next);
  next += text.length;
  if (end !== undefined) ids[next++] = end;
  judged.fill(1, first, next);
  return next;
}

function rowOf(ids: Int32Array, judged: Uint8Array, from: number, { tokens, end }: RowSettings): TokenRow {
  const inputs = new Int32Array(tokens).fill(end ?? 0);
  const targets = new Int32Array(tokens).fill(-1);
  inputs.set(ids.subarray(from, from + tokens));
  for (let k = 0; k < tokens && from + k + 1 < ids.length; k++) {
    if (judged[from + k + 1] === 1) targets[k] = ids[from + k + 1]!;
  }
  return { inputs, targets };
}
