import { rows, sum, values } from '../../support/modeller.js';
import type { CatalogueEntry } from './catalogue.js';

const inf = Infinity;

/** Classical constrained families (optimal control, eigenvalues, obstacle problems, data smoothing), about n variables. */
export function constrainedFamilies(n: number): CatalogueEntry[] {
  const half = Math.floor(n / 2);
  const third = Math.floor(n / 3);
  const side = Math.max(3, Math.floor(Math.sqrt(n)));
  const h = 1 / half;
  const grid = (i: number, j: number) => `x${(i - 1) * side + j}`;
  return [
    {
      name: 'hager1',
      objective: `0.5*x${half + 1}^2+${sum(1, half, (i) => `0.5*${h}*x${half + 1 + i}^2`)}`,
      // States x1 … x(half+1), controls afterwards.
      constraints: [...rows(1, half, (i) => `(x${i + 1}-x${i})*${half}-x${half + 1 + i}=0`), 'x1=1'],
      start: values(2 * half + 1, () => 0),
      best: 0.25 * 1,
      manyMinima: true,
    },
    {
      name: 'dtoc1l',
      objective: `${sum(1, half - 1, (t) => `(x${t}+0.5)^4`)}+${sum(1, half, (t) => `(x${half + t}+0.25)^4`)}`,
      constraints: [...rows(1, half - 1, (t) => `-x${half + t + 1}+0.5*x${half + t}+0.3*x${t}=0`), `x${half + 1}=0`],
      start: values(2 * half, () => 0),
    },
    {
      name: 'dtoc4',
      objective: sum(1, third - 1, (t) => `0.5*${1 / third}*(x${t}^2+x${third + t}^2+x${2 * third + t}^2)`),
      constraints: [
        ...rows(
          1,
          third - 1,
          (t) =>
            `-x${third + t + 1}+x${third + t}+${5 / third}*((1-x${2 * third + t}^2)*x${third + t}-x${2 * third + t}+x${t})=0`,
        ),
        ...rows(1, third - 1, (t) => `-x${2 * third + t + 1}+x${2 * third + t}+${5 / third}*x${third + t}=0`),
        `x${third + 1}=0`,
        `x${2 * third + 1}=1`,
      ],
      start: values(3 * third, () => 0),
    },
    {
      name: 'eigmaxa-like',
      objective: `-x${side + 1}`,
      constraints: [
        ...rows(1, side, (i) => `${i}*x${i}-x${side + 1}*x${i}=0`),
        `${rows(1, side, (i) => `x${i}^2`).join('+')}=1`,
      ],
      start: values(side + 1, (i) => (i <= side ? 1 / Math.sqrt(side) : 0)),
      manyMinima: true,
    },
    {
      name: 'liswet1',
      objective: sum(1, n, (i) => `0.5*x${i}^2-x${i}*${Math.sqrt((i - 1) / (n - 1)) + 0.1 * Math.sin(i)}`),
      constraints: rows(1, n - 2, (i) => `x${i}-2*x${i + 1}+x${i + 2}>=0`),
      start: values(n, () => 0),
    },
    {
      name: 'aug2d-like',
      objective: sum(1, side * side, (k) => `0.5*x${k}^2-x${k}`),
      constraints: rows(1, side - 1, (i) => `${grid(i, 1)}-${grid(i + 1, 1)}+${grid(i, 2)}-${grid(i + 1, side)}=1`),
      start: values(side * side, () => 0),
    },
    {
      name: 'cvxqp1',
      objective: sum(1, n, (i) => `0.5*${i}*(x${i}+x${((2 * i - 1) % n) + 1}+x${((3 * i - 1) % n) + 1})^2`),
      constraints: rows(1, half, (i) => `x${i}+2*x${((4 * i - 1) % n) + 1}+3*x${((5 * i - 1) % n) + 1}=6`),
      start: values(n, () => 0.5),
      lower: 0.1,
      upper: 10,
    },
    {
      name: 'ncvxqp1',
      objective: sum(
        1,
        n,
        (i) => `${i <= 0.75 * n ? '' : '-'}0.5*${i}*(x${i}+x${((2 * i - 1) % n) + 1}+x${((3 * i - 1) % n) + 1})^2`,
      ),
      constraints: rows(1, half, (i) => `x${i}+2*x${((4 * i - 1) % n) + 1}+3*x${((5 * i - 1) % n) + 1}=6`),
      start: values(n, () => 0.5),
      lower: 0.1,
      upper: 10,
      manyMinima: true,
    },
    {
      name: 'obstclal',
      objective: sum(1, side - 1, (i) =>
        sum(
          1,
          side - 1,
          (j) =>
            `0.5*(${grid(i + 1, j)}-${grid(i, j)})^2+0.5*(${grid(i, j + 1)}-${grid(i, j)})^2-${1 / (side * side)}*${grid(i, j)}`,
        ),
      ),
      start: values(side * side, () => 1),
      lower: values(side * side, (k) => {
        const i = Math.ceil(k / side);
        const j = ((k - 1) % side) + 1;
        if (i === 1 || j === 1 || i === side || j === side) return 0;
        return Math.pow(Math.sin(3.2 * (i / side)) * Math.sin(3.3 * (j / side)), 3);
      }),
      upper: values(side * side, (k) => {
        const i = Math.ceil(k / side);
        const j = ((k - 1) % side) + 1;
        return i === 1 || j === 1 || i === side || j === side ? 0 : 2000;
      }),
    },
    {
      name: 'optcntrl',
      objective: sum(1, third, (t) => `0.5*x${2 * third + t}^2`) + `+${sum(2, third, (t) => `0.5*x${third + t}^2`)}`,
      constraints: [
        ...rows(1, third - 1, (t) => `x${t + 1}-x${t}-0.2*x${third + t}=0`),
        ...rows(
          1,
          third - 1,
          (t) => `x${third + t + 1}-x${third + t}+0.01*x${third + t}^2+0.004*x${t}-0.2*x${2 * third + t}=0`,
        ),
      ],
      start: values(3 * third, (i) => (i > third && i <= 2 * third ? -1 : 0)),
      lower: values(3 * third, (i) =>
        i === 1 ? 10 : i === third + 1 ? 0 : i === 2 * third ? 0 : i <= third ? -inf : i <= 2 * third ? -1 : -0.2,
      ),
      upper: values(3 * third, (i) =>
        i === 1 ? 10 : i === third + 1 ? 0 : i === 2 * third ? 0 : i <= 2 * third ? inf : 0.2,
      ),
    },
    {
      name: 'ubh1',
      objective: sum(1, third, (t) => `0.5*x${2 * third + t}^2`),
      constraints: [
        ...rows(1, third - 1, (t) => `${third / 100}*(x${t + 1}-x${t})-0.5*(x${third + t + 1}+x${third + t})=0`),
        ...rows(
          1,
          third - 1,
          (t) => `${third / 100}*(x${third + t + 1}-x${third + t})-0.5*(x${2 * third + t + 1}+x${2 * third + t})=0`,
        ),
        'x1=10',
        `x${third}=0`,
        `x${third + 1}=0`,
        `x${2 * third}=0`,
      ],
      start: values(3 * third, () => 0),
      lower: values(3 * third, (i) => (i > 2 * third ? -1 : -inf)),
      upper: values(3 * third, (i) => (i > 2 * third ? 1 : inf)),
    },
    {
      name: 'orthregc-like',
      objective: sum(
        1,
        third,
        (i) =>
          `(x${2 * i - 1}-${(2 * Math.cos(i) + 0.1 * Math.sin(7 * i)).toFixed(6)})^2+(x${2 * i}-${(Math.sin(i) + 0.1 * Math.cos(5 * i)).toFixed(6)})^2`,
      ),
      constraints: rows(
        1,
        third,
        (i) =>
          `x${2 * third + 1}*x${2 * i - 1}^2+x${2 * third + 2}*x${2 * i}^2+x${2 * third + 3}*x${2 * i - 1}*x${2 * i}=1`,
      ),
      start: values(2 * third + 3, (i) =>
        i <= 2 * third ? (i % 2 === 1 ? 2 * Math.cos((i + 1) / 2) : Math.sin(i / 2)) : i === 2 * third + 3 ? 0 : 1,
      ),
      manyMinima: true,
    },
    {
      name: 'clnlbeam',
      objective: sum(
        1,
        third - 1,
        (i) =>
          `0.5*${1 / third}*(x${2 * third + i + 1}^2+x${2 * third + i}^2)+0.5*${350 / third}*(cos(x${i + 1})+cos(x${i}))`,
      ),
      constraints: [
        ...rows(1, third - 1, (i) => `x${third + i + 1}-x${third + i}-0.5*${1 / third}*(sin(x${i + 1})+sin(x${i}))=0`),
        ...rows(
          1,
          third - 1,
          (i) => `x${i + 1}-x${i}-0.5*${1 / third}*x${2 * third + i + 1}-0.5*${1 / third}*x${2 * third + i}=0`,
        ),
      ],
      start: values(3 * third, (i) =>
        i <= third ? 0.05 * Math.cos(i / third) : i <= 2 * third ? 0.05 * Math.cos((i - third) / third) : 0,
      ),
      lower: values(3 * third, (i) => (i <= third ? -1 : i <= 2 * third ? -0.05 : -inf)),
      upper: values(3 * third, (i) => (i <= third ? 1 : i <= 2 * third ? 0.05 : inf)),
      manyMinima: true,
    },
    {
      name: 'svanberg',
      objective: sum(
        1,
        n,
        (i) => `${((1 + ((i - 1) % 5)) / 2 + 1).toFixed(3)}/(1+x${i})+${(2 + 0.1 * (i % 7)).toFixed(3)}/(1-x${i})`,
      ),
      constraints: rows(1, n, (i) => {
        const at = (k: number) => `x${((i + k - 1 + n) % n) + 1}`;
        return `1/(1+${at(0)})+1/(1-${at(1)})+1/(1+${at(2)})+1/(1-${at(3)})+1/(1+${at(-1)})+1/(1-${at(-2)})<=${(8 + 0.2 * Math.sin(i)).toFixed(4)}`;
      }),
      start: values(n, () => 0),
      lower: -0.8,
      upper: 0.8,
      manyMinima: true,
    },
    {
      name: 'manne-like',
      objective: sum(1, third, (t) => `-${Math.pow(0.95, t)}*log(x${t})`),
      constraints: [
        ...rows(1, third, (t) => `0.25*x${third + t}^0.25*${Math.pow(1.02, t)}-x${t}-x${2 * third + t}>=0`),
        ...rows(1, third - 1, (t) => `x${third + t + 1}-x${third + t}-x${2 * third + t}<=0`),
        `0.03*x${2 * third}-x${3 * third}<=0`,
      ],
      start: values(3 * third, (i) => (i <= third ? 0.95 : i <= 2 * third ? 3.05 : 0.05)),
      lower: values(3 * third, (i) => (i <= third ? 0.05 : i <= 2 * third ? 0.5 : 0)),
      upper: values(3 * third, (i) => (i === third + 1 ? 3.05 : inf)),
      manyMinima: true,
    },
    {
      name: 'steenbra-like',
      objective: sum(
        1,
        half,
        (i) => `0.01*x${2 * i - 1}^2+x${2 * i}+1/(1.01+${((i % 13) + 1).toFixed(0)}-0.1*x${2 * i})`,
      ),
      constraints: rows(1, half - 1, (i) => `x${2 * i - 1}+x${2 * i}-x${2 * i + 1}+0.5*x${2 * i + 2}=${(i % 4) + 1}`),
      start: values(2 * half, () => 0.1),
      lower: 0,
      upper: values(2 * half, (i) => (i % 2 === 0 ? 10 : inf)),
      manyMinima: true,
    },
  ];
}
