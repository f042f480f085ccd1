/**
 * Classical mixed-integer nonlinear programs of the literature with their published optima, as infix text. `convex` ones
 * have convex relaxations, so that a proof is expected; of the others the best point known is stated.
 */
import { rows, sum, values, type ProblemText } from '../../support/modeller.js';

export interface ClassicalMinlp extends ProblemText {
  readonly integers: readonly number[];
  readonly optimum: number;
  readonly convex: boolean;
  readonly source: string;
}

/** First process-synthesis problem of Duran & Grossmann (1986); binaries x1–x3. */
const synthes1: ClassicalMinlp = {
  name: 'synthes1',
  source: 'Duran & Grossmann 1986, problem 1',
  objective: '5*x1+6*x2+8*x3+10*x4-7*x6-18*log(x5+1)-19.2*log(x4-x5+1)+10',
  constraints: [
    '0.8*log(x5+1)+0.96*log(x4-x5+1)-0.8*x6 >= 0',
    'log(x5+1)+1.2*log(x4-x5+1)-x6-2*x3 >= -2',
    'x5-x4 <= 0',
    'x5-2*x1 <= 0',
    'x4-x5-2*x2 <= 0',
    'x1+x2 <= 1',
  ],
  start: [0, 0, 0, 1, 0.5, 0.5],
  lower: 0,
  upper: [1, 1, 1, 2, 2, 1],
  integers: [1, 2, 3],
  optimum: 6.0097588,
  convex: true,
};

/** Second one; binaries x1–x5, then the flows 3, 5, 9, 11, 13, 16 of the superstructure. */
const synthes2: ClassicalMinlp = {
  name: 'synthes2',
  source: 'Duran & Grossmann 1986, problem 2',
  objective:
    '5*x1+8*x2+6*x3+10*x4+6*x5-10*x6-15*x7-15*x8+15*x9+5*x10-20*x11' + '+exp(x6)+exp(x7/1.2)-60*log(x9+x10+1)+140',
  constraints: [
    'log(x9+x10+1) >= 0',
    'exp(x6)-10*x1 <= 1',
    'exp(x7/1.2)-10*x2 <= 1',
    '1.25*x8-10*x3 <= 0',
    'x9+x10-10*x4 <= 0',
    '2*x11-2*x8-10*x5 <= 0',
    'x9+2*x11-x6-x7-2*x8 <= 0',
    'x9+2*x11-x6-x7-0.75*x8 <= 0',
    'x8-x11 <= 0',
    '2*x8-x9-2*x11 <= 0',
    'x10-0.5*x9 <= 0',
    '0.2*x9-x10 <= 0',
    'x1+x2 = 1',
    'x4+x5 <= 1',
  ],
  start: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.2, 0.5],
  lower: 0,
  upper: [1, 1, 1, 1, 1, 2, 2, 2, 10, 10, 3],
  integers: [1, 2, 3, 4, 5],
  optimum: 73.0353125,
  convex: true,
};

const ex1223: ClassicalMinlp = {
  name: 'ex1223',
  source: 'Yuan, Zhang, Pibouleau & Domenech 1988; Floudas et al. 1999, 12.2.3',
  objective: '(x4-1)^2+(x5-2)^2+(x6-1)^2-log(x7+1)+(x1-1)^2+(x2-2)^2+(x3-3)^2',
  constraints: [
    'x1+x2+x3+x4+x5+x6 <= 5',
    'x6^2+x1^2+x2^2+x3^2 <= 5.5',
    'x1+x4 <= 1.2',
    'x2+x5 <= 1.8',
    'x3+x6 <= 2.5',
    'x1+x7 <= 1.2',
    'x5^2+x2^2 <= 1.64',
    'x6^2+x3^2 <= 4.25',
    'x5^2+x3^2 <= 4.64',
  ],
  start: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
  lower: 0,
  upper: [10, 10, 10, 1, 1, 1, 1],
  integers: [4, 5, 6, 7],
  optimum: 4.5795824,
  convex: true,
};

const alan: ClassicalMinlp = {
  name: 'alan',
  source: 'Manne 1986, portfolio with a limit on the number of securities',
  objective: 'x1*(4*x1+3*x2-x3)+x2*(3*x1+6*x2+x3)+x3*(x2-x1+10*x3)',
  constraints: [
    'x1+x2+x3+x4 = 1',
    '8*x1+9*x2+12*x3+7*x4 = 10',
    ...rows(1, 4, (i) => `x${i}-x${i + 4} <= 0`),
    'x5+x6+x7+x8 <= 3',
  ],
  start: values(8, () => 0.25),
  lower: 0,
  upper: 1,
  integers: [5, 6, 7, 8],
  optimum: 2.925,
  convex: true,
};

const batchSizes = [
  [7.9, 2.0, 5.2, 4.9, 6.1, 4.2],
  [0.7, 0.8, 0.9, 3.4, 2.1, 2.5],
  [0.7, 2.6, 1.6, 3.6, 3.2, 2.9],
  [4.7, 2.3, 1.6, 2.7, 1.2, 2.5],
  [1.2, 3.6, 2.4, 4.5, 1.6, 2.1],
];
const batchTimes = [
  [6.4, 4.7, 8.3, 3.9, 2.1, 1.2],
  [6.8, 6.4, 6.5, 4.4, 2.3, 3.2],
  [1.0, 6.3, 5.4, 11.9, 5.7, 6.2],
  [3.2, 3.0, 3.5, 3.3, 2.8, 3.4],
  [2.1, 2.5, 4.2, 3.6, 3.7, 2.2],
];
const batchDemands = [250000, 150000, 180000, 160000, 120000];

/** Logarithms of volumes x1–x6, batch sizes x7–x11, cycle times x12–x16; unit counts 1–4 by binaries x17–x40. */
const batch: ClassicalMinlp = (() => {
  const units = (stage: number, term: (count: number, name: string) => string): string =>
    sum(1, 4, (count) => term(count, `x${16 + 4 * (stage - 1) + count}`));
  const logUnits = (stage: number): string => `(${units(stage, (count, name) => `${Math.log(count)}*${name}`)})`;
  const pairs = rows(1, 5, (i) => `${i}`).flatMap((i) => rows(1, 6, (j) => [i, j].join()));
  const each = (row: (i: number, j: number) => string): string[] =>
    pairs.map((pair) => {
      const [i, j] = pair.split(',').map(Number) as [number, number];
      return row(i, j);
    });
  return {
    name: 'batch',
    source: 'Kocis & Grossmann 1988, multiproduct batch plant',
    objective: sum(1, 6, (j) => `250*exp(${logUnits(j)}+0.6*x${j})`),
    constraints: [
      ...each((i, j) => `x${j}-x${6 + i} >= ${Math.log(batchSizes[i - 1]![j - 1]!)}`),
      ...each((i, j) => `${logUnits(j)}+x${11 + i} >= ${Math.log(batchTimes[i - 1]![j - 1]!)}`),
      `${sum(1, 5, (i) => `${batchDemands[i - 1]!}*exp(x${11 + i}-x${6 + i})`)} <= 6000`,
      ...rows(1, 6, (j) => `${units(j, (_, name) => name)} = 1`),
    ],
    start: values(40, (k) => (k <= 6 ? Math.log(1000) : k <= 11 ? Math.log(200) : k <= 16 ? 1.5 : 0.25)),
    lower: values(40, (k) => (k <= 6 ? Math.log(300) : k <= 11 ? 0 : k <= 16 ? -3 : 0)),
    upper: values(40, (k) => (k <= 6 ? Math.log(3000) : k <= 11 ? 9 : k <= 16 ? 4 : 1)),
    integers: values(24, (k) => 16 + k),
    optimum: 285506.5082,
    convex: true,
  };
})();

/**
 * Fields of given areas in a rectangle of least circumference. For these areas a square can be divided without waste,
 * so that the optimum is four times the root of the sum. Per field: position x, y, sides w, h; four binaries a pair.
 */
function fieldLayout(name: string, areas: readonly number[]): ClassicalMinlp {
  const count = areas.length;
  const largest = 30;
  const at = (part: number, i: number): string => `x${2 + 4 * (i - 1) + part}`;
  const constraints: string[] = [];
  const continuous = 2 + 4 * count;
  let binary = continuous;
  for (let i = 1; i <= count; i++) {
    constraints.push(
      `${areas[i - 1]!}/${at(3, i)}-${at(4, i)} <= 0`,
      `${at(1, i)}+${at(3, i)}-x1 <= 0`,
      `${at(2, i)}+${at(4, i)}-x2 <= 0`,
    );
    for (let j = i + 1; j <= count; j++) {
      const apart = (first: number, second: number, part: number, k: number): string =>
        `${at(part, first)}+${at(part + 2, first)}-${at(part, second)}+${largest}*x${k} <= ${largest}`;
      constraints.push(
        apart(i, j, 1, binary + 1),
        apart(j, i, 1, binary + 2),
        apart(i, j, 2, binary + 3),
        apart(j, i, 2, binary + 4),
        `x${binary + 1}+x${binary + 2}+x${binary + 3}+x${binary + 4} = 1`,
      );
      binary += 4;
    }
  }
  return {
    name,
    source: 'farm layout after Sawaya 2006; optimum 4·√(total area)',
    objective: '2*x1+2*x2',
    constraints,
    start: values(binary, (k) => (k > continuous ? 0.25 : k <= 2 ? 20 : (k - 3) % 4 < 2 ? 5 : 8)),
    lower: values(binary, (k) => (k > continuous || k <= 2 ? 0 : (k - 3) % 4 < 2 ? 0 : 1)),
    upper: values(binary, (k) => (k > continuous ? 1 : largest)),
    integers: values(binary - continuous, (k) => continuous + k),
    optimum: 4 * Math.sqrt(areas.reduce((total, area) => total + area, 0)),
    convex: true,
  };
}

const pureInteger = (name: string, given: Omit<ClassicalMinlp, 'name' | 'integers' | 'source'>): ClassicalMinlp => ({
  name,
  source: 'Gupta & Ravindran 1985',
  ...given,
  integers: given.start.map((_, k) => k + 1),
});

export const convexMinlps: readonly ClassicalMinlp[] = [
  synthes1,
  synthes2,
  ex1223,
  alan,
  batch,
  fieldLayout('flay02', [40, 50]),
  fieldLayout('flay03', [40, 50, 60]),
  {
    name: 'st_miqp1',
    source: 'quadratic knapsack of the test set of Tawarmalani & Sahinidis',
    objective: '50*(x1^2+x2^2+x3^2+x4^2+x5^2)+42*x1+44*x2+45*x3+47*x4+47.5*x5',
    constraints: ['20*x1+12*x2+11*x3+7*x4+4*x5 >= 40'],
    start: [0, 0, 0, 0, 0],
    lower: 0,
    upper: 1,
    integers: [1, 2, 3, 4, 5],
    optimum: 281,
    convex: true,
  },
  pureInteger('nvs03', {
    objective: '(x1-8)^2+(x2-2)^2',
    constraints: ['x2-0.1*x1^2 >= 0', '-0.333333333333333*x1-x2 >= -4.5'],
    start: [0, 0],
    lower: 0,
    upper: 200,
    optimum: 16,
    convex: true,
  }),
  pureInteger('nvs10', {
    objective: '7*x1^2+6*x2^2-35*x1-80.4*x2',
    constraints: ['9*x1^2+10*x1*x2+8*x2^2 <= 583', '6*x1^2+8*x1*x2+6*x2^2 <= 441'],
    start: [0, 0],
    lower: 0,
    upper: 200,
    optimum: -310.8,
    convex: true,
  }),
  pureInteger('nvs11', {
    objective: '7*x1^2+6*x2^2-15.8*x1-93.2*x2+8*x3^2-6*x3*x1+4*x3*x2-63*x3',
    constraints: [
      '9*x1^2+10*x1*x2+8*x2^2+5*x3^2+6*x3*x1+10*x3*x2 <= 1000',
      '6*x1^2+8*x1*x2+6*x2^2+4*x3^2+2*x3*x1+2*x3*x2 <= 550',
      '9*x1^2+6*x2^2+8*x3^2-2*x2*x1-2*x3*x2 <= 340',
    ],
    start: [0, 0, 0],
    lower: 0,
    upper: 200,
    optimum: -431,
    convex: true,
  }),
  pureInteger('nvs15', {
    objective: '2*x1^2-8*x1+2*x2^2-6*x2+x3^2-4*x3+2*x1*x2+2*x1*x3+9',
    constraints: ['x1+x2+2*x3 <= 3'],
    start: [0, 0, 0],
    lower: 0,
    upper: 200,
    optimum: 1,
    convex: true,
  }),
];

export const nonconvexMinlps: readonly ClassicalMinlp[] = [
  {
    name: 'ex1221',
    source: 'Kocis & Grossmann 1987; Floudas et al. 1999, 12.2.1',
    objective: '2*x1+3*x2+1.5*x3+2*x4-0.5*x5',
    constraints: ['x1^2+x3 = 1.25', 'x2^1.5+1.5*x4 = 3', 'x1+x3 <= 1.6', '1.333*x2+x4 <= 3', 'x5-x3-x4 <= 0'],
    start: [0.5, 0.5, 0, 0, 0],
    lower: 0,
    upper: [10, 10, 1, 1, 1],
    integers: [3, 4, 5],
    optimum: 7.6671801,
    convex: false,
  },
  {
    name: 'ex1222',
    source: 'Floudas et al. 1999, 12.2.2',
    objective: '0.8-0.7*x3+5*(x1-0.5)^2',
    constraints: ['-exp(x1-0.2)-x2 <= 0', 'x2+1.1*x3 <= -1', 'x1-1.2*x3 <= 0.2'],
    start: [0.5, -1.5, 0],
    lower: [0.2, -2.22554, 0],
    upper: [1, -1, 1],
    integers: [3],
    optimum: 1.0765431,
    convex: false,
  },
  {
    name: 'ex1225',
    source: 'Floudas et al. 1999, 12.2.5',
    objective: '7*x1+10*x2',
    constraints: ['x1^1.2*x2^1.7-7*x1-9*x2 <= -24', 'x1-2*x2 <= 5', '-3*x1+x2 <= 1', '4*x1-3*x2 <= 11'],
    start: [1, 1],
    lower: 1,
    upper: 5,
    integers: [1, 2],
    optimum: 31,
    convex: false,
  },
  {
    name: 'ex1226',
    source: 'Floudas et al. 1999, 12.2.6',
    objective: '3*x2-5*x1',
    constraints: ['2*x2^2-2*x2^0.5-2*x1^0.5*x2^2+11*x2+8*x1 <= 39', '-x1+x2 <= 3', '3*x1+2*x2 <= 24'],
    start: [1, 1],
    lower: 1,
    upper: [10, 6],
    integers: [2],
    optimum: -17,
    convex: false,
  },
  {
    name: 'st_e13',
    source: 'Kocis & Grossmann 1988',
    objective: '2*x1+x2',
    constraints: ['x1^2+x2 >= 1.25', 'x1+x2 <= 1.6'],
    start: [1, 0],
    lower: 0,
    upper: [1.6, 1],
    integers: [2],
    optimum: 2,
    convex: false,
  },
  {
    name: 'prob03',
    source: 'Pörn, Harjunkoski & Westerlund 1999',
    objective: '3*x1+2*x2',
    constraints: ['x1*x2 >= 3.5'],
    start: [1, 1],
    lower: 1,
    upper: 5,
    integers: [1, 2],
    optimum: 10,
    convex: false,
  },
  pureInteger('nvs04', {
    objective: '100*(0.5+x2-(0.6+x1)^2)^2+(0.4-x1)^2',
    start: [0, 0],
    lower: 0,
    upper: 200,
    optimum: 0.72,
    convex: false,
  }),
  pureInteger('nvs06', {
    objective: '0.1*(x1^2+(1+x2^2)/x1^2+(100+x1^2*x2^2)/(x1*x2)^4+12)',
    start: [1, 1],
    lower: 1,
    upper: 200,
    optimum: 1.7703125,
    convex: false,
  }),
  pureInteger('nvs16', {
    objective: '(1.5-x1*(1-x2))^2+(2.25-x1*(1-x2^2))^2+(2.625-x1*(1-x2^3))^2',
    start: [1, 1],
    lower: 0,
    upper: 200,
    optimum: 0.703125,
    convex: false,
  }),
];
