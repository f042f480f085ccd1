/**
 * A text as a terminal may have it. Control characters of files, peers and file names could move the cursor, change the
 * title or hide what was said, and marks of direction could turn it round: they are written out as JSON has them, `\u001b`.
 * Line ends, tabs, and the colours that the commands themselves use stay.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(controls, (found) =>
    found.length > 1 ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same for a text without colours of its own, as errors are: those of a file or a scheme are written out too. */
export function escapePlain(text: string): string {
  return escapeControls(text.replaceAll('\u001b', '\\u001b'));
}

/** The same for what is to be one line. */
export function escapeLine(text: string): string {
  return escapeControls(text).replaceAll('\n', '\\n');
}

/** Bold, dim, and the sixteen colours of the text; then everything that is no text. */
const controls =
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  /\u001b\[(?:0|1|2|22|3[0-79]|9[0-7])m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
