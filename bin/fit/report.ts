import type { AccuracyFit, TriedForm } from '../../lib/models/accuracy/index.js';
import { columns } from '../render/columns.js';
import type { Paint } from '../terminal.js';

/** The outcome of a fit for people. */
export function renderFit(fit: AccuracyFit, used: Readonly<Record<string, string>>, paint: Paint): string {
  const isChosen = (form: TriedForm) =>
    form.family === fit.form.family && form.cut === fit.form.cut && form.directions === fit.form.directions;
  const shown = fit.assessments.filter(({ form, aiccDifference }) => aiccDifference <= 20 || isFirst(fit, form));
  const rows = shown.map(({ form, parameters, aiccDifference, heldOut }) => [
    `${isChosen(form) ? '→' : ' '} ${form.family}`,
    cutNames[form.cut],
    directionNames[form.directions],
    String(parameters),
    aiccDifference === Infinity ? '–' : aiccDifference.toFixed(1),
    heldOut ? points(heldOut.rmse) : '–',
    heldOut && !Number.isNaN(heldOut.usefulRmse) ? points(heldOut.usefulRmse) : '–',
  ]);
  const header = ['  family', 'cut', 'ratios', 'parameters', 'ΔAICc', 'held out', 'losing ≤ 15'];
  const confidence = `${Math.round(100 * fit.confidence)} % interval`;
  const parameterRows = fit.parameters.map(({ name, value, lower, upper, isDetermined }) => [
    `  ${name}`,
    number(value),
    isDetermined ? `${number(lower)} … ${number(upper)}` : 'not determined',
  ]);
  const hidden = fit.assessments.length - shown.length;
  return [
    `${fit.observations} runs at ${fit.operatingPoints} operating points and cuts; columns: ${Object.values(used).join(', ')}`,
    '',
    paint('bold', 'Families (errors in accuracy points, each operating point left out in turn)'),
    columns([header, ...rows], [3, 4, 5, 6]),
    ...(hidden > 0 ? [`  and ${hidden} more with ΔAICc above 20`] : []),
    '',
    paint(
      'bold',
      `Parameters of ${fit.form.family}, cut ${cutNames[fit.form.cut]}, ${directionNames[fit.form.directions]}`,
    ),
    columns([['  parameter', 'value', confidence], ...parameterRows], [1]),
    '',
    `one run deviates by ${points(fit.deviation)} points; held-out error ${points(fit.heldOut.rmse)} points`,
    ...fit.warnings.map((warning) => `${paint('yellow', 'warning:')} ${warning}`),
  ].join('\n');
}

/** The best form of each family is shown however bad it is. */
function isFirst(fit: AccuracyFit, form: TriedForm): boolean {
  return fit.assessments.find((other) => other.form.family === form.family)?.form === form;
}

const cutNames = { constant: 'no influence', decaying: 'decaying', measured: 'free' } as const;
const directionNames = { one: 'one ratio', additive: 'two, added', product: 'two, multiplied' } as const;

function points(value: number): string {
  return (100 * value).toFixed(2);
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : '∞';
}
