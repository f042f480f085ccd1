/** A text to learn from. */
export interface TextExample {
  readonly text: string;
  /** What stands before the text and is not to be learnt. */
  readonly prompt?: string;
  readonly label?: string;
  /** Where it comes from, as in `mails.jsonl:12`. */
  readonly place: string;
}

/** What is wrong with one line or file. */
export interface TextProblem {
  readonly place: string;
  readonly reason: string;
}

/**
 * Examples of a JSON Lines file: an object a line with `text`, and `prompt` and `label` where there are any; other fields are
 * passed over, and so are empty lines. Every bad line is among the problems, with its number.
 */
export function readJsonLines(content: Uint8Array, file: string): { examples: TextExample[]; problems: TextProblem[] } {
  const examples: TextExample[] = [];
  const problems: TextProblem[] = [];
  for (let line = 1, from = 0; from < content.length; line++) {
    const next = content.indexOf(lineFeed, from);
    const to = next < 0 ? content.length : next;
    const place = `${file}:${line}`;
    const found = exampleOf(content.subarray(from, to), place);
    if (typeof found === 'string') problems.push({ place, reason: found });
    else if (found) examples.push(found);
    from = to + 1;
  }
  return { examples, problems };
}

const lineFeed = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** What a line says, undefined for an empty one, or what is wrong with it. */
function exampleOf(bytes: Uint8Array, place: string): TextExample | string | undefined {
  let json: unknown;
  try {
    const line = decoder.decode(bytes);
    if (line.trim() === '') return undefined;
    json = JSON.parse(line);
  } catch (error) {
    return error instanceof SyntaxError ? `is not JSON: ${error.message}` : 'is not UTF-8';
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'is no object';
  const { text, prompt, label } = json as Record<string, unknown>;
  const wrong = [
    typeof text === 'string' && text !== '' ? '' : '`text` must be a text that is not empty',
    prompt === undefined || typeof prompt === 'string' ? '' : '`prompt` must be a text',
    label === undefined || (typeof label === 'string' && label !== '') || Number.isSafeInteger(label)
      ? ''
      : '`label` must be a text or a whole number',
  ].filter((reason) => reason !== '');
  if (wrong.length > 0) return wrong.join(', ');
  return {
    text: text as string,
    ...(typeof prompt === 'string' && prompt !== '' && { prompt }),
    ...(label !== undefined && { label: typeof label === 'string' ? label : JSON.stringify(label) }),
    place,
  };
}
