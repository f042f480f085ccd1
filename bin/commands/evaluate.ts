import type { Command } from 'commander';
import { formatIssues, readDecisions, type ResolvedFile } from '../../lib/io/index.js';
import { evaluatePlan } from '../../lib/plan/index.js';
import { CommandError, exitCodes, type ExitCode } from '../exit-codes.js';
import { readText } from '../files.js';
import { loadProblem } from '../problem.js';
import { evaluationFileOf, renderEvaluation } from '../render/evaluation.js';
import { outputWidth, painter, print } from '../terminal.js';
import { parseSeed, setOption } from './options.js';

interface EvaluateArguments {
  readonly seed?: number;
  readonly set?: string[];
  readonly json?: boolean;
}

const examples = `
Examples:
  $ sft-opt evaluate cell.yaml plan.json
  $ sft-opt evaluate cell.yaml plan.json --set radio.bandwidth="10 MHz" --json

The plan is what \`solve --out\` wrote, or YAML or JSON with decisions alone:
  devices:
    - { name: phone-1, blocks: 2, point: 0.03, bandwidth: 2 MHz, serverShare: 0.1 }

Exit codes: 0 all limits are kept, 2 wrong input, 3 a limit is broken, 1 internal error.`;

export function registerEvaluateCommand(program: Command): void {
  program
    .command('evaluate')
    .description('show what a given plan takes on a problem, stage by stage, and which limits it breaks')
    .argument('<file>', 'problem file (YAML or JSON), or - for standard input')
    .argument('<plan>', 'plan: of --out or --json, or decisions by hand')
    .option('--seed <number>', 'seed in place of the file’s', parseSeed)
    .addOption(setOption())
    .option('--json', 'write the evaluation as JSON to standard output')
    .addHelpText('after', examples)
    .action(async (path: string, planPath: string, options: EvaluateArguments) => {
      process.exitCode = await evaluate(path, planPath, options);
    });
}

async function evaluate(path: string, planPath: string, options: EvaluateArguments): Promise<ExitCode> {
  const quiet = options.json === true;
  const resolved = await loadProblem(path, { seed: options.seed, settings: options.set, quiet });
  const evaluation = evaluatePlan(resolved.problem, await loadDecisions(planPath, resolved));
  if (options.json) await print(JSON.stringify(evaluationFileOf(evaluation, resolved), undefined, 2));
  else {
    const view = { paint: painter(process.stdout), width: outputWidth(process.stdout) };
    await print(renderEvaluation(evaluation, resolved, view));
  }
  return evaluation.keepsAllLimits ? exitCodes.solved : exitCodes.infeasible;
}

async function loadDecisions(path: string, { problem }: ResolvedFile) {
  const outcome = readDecisions(await readText(path), problem);
  if (outcome.ok) return outcome.plan;
  throw new CommandError(exitCodes.badInput, formatIssues(outcome.issues, path));
}
