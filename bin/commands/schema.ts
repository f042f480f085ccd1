import { Argument, type Command } from 'commander';
import { planFileJsonSchema, problemFileJsonSchema } from '../../lib/io/index.js';
import { print } from '../terminal.js';

export function registerSchemaCommand(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of problem files (editors complete from it) or of plans')
    .addArgument(new Argument('[kind]', 'which format').choices(['problem', 'plan']).default('problem'))
    .addHelpText('after', '\nExamples:\n  $ sft-opt schema > sft-opt.schema.json\n  $ sft-opt schema plan')
    .action(async (kind: 'problem' | 'plan') => {
      const schema = kind === 'problem' ? problemFileJsonSchema() : planFileJsonSchema();
      await print(JSON.stringify(schema, undefined, 2));
    });
}
