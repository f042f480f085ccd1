import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { catalogue, type CatalogueEntry } from './error-catalogue.js';

const head = `# Errors

Every error that the library, the harness and the commands throw has a \`code\` that stays as it is, while messages may get better.

\`\`\`ts
import { OptionsError, solvePlan, definePlanningProblem } from 'sft-opt';

try {
  definePlanningProblem({ blocks: 0, bandwidthHz: -1, devices: [] });
} catch (error) {
  console.log((error as { code: string }).code);
}
try {
  solvePlan({} as never, { seed: -1 });
} catch (error) {
  console.log(error instanceof OptionsError && error.code);
}
\`\`\`

\`\`\`text
problem-definition
options
\`\`\`

Commands write the message to standard error and end with an exit code ([cli.md](cli.md)); refusals of \`sft-opt serve\` have codes of their
own ([serve.md](serve.md)). Anything without a code is a fault of ours: please report it.
`;

const titles = { library: 'The library', harness: 'The harness', commands: 'Commands' } as const;

/** docs/errors.md. */
export async function errorsPage(): Promise<string> {
  const sections = Object.entries(catalogue).map(
    ([part, entries]) => `## ${titles[part as keyof typeof titles]}\n\n${table(entries)}`,
  );
  const filepath = fileURLToPath(new URL('../docs/errors.md', import.meta.url));
  return format(`${head}\n${sections.join('\n\n')}\n`, { ...(await resolveConfig(filepath)), filepath });
}

function table(entries: readonly CatalogueEntry[]): string {
  const rows = entries.map(({ error, code, says, cure }) => `| \`${code}\` | \`${error}\` | ${says} | ${cure} |`);
  return ['| code | error | what it says | what to do |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
