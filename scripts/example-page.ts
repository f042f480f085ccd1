import { readFileSync } from 'node:fs';
import { renderPlan } from '../bin/render/plan.js';
import { parseProblemFile } from '../lib/io/index.js';
import { solvePlan, type PlanReport } from '../lib/plan/index.js';
import { roundPicture } from './round-picture.js';

/** First words of the sections shown, and the mark for those left out between the second and the third. */
const shown = ['campus:', 'device ', 'where the time', 'against other schemes'];

/** The page with what `sft-opt solve examples/campus.yaml` prints now, without its time and some sections, and the plan's picture. */
export function examplePage(page: string): {
  readonly page: string;
  readonly picture: string;
  readonly report: PlanReport;
} {
  const resolved = parseProblemFile(readFileSync(new URL('../examples/campus.yaml', import.meta.url), 'utf8'));
  const report = solvePlan(resolved, { seed: resolved.file.seed, whatIf: 'never' });
  const text = renderPlan(report, resolved, { paint: (_format, part) => part, width: 100 });
  const sections = text.split('\n\n').filter((section) => shown.some((start) => section.startsWith(start)));
  if (sections.length !== shown.length) throw new Error(`expected ${shown.length} sections, found ${sections.length}`);
  const example = `${sections.slice(0, -1).join('\n\n')}\n…\n${sections.at(-1)!}`.replace(/, [\d.]+ m?s\)$/mu, ')');
  const start = page.indexOf('```text\n') + '```text\n'.length;
  return {
    page: page.slice(0, start) + example + page.slice(page.indexOf('\n```', start)),
    picture: roundPicture(resolved.problem, report.answer!),
    report,
  };
}
