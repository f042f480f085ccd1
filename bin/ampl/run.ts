import { version } from '../version.js';
import { parseCommandLine } from './command-line.js';
import type { AmplTerminal } from './terminal.js';
import { amplExitCodes, solverName, usage } from './terminal.js';

/**
 * Carries out one command line; returns the exit code. The solvers are loaded only when needed: callers ask for the
 * version first and do not wait long for it.
 */
export async function runAmpl(argumentList: readonly string[], terminal: AmplTerminal): Promise<number> {
  const line = parseCommandLine(argumentList);
  switch (line.request) {
    case 'version':
      terminal.print(
        `${solverName} ${version} (Node.js ${process.versions.node}, ${process.platform} ${process.arch})`,
      );
      return amplExitCodes.answered;
    case 'keywords': {
      const { describeKeywords } = await import('./keywords.js');
      terminal.print(describeKeywords());
      return amplExitCodes.answered;
    }
    case 'usage':
      terminal.print(usage);
      return amplExitCodes.answered;
    case 'functions':
      return amplExitCodes.answered;
    case 'solve': {
      const { solveCommand } = await import('./solve-command.js');
      return solveCommand(line, terminal, version);
    }
  }
}
