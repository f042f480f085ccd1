import type { PerformanceProfile } from './performance-profile.js';

const width = 640;
const height = 400;
const margin = { left: 50, right: 170, top: 34, bottom: 44 };
const colours = ['#0b62a4', '#d1495b', '#2e933c', '#8c5e9e', '#c77d0a', '#3d3d3d', '#00a6a6'];

/** Performance profiles as step lines, ratios on a logarithmic axis. */
export function profileSvg(title: string, costName: string, profiles: readonly PerformanceProfile[]): string {
  const largest = Math.max(2, ...profiles.map(({ ratios }) => ratios[ratios.length - 1] ?? 1));
  const decades = Math.log2(largest * 1.05);
  const x = (ratio: number): number =>
    margin.left + (Math.log2(ratio) / decades) * (width - margin.left - margin.right);
  const y = (share: number): number => height - margin.bottom - share * (height - margin.top - margin.bottom);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(width / 2 - 60, 20, title, 'middle', 14),
  ];
  for (let share = 0; share <= 1.001; share += 0.2) {
    parts.push(line(margin.left, y(share), width - margin.right, y(share), '#e0e0e0'));
    parts.push(text(margin.left - 6, y(share) + 4, share.toFixed(1), 'end'));
  }
  const step = Math.max(1, Math.ceil(decades / 8));
  for (let power = 0; power <= decades; power += step) {
    parts.push(line(x(2 ** power), y(0), x(2 ** power), y(1), '#e0e0e0'));
    parts.push(text(x(2 ** power), y(0) + 16, String(2 ** power), 'middle'));
  }
  parts.push(text((margin.left + width - margin.right) / 2, height - 8, `${costName}, ratio to the best`, 'middle'));
  profiles.forEach((profile, k) => {
    const colour = colours[k % colours.length]!;
    parts.push(`<path d="${steps(profile, x, y, largest * 1.05)}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    const row = margin.top + 18 * k;
    parts.push(line(width - margin.right + 10, row, width - margin.right + 30, row, colour, 2));
    parts.push(text(width - margin.right + 36, row + 4, profile.solver, 'start'));
  });
  return `${[...parts, '</svg>'].join('\n')}\n`;
}

function steps(
  { ratios, problemCount }: PerformanceProfile,
  x: (ratio: number) => number,
  y: (share: number) => number,
  last: number,
): string {
  const points = [`M${x(1).toFixed(1)} ${y(0).toFixed(1)}`];
  ratios.forEach((ratio, k) => {
    points.push(`H${x(ratio).toFixed(1)}`, `V${y((k + 1) / problemCount).toFixed(1)}`);
  });
  return [...points, `H${x(last).toFixed(1)}`].join('');
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, strokeWidth = 1): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${colour}" stroke-width="${strokeWidth}"/>`;
}

function text(x: number, y: number, content: string, anchor: string, size = 12): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}">${escaped}</text>`;
}
