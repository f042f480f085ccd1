export const solverName = 'sft-opt-ampl';

/** 0 whenever the question was answered, whatever the answer; 1 bad command line or model; 2 no .sol file written. */
export const amplExitCodes = { answered: 0, badInput: 1, notWritten: 2 } as const;

/** Where a run writes and where its environment comes from. */
export interface AmplTerminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  print(text: string): void;
  printError(text: string): void;
}

export const usage = `usage: ${solverName} [options] stub [-AMPL] [key=value ...]

Solves the model in stub.nl and writes stub.sol.
Options:
  --       end of options
  -=       show keywords and their defaults
  -?       show this text (also --help)
  -e       do not repeat the given keywords
  -of FILE write the solution to FILE instead of stub.sol
  -s       write stub.sol even without -AMPL
  -u       show imported functions (there are none)
  -v       show the version (also --version)`;
