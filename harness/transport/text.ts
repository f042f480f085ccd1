const controls = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** What another side says, as one line that can be shown and logged: control characters written out, not too long. */
export function oneLine(text: string, most = 500): string {
  const short = text.length > most ? `${text.slice(0, most)}…` : text;
  return short.replaceAll(controls, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
