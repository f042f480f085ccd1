import { InvalidArgumentError, Option } from 'commander';
import { CommandError, exitCodes } from '../exit-codes.js';
import { writeText, writeWhole } from '../files.js';
import { chartLibrary } from '../report/chart/library.js';
import { campaignFigures, chartCount, figureColumns } from '../report/contents/campaign-figures.js';
import { pdfOf } from '../report/pdf.js';
import { svgFile } from '../report/svg-file.js';
import type { Campaign, PointResult } from './campaign.js';

/** A column of the results, and the file that its chart goes to. */
export interface FigureFile {
  readonly column: string;
  readonly path: string;
}

/** `--figure`, as often as one likes. */
export function figureOption(): Option {
  return new Option(
    '--figure <[column=]file>',
    `a chart of a column (${figureColumns.join(', ')}; by default the first) as .svg or, with Chromium, .pdf; may be repeated`,
  ).argParser((text: string, earlier: FigureFile[] | undefined) => [...(earlier ?? []), parseFigure(text)]);
}

function parseFigure(text: string): FigureFile {
  const column = figureColumns.find((name) => text.startsWith(`${name}=`));
  const path = column === undefined ? text : text.slice(column.length + 1);
  if (!/\.(?:svg|pdf)$/iu.test(path)) {
    throw new InvalidArgumentError(
      `must be file.svg or file.pdf, or one of ${figureColumns.join(', ')} before it, as saved=file.svg.`,
    );
  }
  return { column: column ?? figureColumns[0]!, path };
}

/** Files that the charts of a campaign may go to. */
export function figureTargets(files: readonly FigureFile[], campaign: Campaign): string[] {
  const count = chartCount(campaign);
  return files.flatMap(({ path }) => Array.from({ length: count }, (_, k) => targetOf(path, k)));
}

function targetOf(path: string, place: number): string {
  return place === 0 ? path : path.replace(/(?=\.\w+$)/u, `-${place + 1}`);
}

/** Writes the charts. Of several combinations of further keys each has a file: delay.svg, delay-2.svg, … */
export async function writeFigures(
  files: readonly FigureFile[],
  campaign: Campaign,
  results: readonly PointResult[],
): Promise<void> {
  const library = await chartLibrary();
  for (const { column, path } of files) {
    const drawn = campaignFigures(library, campaign, results, [column]);
    if (drawn.length === 0)
      throw new CommandError(exitCodes.badInput, `--figure ${column}=${path}: the results have no ${column}`);
    for (const [k, { figure }] of drawn.entries()) {
      const target = targetOf(path, k);
      const svg = svgFile(figure);
      if (/\.pdf$/iu.test(path)) await writeWhole(target, await pdfOf(svg), { replace: true });
      else await writeText(target, svg, { replace: true });
    }
  }
}
