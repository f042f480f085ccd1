import { formatQuantity, type ResolvedFile } from '../../lib/io/index.js';
import type { LimitCheck } from '../../lib/models/index.js';
import { slackOf, type PlanEvaluation } from '../../lib/plan/index.js';
import { columns } from './columns.js';
import { answerOf } from './plan-file.js';
import { deviceTable, stageBars, type PlanView } from './plan.js';
import { amountsApart, limitAmount } from './sections.js';

/** Limits listed at most: the broken ones first, then those with least to spare. */
const listedLimits = 40;

/** A plan's delay by stage, and every limit with what is left of it. */
export function renderEvaluation(evaluation: PlanEvaluation, resolved: ResolvedFile, view: PlanView): string {
  const { answer, limits, keepsAllLimits } = evaluation;
  const broken = limits.filter(({ kept }) => !kept);
  const verdict = keepsAllLimits
    ? view.paint('green', 'keeps every limit')
    : view.paint('red', `breaks ${broken.length} of ${limits.length} limits`);
  const head = `round delay ${view.paint('bold', formatQuantity(answer.delay.totalSeconds, 'time', 5))}; the plan ${verdict}`;
  return [head, deviceTable(answer, resolved, view), stageBars(answer, resolved, view), limitTable(limits, view)]
    .filter((part) => part !== '')
    .join('\n\n');
}

function limitTable(limits: readonly LimitCheck[], { paint }: PlanView): string {
  const finite = limits.filter(
    ({ kept, sense, allowed }) => !kept || (Number.isFinite(allowed) && allowed !== 0 && sense !== 'exactly'),
  );
  const relative = (check: LimitCheck) => slackOf(check) / Math.max(Math.abs(check.allowed), Number.MIN_VALUE);
  const order = [...finite].sort((a, b) => Number(a.kept) - Number(b.kept) || relative(a) - relative(b));
  const rows = order.slice(0, listedLimits).map((check) => {
    const { limit, device = '', found, allowed, sense, kept } = check;
    const slack = slackOf(check);
    const left = sense === 'exactly' ? '' : `${slack < 0 ? '−' : ''}${limitAmount(limit, Math.abs(slack), 4)}`;
    const [used, most] = amountsApart(limit, found, allowed, 5);
    return [limit, device, used, `${sense} ${most}`, left, kept ? '' : 'broken'];
  });
  if (rows.length === 0) return '';
  const more = order.length - rows.length;
  const table = columns([['limit', 'device', 'used', 'allowed', 'left', ''], ...rows], [2, 4]);
  const [first = '', ...lines] = table.split('\n');
  return [paint('bold', first), ...lines, ...(more > 0 ? [`… and ${more} more with more to spare`] : [])].join('\n');
}

/** The same for programs. */
export function evaluationFileOf({ answer, limits, keepsAllLimits }: PlanEvaluation, { file, problem }: ResolvedFile) {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    format: 'sft-opt-evaluation',
    version: 1,
    ...(file.name !== undefined && { scenario: file.name }),
    keepsAllLimits,
    answer: answerOf(answer, problem),
    limits: limits.map((check) => ({
      limit: check.limit,
      ...(check.device !== undefined && { device: check.device }),
      sense: check.sense,
      used: finite(check.found),
      allowed: finite(check.allowed),
      slack: finite(slackOf(check)),
      kept: check.kept,
    })),
  };
}
