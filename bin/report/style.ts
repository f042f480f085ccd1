/** Light and dark: each pair is at least 3 : 1 on its paper for lines and areas, 4.5 : 1 for text. */
const colours: readonly (readonly [name: string, light: string, dark: string])[] = [
  ['ink', '#1b1b1b', '#eeeeee'],
  ['quiet', '#575757', '#b4b4b4'],
  ['paper', '#ffffff', '#161616'],
  ['rule', '#d4d4d4', '#484848'],
  ['s0', '#0b62a4', '#6db5ee'],
  ['s1', '#b3324a', '#f18ba0'],
  ['s2', '#22762f', '#7fd08c'],
  ['s3', '#7a4a90', '#cfa6e0'],
  ['s4', '#8f5600', '#e8b061'],
  ['s5', '#006f6f', '#63d3d3'],
  ['s6', '#8a2f00', '#ff9d6e'],
  ['s7', '#5b5f00', '#c9cf5a'],
];

function variables(value: (light: string, dark: string) => string): string {
  return colours.map(([name, light, dark]) => `--${name}: ${value(light, dark)};`).join(' ');
}

const figureVariables = variables((light) => light);

/** The style of every page: dark where the reader has it so, one column on a phone, without what paper has no use for. */
export const style = `
:root { color-scheme: light dark; ${figureVariables} }
@supports (color: light-dark(red, red)) { :root { ${variables((light, dark) => `light-dark(${light}, ${dark})`)} } }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 62rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0.5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0.5rem; padding-top: 0.5rem; border-top: 1px solid var(--rule); }
p { max-width: 46rem; overflow-wrap: anywhere; }
.answer { font-size: 1.15rem; }
.quiet { color: var(--quiet); font-size: 0.9rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; padding: 0; margin: 0.5rem 0; list-style: none; font-size: 0.9rem; }
a { color: var(--s0); }
figure { margin: 1.5rem 0 2rem; }
figcaption { font-weight: 600; }
svg.plot { display: block; width: 100%; height: auto; color: var(--ink); overflow: visible; font-family: system-ui, sans-serif; }
svg.plot text { white-space: pre; }
svg.narrow { display: none; }
.cursor { stroke: var(--ink); stroke-width: 1; fill: none; stroke-dasharray: 2 2; pointer-events: none; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; padding: 0; margin: 0.3rem 0; list-style: none; font-size: 0.85rem; overflow-wrap: anywhere; }
.legend svg { width: 30px; height: 10px; margin-right: 0.4rem; }
.read { display: flex; flex-wrap: wrap; gap: 0.2rem 0.8rem; align-items: center; font-size: 0.85rem; }
.read input { width: 14rem; max-width: 100%; accent-color: var(--s0); }
.read output { color: var(--quiet); overflow-wrap: anywhere; }
summary { font-size: 0.85rem; padding: 0.2rem 0; cursor: pointer; }
button { font: inherit; font-size: 0.85rem; padding: 0.15rem 0.7rem; margin: 0.2rem 0; color: var(--ink); background: none; border: 1px solid var(--quiet); border-radius: 0.3rem; cursor: pointer; }
.theme { float: right; }
:focus-visible { outline: 2px solid var(--s0); outline-offset: 2px; }
.scroll { overflow: auto; max-height: 26rem; margin: 0.3rem 0; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
caption { position: sticky; left: 0; text-align: left; white-space: normal; max-width: calc(min(62rem, 100vw) - 2rem); color: var(--quiet); }
th, td { padding: 0.2rem 0.7rem 0.2rem 0; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--rule); }
.n { text-align: right; }
@media screen and (max-width: 40rem) {
  svg.wide { display: none; }
  svg.narrow { display: block; }
}
@media print {
  :root { color-scheme: light; ${figureVariables} }
  body { font-size: 10pt; }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .scroll { overflow: visible; max-height: none; }
  th, td { white-space: normal; overflow-wrap: anywhere; }
  button, .read, nav, details:not([open]) { display: none; }
}
`;

/** The light colours by name, for pictures outside a page. */
export const lightColours: ReadonlyMap<string, string> = new Map(colours.map(([name, light]) => [name, light]));
