import { Argument, type Command } from 'commander';
import { planFileJsonSchema, problemFileJsonSchema, scenarioFileJsonSchema } from '../../lib/io/index.js';
import { print } from '../terminal.js';

const schemas = { problem: problemFileJsonSchema, plan: planFileJsonSchema, scenario: scenarioFileJsonSchema };

export function registerSchemaCommand(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of problem files (editors complete from it), of plans or of scenarios')
    .addArgument(new Argument('[kind]', 'which format').choices(['problem', 'plan', 'scenario']).default('problem'))
    .addHelpText('after', '\nExamples:\n  $ sft-opt schema > sft-opt.schema.json\n  $ sft-opt schema plan')
    .action(async (kind: keyof typeof schemas) => {
      await print(JSON.stringify(schemas[kind](), undefined, 2));
    });
}
