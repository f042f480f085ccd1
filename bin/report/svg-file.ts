import { legendMark, type Figure } from './chart/figure.js';
import { escaped } from './html.js';
import { lightColours } from './style.js';

const legendRow = 20;
const titleHeight = 26;
/** About the width of a letter of the legend. */
const letter = 6.8;
const swatch = 38;

/** A chart as an SVG file of its own, with its title and legend, in plain light colours that every program knows. */
export function svgFile({ text, wide, legend }: Figure): string {
  const [width, height] = sizeOf(wide);
  const inner = wide.slice(wide.indexOf('>') + 1, wide.lastIndexOf('</svg>'));
  const entries = legend.length > 1 ? legend : [];
  const placed: { x: number; y: number; entry: (typeof entries)[number] }[] = [];
  let [x, y] = [16, titleHeight + height + 14];
  for (const entry of entries) {
    const wanted = swatch + letter * entry.name.length + 16;
    if (x > 16 && x + wanted > width) [x, y] = [16, y + legendRow];
    placed.push({ x, y, entry });
    x += wanted;
  }
  const total = placed.length === 0 ? titleHeight + height : y + 12;
  const legendMarks = placed.map(
    ({ x: left, y: middle, entry }) =>
      `<g transform="translate(${left} ${middle - 5})">${legendMark(entry)}</g><text x="${left + 36}" y="${middle + 4}" font-size="12">${escaped(entry.name)}</text>`,
  );
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" font-family="Helvetica, Arial, sans-serif" color="#1b1b1b" role="img" aria-label="${escaped(`${text.title}. ${text.description}`)}">
<title>${escaped(text.title)}</title>
<rect width="${width}" height="${total}" fill="var(--paper)"/>
<text x="16" y="18" font-size="14" font-weight="600">${escaped(text.title)}</text>
<g transform="translate(0 ${titleHeight})" fill="currentColor" font-size="12" text-anchor="middle">${inner}</g>
${legendMarks.join('\n')}
</svg>
`;
  return picture.replaceAll(/var\(--(?<name>\w+)\)/gu, (whole, name: string) => lightColours.get(name) ?? whole);
}

function sizeOf(svg: string): readonly [width: number, height: number] {
  const { width, height } = /viewBox="0 0 (?<width>[\d.]+) (?<height>[\d.]+)"/u.exec(svg)!.groups!;
  return [Number(width), Number(height)];
}
