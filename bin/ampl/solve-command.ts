import { compileNl, NlError, readNl, writeSolBinary, writeSolText, type NlSolution } from '../../lib/io/nl/index.js';
import type { IterationRecord } from '../../lib/solver/index.js';
import { parseEnvironmentOptions, type AmplCommandLine } from './command-line.js';
import { writeWhole } from '../files.js';
import { locateFiles, readModelBytes, readNames, type AmplFiles } from './files.js';
import { parseKeywords, type Assignment, type Keywords } from './keywords.js';
import { solveWith } from './methods.js';
import { amplSolution } from './solution.js';
import { amplExitCodes, solverName, usage, type AmplTerminal } from './terminal.js';

/** Reads, solves and writes; returns the exit code. */
export async function solveCommand(line: AmplCommandLine, terminal: AmplTerminal, version: string): Promise<number> {
  const fromEnvironment = environmentOptions(terminal);
  const assignments = [...fromEnvironment.assignments, ...line.assignments];
  const { keywords, problems } = parseKeywords(assignments);
  const all = [...line.problems, ...fromEnvironment.problems, ...problems];
  if (line.stub === undefined) all.push('No stub was given');
  if (all.length > 0 || line.stub === undefined) {
    terminal.printError([...all.map((problem) => `${solverName}: ${problem}`), usage].join('\n'));
    return amplExitCodes.badInput;
  }
  if (!line.quietOptions && !silent(terminal)) echoOptions(assignments, terminal, version);
  const files = locateFiles(line.stub);
  let solved: SolvedModel;
  try {
    solved = await solveModel(files, keywords, terminal, version);
  } catch (error) {
    terminal.printError(`${solverName}: ${files.modelPath}: ${explain(error)}`);
    return amplExitCodes.badInput;
  }
  return deliver(line, keywords, files, solved, terminal);
}

/** Options of the variable that AMPL and Pyomo set; its name may be spelled with or without hyphens. */
function environmentOptions({ environment }: AmplTerminal): { assignments: Assignment[]; problems: string[] } {
  const name = `${solverName}_options`;
  return parseEnvironmentOptions(environment[name] ?? environment[name.replaceAll('-', '_')] ?? '');
}

/** An even integer in solver_msg asks for silence. */
function silent({ environment }: AmplTerminal): boolean {
  const setting = Number(environment['solver_msg'] ?? NaN);
  return Number.isInteger(setting) && setting % 2 === 0;
}

function echoOptions(assignments: readonly Assignment[], terminal: AmplTerminal, version: string): void {
  if (assignments.length === 0) return;
  terminal.print(`${solverName} ${version}: ${assignments.map(({ key, value }) => `${key}=${value}`).join(' ')}`);
}

/** What is written once a model is solved. */
interface SolvedModel {
  readonly solution: NlSolution;
  readonly binary: { readonly littleEndian: boolean } | undefined;
  /** The certificate as JSON, if one was asked for and found. */
  readonly certificate: string | undefined;
}

async function solveModel(
  files: AmplFiles,
  keywords: Keywords,
  terminal: AmplTerminal,
  version: string,
): Promise<SolvedModel> {
  const model = readNl(readModelBytes(files));
  const objective = Math.max(0, keywords.objno - 1);
  const chosen = keywords.objno === 0 ? { ...model, objectives: [] } : model;
  const program = compileNl(chosen, { objective });
  const answer = await solveWith({
    program,
    keywords,
    onIteration: keywords.outlev >= 2 ? (record) => logIteration(record, terminal) : undefined,
  });
  const { header } = model;
  const variableNames = header.hasColumnNames ? readNames(`${files.stub}.col`) : undefined;
  const constraintNames = header.hasRowNames ? readNames(`${files.stub}.row`) : undefined;
  const solution = amplSolution(program, answer, {
    solverName: `${solverName} ${version}`,
    objective,
    constraintNames,
    variableNames,
  });
  const binary = header.format === 'binary' ? { littleEndian: header.littleEndian } : undefined;
  if (keywords.certificate === undefined) return { solution, binary, certificate: undefined };
  // Few ask for one: what writes it is as large as a solver.
  const { certifyProblem } = await import('../../lib/certify/index.js');
  const { certificate, verdict, reason } = certifyProblem(program, {
    x: answer.result.x,
    maxNodes: keywords.maxnodes,
    generator: `${solverName} ${version}`,
    ...(Number.isFinite(keywords.timelimit) && { timeLimitSeconds: keywords.timelimit }),
  });
  const lines = verdict ? verdict.sentences : [reason ?? ''];
  const message = [solution.message, ...lines.map((line) => `${certificate ? 'proven' : 'no certificate'}: ${line}`)];
  const text = certificate && `${JSON.stringify(certificate)}\n`;
  return { solution: { ...solution, message: message.join('\n') }, binary, certificate: text };
}

function logIteration(record: IterationRecord, terminal: AmplTerminal): undefined {
  const { iteration, objective, primalInfeasibility, stationarity } = record;
  terminal.print(
    `${String(iteration).padStart(5)} ${objective.toExponential(8)} ${primalInfeasibility.toExponential(2)} ${stationarity.toExponential(2)}`,
  );
  return undefined;
}

async function deliver(
  line: AmplCommandLine,
  keywords: Keywords,
  files: AmplFiles,
  { solution, binary, certificate }: SolvedModel,
  terminal: AmplTerminal,
): Promise<number> {
  if (line.fromAmpl ? keywords.outlev > 0 : (keywords.wantsol & 8) === 0) terminal.print(solution.message);
  if (!line.fromAmpl) printValues(keywords, solution, terminal);
  const outputs: [path: string, content: string | Uint8Array][] = [];
  if (keywords.certificate !== undefined && certificate !== undefined)
    outputs.push([keywords.certificate, certificate]);
  if (line.fromAmpl || line.writeSolution || (keywords.wantsol & 1) !== 0) {
    const content = binary ? writeSolBinary(solution, binary.littleEndian) : writeSolText(solution);
    outputs.push([line.solutionPath ?? `${files.stub}.sol`, content]);
  }
  for (const [path, content] of outputs) {
    try {
      await writeWhole(path, typeof content === 'string' ? new TextEncoder().encode(content) : content, {
        replace: true,
      });
    } catch (error) {
      terminal.printError(`${solverName}: ${explain(error)}`);
      return amplExitCodes.notWritten;
    }
  }
  return amplExitCodes.answered;
}

function printValues(keywords: Keywords, solution: NlSolution, terminal: AmplTerminal): void {
  if (keywords.wantsol & 2) solution.x?.forEach((value, j) => terminal.print(`x[${j}] = ${value}`));
  if (keywords.wantsol & 4) solution.marginals?.forEach((value, i) => terminal.print(`dual[${i}] = ${value}`));
}

function explain(error: unknown): string {
  if (error instanceof NlError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
