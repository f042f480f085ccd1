import { rows, sum, values } from '../../support/modeller.js';
import { constrainedFamilies } from './scalable-constrained.js';
import type { CatalogueEntry } from './catalogue.js';

/** Classical unconstrained and bound-constrained families of the test literature, for about n variables. */
export function scalable(n: number): CatalogueEntry[] {
  const even = 2 * Math.floor(n / 2);
  const four = 4 * Math.floor(n / 4);
  const third = 3 * Math.floor(n / 3);
  const half = Math.floor(n / 2);
  return [
    {
      name: 'arwhead',
      objective: sum(1, n - 1, (i) => `-4*x${i}+3+(x${i}^2+x${n}^2)^2`),
      start: values(n, () => 1),
      best: 0,
    },
    {
      name: 'bdqrtic',
      objective: sum(1, n - 4, (i) => `(-4*x${i}+3)^2+(x${i}^2+2*x${i + 1}^2+3*x${i + 2}^2+4*x${i + 3}^2+5*x${n}^2)^2`),
      start: values(n, () => 1),
    },
    {
      name: 'broydn3d',
      objective: '0',
      constraints: rows(1, n, (i) => `(3-2*x${i})*x${i}${i > 1 ? `-x${i - 1}` : ''}${i < n ? `-2*x${i + 1}` : ''}=-1`),
      start: values(n, () => -1),
      best: 0,
    },
    {
      name: 'broydn7d',
      objective: `${sum(1, n, (i) => `((3-2*x${i})*x${i}${i > 1 ? `-x${i - 1}` : ''}${i < n ? `-2*x${i + 1}` : ''}+1)^2`)}+${sum(1, half, (i) => `(x${i}+x${i + half})^2`)}`,
      start: values(n, () => 1),
      manyMinima: true,
    },
    {
      name: 'chnrosnb',
      objective: sum(2, n, (i) => `16*(1.5+sin(${i}))^2*(x${i - 1}-x${i}^2)^2+(x${i}-1)^2`),
      start: values(n, () => -1),
      best: 0,
    },
    {
      name: 'cosine',
      objective: sum(1, n - 1, (i) => `cos(x${i}^2-0.5*x${i + 1})`),
      start: values(n, () => 1),
      best: -(n - 1),
      manyMinima: true,
    },
    {
      name: 'cragglvy',
      objective: sum(1, even / 2 - 1, (i) => {
        const j = 2 * i;
        return `(exp(x${j - 1})-x${j})^4+100*(x${j}-x${j + 1})^6+(tan(x${j + 1}-x${j + 2})+x${j + 1}-x${j + 2})^4+x${j - 1}^8+(x${j + 2}-1)^2`;
      }),
      start: values(even, (i) => (i === 1 ? 1 : 2)),
      manyMinima: true,
    },
    {
      name: 'curly10',
      objective: sum(1, n, (i) => {
        const q = `(${rows(i, Math.min(n, i + 10), (j) => `x${j}`).join('+')})`;
        return `${q}^4-20*${q}^2-0.1*${q}`;
      }),
      start: values(n, (i) => (0.0001 * i) / (n + 1)),
      manyMinima: true,
    },
    {
      name: 'dixmaana',
      objective: `1+${sum(1, third, (i) => `x${i}^2`)}+${sum(1, (2 * third) / 3, (i) => `0.125*x${i}^2*x${i + third / 3}^4`)}+${sum(1, third / 3, (i) => `0.125*x${i}*x${i + (2 * third) / 3}`)}`,
      start: values(third, () => 2),
      best: 1,
    },
    {
      name: 'dixmaani',
      objective: `1+${sum(1, third, (i) => `(${i}/${third})^2*x${i}^2`)}+${sum(1, (2 * third) / 3, (i) => `0.125*x${i}^2*x${i + third / 3}^4`)}+${sum(1, third / 3, (i) => `0.125*(${i}/${third})^2*x${i}*x${i + (2 * third) / 3}`)}`,
      start: values(third, () => 2),
      best: 1,
    },
    {
      name: 'dixmaanf',
      objective: `1+${sum(1, third, (i) => `(${i}/${third})*x${i}^2`)}+${sum(1, third - 1, (i) => `0.0625*x${i}^2*(x${i + 1}+x${i + 1}^2)^2`)}+${sum(1, (2 * third) / 3, (i) => `0.0625*x${i}^2*x${i + third / 3}^4`)}+${sum(1, third / 3, (i) => `0.0625*(${i}/${third})*x${i}*x${i + (2 * third) / 3}`)}`,
      start: values(third, () => 2),
      best: 1,
    },
    {
      name: 'dqdrtic',
      objective: sum(1, n - 2, (i) => `x${i}^2+100*x${i + 1}^2+100*x${i + 2}^2`),
      start: values(n, () => 3),
      best: 0,
    },
    { name: 'dqrtic', objective: sum(1, n, (i) => `(x${i}-${i})^4`), start: values(n, () => 2), best: 0 },
    {
      name: 'edensch',
      objective: `16+${sum(1, n - 1, (i) => `(x${i}-2)^4+(x${i}*x${i + 1}-2*x${i + 1})^2+(x${i + 1}+1)^2`)}`,
      start: values(n, () => 8),
    },
    {
      name: 'eg2',
      objective: `${sum(1, n - 1, (i) => `sin(x1+x${i}^2-1)`)}+0.5*sin(x${n}^2)`,
      start: values(n, () => 0),
      manyMinima: true,
    },
    {
      name: 'engval1',
      objective: sum(1, n - 1, (i) => `(x${i}^2+x${i + 1}^2)^2-4*x${i}+3`),
      start: values(n, () => 2),
    },
    {
      name: 'explin',
      objective: `${sum(1, Math.min(10, n - 1), (i) => `exp(0.1*x${i}*x${i + 1})`)}+${sum(1, n, (i) => `-10*${i}*x${i}`)}`,
      start: values(n, () => 0),
      lower: 0,
      upper: 10,
    },
    {
      name: 'fletchcr',
      objective: sum(1, n - 1, (i) => `100*(x${i + 1}-x${i}+1-x${i}^2)^2`),
      start: values(n, () => 0),
      best: 0,
    },
    {
      name: 'freuroth',
      objective: sum(
        1,
        n - 1,
        (i) => `(x${i}-13+((5-x${i + 1})*x${i + 1}-2)*x${i + 1})^2+(x${i}-29+((x${i + 1}+1)*x${i + 1}-14)*x${i + 1})^2`,
      ),
      start: values(n, (i) => (i === 1 ? 0.5 : i === 2 ? -2 : 0)),
      manyMinima: true,
    },
    {
      name: 'genrose',
      objective: `1+${sum(2, n, (i) => `100*(x${i}-x${i - 1}^2)^2+(x${i}-1)^2`)}`,
      start: values(n, (i) => i / (n + 1)),
      best: 1,
      manyMinima: true,
    },
    {
      name: 'indef',
      objective: `${sum(1, n, (i) => `x${i}`)}+${sum(2, n - 1, (i) => `0.5*cos(2*x${i}-x${n}-x1)`)}`,
      start: values(n, (i) => i / (n + 1)),
      expected: 'unbounded',
    },
    {
      name: 'liarwhd',
      objective: sum(1, n, (i) => `4*(x${i}^2-x1)^2+(x${i}-1)^2`),
      start: values(n, () => 4),
      best: 0,
    },
    {
      name: 'mccormck',
      objective: sum(1, n - 1, (i) => `-1.5*x${i}+2.5*x${i + 1}+1+(x${i}-x${i + 1})^2+sin(x${i}+x${i + 1})`),
      start: values(n, () => 0),
      lower: -1.5,
      upper: 3,
    },
    {
      name: 'morebv',
      objective: sum(1, n, (i) => {
        const h = 1 / (n + 1);
        const before = i > 1 ? `-x${i - 1}` : '';
        const after = i < n ? `-x${i + 1}` : '';
        return `(2*x${i}${before}${after}+0.5*${h * h}*(x${i}+${i * h}+1)^3)^2`;
      }),
      start: values(n, (i) => (i / (n + 1)) * (i / (n + 1) - 1)),
      best: 0,
    },
    {
      name: 'ncvxbqp1',
      objective: sum(
        1,
        n,
        (i) => `${i <= 0.75 * n ? '' : '-'}0.5*${i}*(x${i}+x${((2 * i - 1) % n) + 1}+x${((3 * i - 1) % n) + 1})^2`,
      ),
      start: values(n, () => 0.5),
      lower: 0.1,
      upper: 10,
      manyMinima: true,
    },
    {
      name: 'nondia',
      objective: `(x1-1)^2+${sum(2, n, (i) => `100*(x1-x${i - 1}^2)^2`)}`,
      start: values(n, () => -1),
      best: 0,
      manyMinima: true,
    },
    {
      name: 'nondquar',
      objective: `(x1-x2)^2+(x${n - 1}+x${n})^2+${sum(1, n - 2, (i) => `(x${i}+x${i + 1}+x${n})^4`)}`,
      start: values(n, (i) => (i % 2 === 1 ? 1 : -1)),
      best: 0,
    },
    {
      name: 'noncvxun',
      objective: sum(1, n, (i) => {
        const q = `(x${i}+x${((2 * i - 1) % n) + 1}+x${((3 * i - 1) % n) + 1})`;
        return `${q}^2+4*cos${q}`;
      }),
      start: values(n, (i) => i),
      manyMinima: true,
    },
    {
      name: 'nonscomp',
      objective: `(x1-1)^2+${sum(2, n, (i) => `4*(x${i}-x${i - 1}^2)^2`)}`,
      start: values(n, () => 3),
      lower: values(n, (i) => (i % 2 === 1 ? 1 : -100)),
      upper: 100,
      best: 0,
      manyMinima: true,
    },
    {
      name: 'penalty1',
      objective: `${sum(1, Math.min(n, 100), (i) => `1e-5*(x${i}-1)^2`)}+(${sum(1, Math.min(n, 100), (i) => `x${i}^2`)}-0.25)^2`,
      start: values(Math.min(n, 100), (i) => i),
    },
    {
      name: 'powellsg',
      objective: sum(1, four / 4, (k) => {
        const i = 4 * k - 3;
        return `(x${i}+10*x${i + 1})^2+5*(x${i + 2}-x${i + 3})^2+(x${i + 1}-2*x${i + 2})^4+10*(x${i}-x${i + 3})^4`;
      }),
      start: values(four, (i) => [3, -1, 0, 1][(i - 1) % 4]!),
      best: 0,
    },
    { name: 'power', objective: sum(1, n, (i) => `(${i}*x${i})^2`), start: values(n, () => 1), best: 0 },
    { name: 'quartc', objective: sum(1, n, (i) => `(x${i}-${i})^4`), start: values(n, () => 2), best: 0 },
    {
      name: 'schmvett',
      objective: sum(
        1,
        n - 2,
        (i) =>
          `-1/(1+(x${i}-x${i + 1})^2)-sin((3.14159265*x${i + 1}+x${i + 2})/2)-exp(-((x${i}+x${i + 2})/x${i + 1}-2)^2)`,
      ),
      start: values(n, () => 0.5),
      best: -3 * (n - 2),
    },
    {
      name: 'sinquad',
      objective: `(x1-1)^4+${sum(2, n - 1, (i) => `(sin(x${i}-x${n})-x1^2+x${i}^2)^2`)}+(x${n}^2-x1^2)^2`,
      start: values(n, () => 0.1),
      manyMinima: true,
    },
    {
      name: 'sparsine',
      objective: sum(
        1,
        n,
        (i) =>
          `0.5*${i}*(sin(x${i})+sin(x${((2 * i - 1) % n) + 1})+sin(x${((3 * i - 1) % n) + 1})+sin(x${((5 * i - 1) % n) + 1}))^2`,
      ),
      start: values(n, () => 0.5),
      best: 0,
      manyMinima: true,
    },
    {
      name: 'srosenbr',
      objective: sum(1, even / 2, (i) => `100*(x${2 * i}-x${2 * i - 1}^2)^2+(x${2 * i - 1}-1)^2`),
      start: values(even, (i) => (i % 2 === 1 ? -1.2 : 1)),
      best: 0,
    },
    {
      name: 'tointgss',
      objective: sum(1, n - 2, (i) => `(10/(${n}+2)+x${i + 2}^2)*(2-exp(-(x${i}-x${i + 1})^2/(0.1+x${i + 2}^2)))`),
      start: values(n, () => 3),
      manyMinima: true,
    },
    {
      name: 'tquartic',
      objective: `(x1-1)^2+${sum(1, n - 1, (i) => `(x1^2-x${i + 1}^2)^2`)}`,
      start: values(n, () => 0.1),
      best: 0,
    },
    {
      name: 'tridia',
      objective: `(x1-1)^2+${sum(2, n, (i) => `${i}*(2*x${i}-x${i - 1})^2`)}`,
      start: values(n, () => 1),
      best: 0,
    },
    {
      name: 'vardim',
      objective: `${sum(1, Math.min(n, 100), (i) => `(x${i}-1)^2`)}+(${sum(1, Math.min(n, 100), (i) => `${i}*x${i}-${i}`)})^2+(${sum(1, Math.min(n, 100), (i) => `${i}*x${i}-${i}`)})^4`,
      start: values(Math.min(n, 100), (i) => 1 - i / Math.min(n, 100)),
      best: 0,
    },
    {
      name: 'vareigvl',
      objective:
        sum(1, Math.min(n, 50), (i) => `(${i}*x${i}-x${Math.min(n, 50) + 1}*x${i}+0.1*sin(x${i}))^2`) +
        `+(${sum(1, Math.min(n, 50), (i) => `x${i}^2`)}-1)^2`,
      start: values(Math.min(n, 50) + 1, () => 1),
      manyMinima: true,
    },
    {
      name: 'woods',
      objective: sum(1, four / 4, (k) => {
        const i = 4 * k - 3;
        return `100*(x${i + 1}-x${i}^2)^2+(1-x${i})^2+90*(x${i + 3}-x${i + 2}^2)^2+(1-x${i + 2})^2+10*(x${i + 1}+x${i + 3}-2)^2+0.1*(x${i + 1}-x${i + 3})^2`;
      }),
      start: values(four, (i) => (i % 2 === 1 ? -3 : -1)),
      best: 0,
    },
    ...constrainedFamilies(n),
  ];
}
