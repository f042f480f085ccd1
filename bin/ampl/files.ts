import { existsSync, readFileSync } from 'node:fs';

const extension = '.nl';

/** Where the model lies and where its solution goes. */
export interface AmplFiles {
  readonly modelPath: string;
  /** Name without `.nl`, to which `.sol`, `.row` and `.col` are added. */
  readonly stub: string;
}

/** `<argument>.nl` if there is such a file, else the argument; only one trailing `.nl` is taken off for the stub. */
export function locateFiles(argument: string): AmplFiles {
  if (existsSync(argument + extension)) return { modelPath: argument + extension, stub: argument };
  const stub = argument.endsWith(extension) ? argument.slice(0, -extension.length) : argument;
  return { modelPath: argument, stub };
}

export function readModelBytes(files: AmplFiles): Uint8Array {
  return new Uint8Array(readFileSync(files.modelPath));
}

/** The lines of a file of names; undefined if it cannot be read. */
export function readNames(path: string): string[] | undefined {
  try {
    return readFileSync(path, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '');
  } catch {
    return undefined;
  }
}
