/**
 * The script of every page: tables and whole data are saved as CSV, charts are read off at a point of x, dark and light. Everything
 * is there without it but the buttons.
 */
export const script = `(() => {
const make = (tag, properties, ...inside) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
};
const cell = (text) => {
  const safe = /^[=+\\-@\\t\\r]/.test(text) && Number.isNaN(Number(text)) ? "'" + text : text;
  return /[",\\n\\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
};
const save = (name, text) => {
  const href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  make('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
};
const saver = (name, what, text) => {
  const button = make('button', { type: 'button', onclick: () => save(name, text()) }, 'Save as CSV');
  button.setAttribute('aria-label', 'Save as CSV: ' + what);
  return button;
};
for (const table of document.querySelectorAll('table[data-file]')) {
  const row = ({ cells }) => [...cells].map((each) => cell(each.textContent)).join(',');
  const text = () => [...table.rows].map(row).join('\\n') + '\\n';
  table.parentElement.before(saver(table.dataset.file, table.caption.textContent, text));
}
for (const data of document.querySelectorAll('template[data-file]')) {
  const { file, what } = data.dataset;
  data.before(saver(file, what, () => data.content.textContent));
}
for (const figure of document.querySelectorAll('figure[data-read]')) {
  const table = figure.querySelector('table');
  const names = [...table.tHead.rows[0].cells].map((each) => each.textContent);
  const rows = [...table.tBodies[0].rows];
  const at = rows.map(({ cells }) => Number(cells[0].textContent));
  if (rows.length < 2) continue;
  const label = 'Read off at ' + names[0];
  const input = make('input', { type: 'range', min: 0, max: rows.length - 1, value: 0 });
  input.setAttribute('aria-label', label + ': ' + figure.querySelector('figcaption').textContent);
  const output = make('output', {}, label);
  const charts = [...figure.querySelectorAll('svg[data-x]')].map((svg) => {
    const [x0, x1, d0, d1] = svg.dataset.x.split(' ').map(Number);
    const line = document.createElementNS(svg.namespaceURI, 'path');
    line.setAttribute('class', 'cursor');
    svg.append(line);
    const { width, height } = svg.viewBox.baseVal;
    svg.addEventListener('pointermove', ({ clientX }) => {
      const box = svg.getBoundingClientRect();
      const x = d0 + ((((clientX - box.left) / box.width) * width - x0) / (x1 - x0)) * (d1 - d0);
      let best = 0;
      at.forEach((value, k) => { if (Math.abs(value - x) < Math.abs(at[best] - x)) best = k; });
      show(best);
    });
    return (x) => line.setAttribute('d', 'M' + (x0 + ((x - d0) / (d1 - d0)) * (x1 - x0)) + ' 20V' + (height - 40));
  });
  const show = (k) => {
    input.value = k;
    const text = [...rows[k].cells].map((each, n) => names[n] + ' ' + (each.textContent || '–'));
    output.value = text.join(' · ');
    input.setAttribute('aria-valuetext', text.join(', '));
    charts.forEach((draw) => draw(at[k]));
  };
  input.addEventListener('input', () => show(Number(input.value)));
  figure.querySelector('details').before(make('div', { className: 'read' }, input, output));
}
const root = document.documentElement;
const isDark = () => (root.style.colorScheme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
const flip = () => { root.style.colorScheme = isDark() ? 'light' : 'dark'; };
document.querySelector('main').prepend(make('button', { type: 'button', className: 'theme', onclick: flip }, 'Dark or light'));
})();`;
