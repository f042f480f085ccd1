import { accuracy, type AccuracyFit } from '../../lib/models/accuracy/index.js';
import type { Run } from './runs.js';

const panelWidth = 520;
const height = 380;
const margin = { left: 56, right: 16, top: 40, bottom: 48 };
const colours = ['#0b62a4', '#d1495b', '#2e933c', '#8c5e9e', '#c77d0a', '#3d3d3d', '#00a6a6'];

/** What a panel shows along its axis; the other ratio is held at its largest measured value. */
type Direction = 'both' | 'up' | 'down';

/** Runs, curve and band against the ratio, one panel a direction, one colour a cut. */
export function fitSvg(fit: AccuracyFit, runs: readonly Run[]): string {
  const directions: readonly Direction[] = fit.form.directions === 'one' ? ['both'] : ['up', 'down'];
  const panels = directions.map((direction, k) => {
    const panel = new Panel(fit, runs, direction);
    return `<g transform="translate(${k * panelWidth} 0)">${panel.draw()}</g>`;
  });
  const width = panelWidth * directions.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

/** The figure as a page of its own. */
export function fitHtml(fit: AccuracyFit, runs: readonly Run[], report: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Accuracy against compression</title>
<body style="font-family: sans-serif">
${fitSvg(fit, runs)}<pre>${escaped(report)}</pre>
</body></html>
`;
}

class Panel {
  private readonly logLow: number;
  private readonly logHigh: number;
  private readonly low: number;
  private readonly high: number;
  private readonly held: { readonly up: number; readonly down: number };
  private readonly cuts: readonly number[];

  constructor(
    private readonly fit: AccuracyFit,
    private readonly runs: readonly Run[],
    private readonly direction: Direction,
  ) {
    const up = runs.map(({ upRatio }) => upRatio);
    const down = runs.map(({ upRatio, downRatio = upRatio }) => downRatio);
    this.held = { up: Math.max(...up), down: Math.max(...down) };
    const shown = direction === 'down' ? down : up;
    this.logLow = Math.log10(Math.min(...shown)) - 0.05;
    this.logHigh = Math.log10(Math.max(...shown)) + 0.05;
    this.cuts = [...new Set(runs.map(({ cut = 0 }) => cut))].sort((a, b) => a - b);
    const values = runs.map((run) => this.adjusted(run));
    const reach = Math.max(0.02, Math.max(...values) - Math.min(...values));
    this.low = Math.max(0, Math.min(...values) - 0.08 * reach);
    this.high = Math.min(1, Math.max(...values) + 0.08 * reach);
  }

  draw(): string {
    const { cuts, direction } = this;
    const axis = {
      both: 'ratio ρ (coded by uncompressed bytes)',
      up: 'ratio of activations ρ↑',
      down: 'ratio of gradients ρ↓',
    };
    const title = `Accuracy against compression (${this.fit.form.family})`;
    return [
      ...this.grid(),
      text(panelWidth / 2, 20, direction === 'both' ? title : `${title}, the other ratio at its largest`, 'middle', 14),
      text((margin.left + panelWidth - margin.right) / 2, height - 10, axis[direction], 'middle'),
      ...cuts.flatMap((cut, k) => this.series(cut, colours[k % colours.length]!)),
      ...(cuts.length > 1 ? cuts.map((cut, k) => this.legend(cut, k)) : []),
    ].join('\n');
  }

  private series(cut: number, colour: string): string[] {
    const ratios = Array.from({ length: 61 }, (_, k) => 10 ** (this.logLow + (k / 60) * (this.logHigh - this.logLow)));
    const band = ratios.map((ratio) => {
      const [up, down] = this.at(ratio);
      return { ratio, ...this.fit.band(up, down, cut) };
    });
    const path = (points: readonly (readonly [number, number])[]) =>
      points.map(([ratio, value], k) => `${k === 0 ? 'M' : 'L'}${this.x(ratio)} ${this.y(value)}`).join('');
    const area = [
      ...band.map(({ ratio, upper }) => [ratio, upper] as const),
      ...[...band].reverse().map(({ ratio, lower }) => [ratio, lower] as const),
    ];
    return [
      `<path d="${path(area)}Z" fill="${colour}" fill-opacity="0.15"/>`,
      `<path d="${path(band.map(({ ratio, accuracy: value }) => [ratio, value]))}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...this.runs
        .filter((run) => (run.cut ?? 0) === cut)
        .map(
          (run) =>
            `<circle cx="${this.x(this.direction === 'down' ? (run.downRatio ?? run.upRatio) : run.upRatio)}" cy="${this.y(this.adjusted(run))}" r="3.5" fill="none" stroke="${colour}"/>`,
        ),
    ];
  }

  /** Ratios of a point on the panel's curve. */
  private at(ratio: number): [number, number] {
    if (this.direction === 'both') return [ratio, ratio];
    return this.direction === 'up' ? [ratio, this.held.down] : [this.held.up, ratio];
  }

  /** A run's accuracy as it would be with the other ratio at its largest, by the model (a partial residual). */
  private adjusted(run: Run): number {
    const { upRatio, downRatio = upRatio, cut = 0 } = run;
    if (this.direction === 'both') return run.accuracy;
    const [up, down] = this.at(this.direction === 'up' ? upRatio : downRatio);
    const { model } = this.fit;
    return run.accuracy + accuracy(model, up, down, cut) - accuracy(model, upRatio, downRatio, cut);
  }

  private grid(): string[] {
    const parts: string[] = [];
    const step = tick((this.high - this.low) / 6);
    for (let value = Math.ceil(this.low / step) * step; value <= this.high + 1e-9; value += step) {
      parts.push(line(margin.left, this.y(value), panelWidth - margin.right, this.y(value)));
      parts.push(text(margin.left - 6, this.y(value) + 4, `${Number((100 * value).toPrecision(4))} %`, 'end'));
    }
    for (let decade = Math.floor(this.logLow); decade <= this.logHigh; decade++) {
      for (const digit of [1, 2, 5]) {
        const ratio = digit * 10 ** decade;
        if (Math.log10(ratio) < this.logLow || Math.log10(ratio) > this.logHigh) continue;
        parts.push(line(this.x(ratio), margin.top, this.x(ratio), height - margin.bottom));
        parts.push(text(this.x(ratio), height - margin.bottom + 16, String(Number(ratio.toPrecision(2))), 'middle'));
      }
    }
    return parts;
  }

  private legend(cut: number, k: number): string {
    const [x, y] = [panelWidth - margin.right - 90, height - margin.bottom - 18 * (this.cuts.length - k)];
    const colour = colours[k % colours.length]!;
    return `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>${text(x + 10, y + 4, `cut ${cut}`, 'start')}`;
  }

  private x(ratio: number): number {
    const share = (Math.log10(ratio) - this.logLow) / (this.logHigh - this.logLow);
    return round(margin.left + share * (panelWidth - margin.left - margin.right));
  }

  private y(value: number): number {
    const share = Math.min(1.02, Math.max(-0.02, (value - this.low) / (this.high - this.low)));
    return round(height - margin.bottom - share * (height - margin.top - margin.bottom));
  }
}

/** The nearest of 1, 2, 5 times a power of ten above a step. */
function tick(step: number): number {
  const unit = 10 ** Math.floor(Math.log10(step));
  return unit * [1, 2, 5, 10].find((factor) => factor * unit >= step)!;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#e0e0e0"/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', size = 12): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
