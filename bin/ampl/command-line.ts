import type { Assignment } from './keywords.js';

/** What the command line asks for besides solving. */
export type Request = 'solve' | 'version' | 'keywords' | 'usage' | 'functions';

/** A command line taken apart. */
export interface AmplCommandLine {
  readonly request: Request;
  /** File argument as given. */
  readonly stub?: string;
  /** True if -AMPL was given: write the .sol file, leave the message to the caller. */
  readonly fromAmpl: boolean;
  /** -s: write the .sol file without -AMPL, too. */
  readonly writeSolution: boolean;
  /** -of: where to write the .sol file. */
  readonly solutionPath?: string;
  /** -e: do not repeat the options on standard output. */
  readonly quietOptions: boolean;
  /** key=value words. */
  readonly assignments: readonly Assignment[];
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

const switches: ReadonlyMap<string, Request> = new Map([
  ['-v', 'version'],
  ['--version', 'version'],
  ['-=', 'keywords'],
  ['-?', 'usage'],
  ['-h', 'usage'],
  ['--help', 'usage'],
  ['-u', 'functions'],
]);

/** Takes `[options] stub [-AMPL] [key=value …]` apart. */
export function parseCommandLine(argumentList: readonly string[]): AmplCommandLine {
  const assignments: Assignment[] = [];
  const problems: string[] = [];
  const line: Writable<AmplCommandLine> = {
    request: 'solve',
    fromAmpl: false,
    writeSolution: false,
    quietOptions: false,
    assignments,
    problems,
  };
  let optionsEnded = false;
  for (let k = 0; k < argumentList.length; k++) {
    const word = argumentList[k]!;
    if (word === '-AMPL' && line.stub !== undefined) line.fromAmpl = true;
    else if (line.stub !== undefined) assignments.push(...parseWord(word, problems));
    else if (!optionsEnded && word.startsWith('-') && word.length > 1) {
      if (word === '--') optionsEnded = true;
      else if (word === '-of' || word === '-bf') k += takeFile(line, word, argumentList[k + 1], problems);
      else takeSwitch(line, word, problems);
    } else line.stub = word;
  }
  return line;
}

function takeSwitch(line: Writable<AmplCommandLine>, word: string, problems: string[]): void {
  const request = switches.get(word);
  if (request) line.request = request;
  else if (word === '-e') line.quietOptions = true;
  else if (word === '-s') line.writeSolution = true;
  else problems.push(`Unknown option "${word}"`);
}

/** Options with a file name; returns how many words it took besides the option. */
function takeFile(line: Writable<AmplCommandLine>, word: string, path: string | undefined, problems: string[]): 0 | 1 {
  if (path === undefined) {
    problems.push(`Option ${word} needs a file name`);
    return 0;
  }
  if (word === '-of') line.solutionPath = path;
  else problems.push('Option -bf (bounds from a file) is not supported');
  return 1;
}

/** One argument: key=value, the value as it stands or in quotes. */
function parseWord(word: string, problems: string[]): Assignment[] {
  const match = /^\s*([A-Za-z_][\w.]*)\s*=(.*)$/s.exec(word);
  if (match) return [{ key: match[1]!, value: unquote(match[2]!.trim()) }];
  problems.push(`Expected key=value, found "${word}"`);
  return [];
}

/** Options in an environment variable: words `key=value` or `key value`, values perhaps in quotes. */
export function parseEnvironmentOptions(text: string): { assignments: Assignment[]; problems: string[] } {
  const assignments: Assignment[] = [];
  const problems: string[] = [];
  const pattern = /\s*(?:([A-Za-z_][\w.]*)(?:\s*=\s*|\s+)("[^"]*"|'[^']*'|[^\s"']\S*)|(\S+))/gy;
  let position = 0;
  while (position < text.trimEnd().length) {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (!match) break;
    position = pattern.lastIndex;
    if (match[3] === undefined) assignments.push({ key: match[1]!, value: unquote(match[2]!) });
    else problems.push(`Expected key=value, found "${match[3]}"`);
  }
  return { assignments, problems };
}

function unquote(value: string): string {
  const quote = value[0];
  const quoted = value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote);
  return quoted ? value.slice(1, -1) : value;
}
