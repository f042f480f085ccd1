/** What a text `.nl` file is made of; expressions are lists of tokens, one a line. */
export interface NlTextParts {
  readonly variableCount: number;
  /** [lower, upper] of each variable. */
  readonly bounds: readonly (readonly [number, number])[];
  readonly constraints: readonly {
    readonly sides: readonly [number, number];
    readonly expression?: readonly string[];
    readonly linear: readonly (readonly [number, number])[];
  }[];
  readonly objective?: {
    readonly maximise?: boolean;
    readonly expression?: readonly string[];
    readonly linear?: readonly (readonly [number, number])[];
  };
  readonly start?: readonly number[];
}

/** A file in which every variable counts as nonlinear in both; constraints with an expression must come first. */
export function nlText(parts: NlTextParts): string {
  const { variableCount: n, constraints, objective } = parts;
  const nonlinear = constraints.filter((constraint) => constraint.expression).length;
  const nonzeros = constraints.reduce((sum, constraint) => sum + constraint.linear.length, 0);
  const lines = [
    'g3 0 1 0\t# problem generated',
    ` ${n} ${constraints.length} ${objective ? 1 : 0} 0 0`,
    ` ${nonlinear} ${objective?.expression ? 1 : 0}`,
    ' 0 0',
    ` ${n} ${n} ${n}`,
    ' 0 0 0 1',
    ' 0 0 0 0 0',
    ` ${nonzeros} ${objective?.linear?.length ?? 0}`,
    ' 0 0',
    ' 0 0 0 0 0',
  ];
  const body: (readonly string[])[] = [lines];
  constraints.forEach((constraint, i) => body.push([`C${i}`], constraint.expression ?? ['n0']));
  if (objective) body.push([`O0 ${objective.maximise ? 1 : 0}`], objective.expression ?? ['n0']);
  if (parts.start)
    body.push(
      [`x${n}`],
      parts.start.map((value, j) => `${j} ${value}`),
    );
  if (constraints.length > 0)
    body.push(
      ['r'],
      constraints.map(({ sides }) => sideLine(sides)),
    );
  body.push(['b'], parts.bounds.map(sideLine));
  constraints.forEach(({ linear }, i) => {
    if (linear.length > 0) body.push([`J${i} ${linear.length}`], linear.map(termLine));
  });
  const gradient = objective?.linear ?? [];
  if (gradient.length > 0) body.push([`G0 ${gradient.length}`], gradient.map(termLine));
  return `${body.map((block) => block.join('\n')).join('\n')}\n`;
}

function termLine([variable, coefficient]: readonly [number, number]): string {
  return `${variable} ${coefficient}`;
}

function sideLine([lower, upper]: readonly [number, number]): string {
  if (lower === upper) return `4 ${lower}`;
  if (lower === -Infinity) return upper === Infinity ? '3' : `1 ${upper}`;
  return upper === Infinity ? `2 ${lower}` : `0 ${lower} ${upper}`;
}
