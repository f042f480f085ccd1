/** Text as HTML and SVG have it, in attributes too. */
export function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A number as people read it: six significant digits. */
export function shown(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : value > 0 ? '∞' : '–';
}
