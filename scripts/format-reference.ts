import { dimensionTables, presetNames, problemFileJsonSchema } from '../lib/io/index.js';

/** What the reference needs of a JSON Schema node. */
interface SchemaNode {
  readonly $ref?: string;
  readonly $defs?: Record<string, SchemaNode>;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | string[];
  readonly enum?: unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: SchemaNode[];
  readonly oneOf?: SchemaNode[];
  readonly items?: SchemaNode | false;
  readonly additionalProperties?: SchemaNode | false;
  readonly prefixItems?: SchemaNode[];
  readonly properties?: Record<string, SchemaNode>;
  readonly required?: string[];
  readonly quantity?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

const intro = `# Problem files

A problem file describes a cell, its devices and the transformer they fine-tune together with an edge server. It is YAML
1.2 or JSON, at most 16 million characters long. This reference is written by \`npm run docs\` from the schema that also
checks files; \`sft-opt schema\` prints the same as JSON Schema, and an editor completes from it when a file starts with

\`\`\`yaml
# yaml-language-server: $schema=./sft-opt.schema.json
\`\`\`

Only \`version\`, \`model\` and \`devices\` are needed. Unknown keys are refused, and all problems of a file are reported at
once with line and column. \`sft-opt check\` shows what a file stands for, \`sft-opt init\` writes a commented one.

Defaults are typical values of published set-ups; each is given with its range or its source.
`;

/** The whole text of docs/format.md. */
export function formatReference(): string {
  const schema = problemFileJsonSchema() as SchemaNode;
  const definitions = schema.$defs ?? {};
  const sections = Object.entries(definitions).map(([id, node]) => definition(id, node));
  const text = [
    intro,
    quantitiesSection(),
    '## Top level\n',
    keyTable(schema),
    ...sections,
    distributionsSection(),
    seedsSection,
  ];
  return `${text
    .join('\n')
    .replaceAll(/\n{3,}/gu, '\n\n')
    .trimEnd()}\n`;
}

function quantitiesSection(): string {
  const rows = Object.entries(dimensionTables).map(([name, { plainUnit, units, examples }]) => [
    name,
    plainUnit,
    [...units.keys()].map((unit) => `\`${unit}\``).join(' '),
    examples.map((example) => `\`${example}\``).join(' '),
  ]);
  return [
    '## Quantities\n',
    'A quantity is text with a unit (a blank between them is optional) or a plain number in the unit of the second column.',
    'A unit of another kind is refused: `20 dBm` is no bandwidth.\n',
    markdownTable(['kind', 'plain number', 'units', 'examples'], rows),
  ].join('\n');
}

const seedsSection = `## Seeds

Everything drawn comes from \`seed\`. Each entry of the device list has its own stream for each quantity, named after the
entry: adding an entry, reordering entries or making a group larger changes no value of the others.
`;

function distributionsSection(): string {
  return [
    '## Distributions\n',
    'Where a table says *distribution*, a value may also be drawn for each device of a group:\n',
    markdownTable(
      ['form', 'meaning'],
      [
        ['`{ uniform: [20 GFLOP/s, 80 GFLOP/s] }`', 'every value between the two is as likely'],
        ['`{ logNormal: { median: 50 GFLOP/s, sigma: 0.5 } }`', 'log-normal; `sigma` is that of the natural logarithm'],
        ['`{ choice: [2 GiB, 4 GiB], weights: [3, 1] }`', 'one of a list, with optional weights'],
        ['`{ disc: { radius: 250 m, minimum: 10 m } }`', 'distances only: evenly over a disc or ring'],
      ],
    ),
  ].join('\n');
}

function definition(id: string, node: SchemaNode): string {
  const heading = `## ${node.title ?? id}`;
  const anchor = `<a id="${id}"></a>\n`;
  const alternatives = node.oneOf ?? node.anyOf;
  const body = alternatives
    ? alternatives
        .filter((alternative) => alternative.properties)
        .map((alternative) => `${caption(alternative).replace(' with', 'With')}${keyTable(alternative)}`)
        .join('\n')
    : keyTable(node);
  return [anchor, heading, '', ...(node.description ? [node.description, ''] : []), body].join('\n');
}

function keyTable(node: SchemaNode): string {
  const rows = Object.entries(node.properties ?? {}).map(([key, value]) => [
    `\`${key}\``,
    describeKind(value),
    describeDefault(value, node.required?.includes(key) ?? false),
    value.description ?? '',
  ]);
  const nested = Object.entries(node.properties ?? {}).flatMap(([key, value]) => nestedTables(key, value));
  return [markdownTable(['key', 'value', 'default', 'meaning'], rows), ...nested].join('\n');
}

/** Tables of sections that stand inside a key without a name of their own. */
function nestedTables(key: string, node: SchemaNode): string[] {
  const candidates = node.anyOf ?? node.oneOf ?? [node];
  return candidates
    .filter((candidate) => candidate.properties && !isDistribution(candidate))
    .map((candidate) => `\n\`${key}\`${caption(candidate).trimEnd() || ':'}\n\n${keyTable(candidate)}`);
}

/** Which of several forms a table is about: the value of the key that tells them apart, or its first key. */
function caption(node: SchemaNode): string {
  const entries = Object.entries(node.properties ?? {});
  const tag = entries.find(([, value]) => value.const !== undefined);
  if (tag) return ` with \`${tag[0]}: ${JSON.stringify(tag[1].const).replaceAll('"', '')}\`:\n\n`;
  return entries[0] ? ` with \`${entries[0][0]}\`:\n\n` : '';
}

function isDistribution(node: SchemaNode): boolean {
  return ['uniform', 'logNormal', 'choice', 'disc'].some((name) => node.properties?.[name] !== undefined);
}

function describeKind(node: SchemaNode): string {
  if (node.$ref) {
    const id = node.$ref.replace('#/$defs/', '');
    return `[section](#${id})`;
  }
  if (node.quantity !== undefined) return node.quantity;
  if (node.const !== undefined) return `\`${JSON.stringify(node.const).replaceAll('"', '')}\``;
  if (node.enum)
    return node.enum.length === presetNames.length && node.enum.includes('vit-b16') ? presets() : choices(node.enum);
  const alternatives = node.anyOf ?? node.oneOf;
  if (alternatives) {
    const kinds = alternatives
      .filter((alternative) => !isDistribution(alternative))
      .flatMap((alternative) => describeKind(alternative));
    const flat = alternatives.some((alternative) => isDistribution(alternative)) ? [...kinds, '*distribution*'] : kinds;
    return [...new Set(flat.filter((kind) => kind !== ''))]
      .join(' or ')
      .replace('*distribution* or *distribution*', '*distribution*');
  }
  if (node.prefixItems) return `[${node.prefixItems.map(describeKind).join(', ')}]`;
  if (node.type === 'array' && node.items) return `list of ${describeKind(node.items)}`;
  if (node.properties) return 'section';
  if (node.additionalProperties) return `names, each with a ${describeKind(node.additionalProperties)}`;
  return typeof node.type === 'string'
    ? `${plainType(node.type)}${range(node)}`
    : (node.type ?? []).map(plainType).join(' or ');
}

function plainType(type: string): string {
  const names: Record<string, string> = { integer: 'whole number', string: 'text', boolean: '`true` or `false`' };
  return names[type] ?? type;
}

function range({ minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const parts: string[] = [];
  if (minimum !== undefined && Math.abs(minimum) < 1e9) parts.push(`≥ ${minimum}`);
  if (exclusiveMinimum !== undefined) parts.push(`> ${exclusiveMinimum}`);
  if (maximum !== undefined && maximum < 1e12) parts.push(`≤ ${maximum}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function choices(values: unknown[]): string {
  return values.map((value) => `\`${String(value)}\``).join(' or ');
}

function presets(): string {
  return `a preset: ${presetNames.map((name) => `\`${name}\``).join(', ')}`;
}

function describeDefault(node: SchemaNode, required: boolean): string {
  if (node.default !== undefined) {
    const text = typeof node.default === 'string' ? node.default : flow(node.default);
    return text === '{}' ? '' : `\`${text}\``;
  }
  return required ? '*needed*' : '';
}

/** A default in YAML flow style. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `${key}: ${flow(inner)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return String(value);
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line), ''].join('\n');
}
