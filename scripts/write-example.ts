/**
 * Writes docs/example.md, what `sft-opt solve examples/campus.yaml` prints without its time and some sections, and the picture of the
 * README, docs/round.svg, from the same plan.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { renderPlan } from '../bin/render/plan.js';
import { readProblemFile } from '../lib/io/index.js';
import { solvePlan } from '../lib/plan/index.js';
import { roundPicture } from './round-picture.js';

const target = new URL('../docs/example.md', import.meta.url);
const scenario = new URL('../examples/campus.yaml', import.meta.url);
/** First words of the sections shown, and the mark for those left out between the second and the third. */
const shown = ['campus:', 'device ', 'where the time', 'against other schemes'];

const outcome = readProblemFile(await readFile(scenario, 'utf8'));
if (!outcome.ok) throw new Error('the campus is no valid problem file');
const { resolved } = outcome;
const report = solvePlan(resolved, { seed: resolved.file.seed, whatIf: 'never' });
const text = renderPlan(report, resolved, { paint: (_format, part) => part, width: 100 });
const sections = text.split('\n\n').filter((section) => shown.some((start) => section.startsWith(start)));
if (sections.length !== shown.length) throw new Error(`expected ${shown.length} sections, found ${sections.length}`);
const example = `${sections.slice(0, -1).join('\n\n')}\n…\n${sections.at(-1)!}`.replace(/, [\d.]+ m?s\)$/mu, ')');

const page = await readFile(target, 'utf8');
const start = page.indexOf('```\n') + 4;
await writeFile(target, page.slice(0, start) + example + page.slice(page.indexOf('\n```', start)));
await writeFile(new URL('../docs/round.svg', import.meta.url), roundPicture(resolved.problem, report.answer!));
