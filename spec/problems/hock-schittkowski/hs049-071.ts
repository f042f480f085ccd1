import { equalBounds, rosenbrock, sum, type HockSchittkowskiProblem } from './reference.js';

const infinite = Infinity;
const quarterArc = Math.asin(Math.sqrt(1 / 4.2));
const levels57 = [8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42];
const observations57 = [
  [0.49, 0.49],
  [0.48, 0.47, 0.48, 0.47],
  [0.46, 0.46, 0.45, 0.43],
  [0.45, 0.43, 0.43],
  [0.44, 0.43, 0.43],
  [0.46, 0.45],
  [0.42, 0.42, 0.43],
  [0.41, 0.41, 0.4],
  [0.42, 0.4, 0.4],
  [0.41, 0.4, 0.41],
  [0.41, 0.4],
  [0.4, 0.4, 0.38],
  [0.41, 0.4],
  [0.4],
  [0.41, 0.38],
  [0.4, 0.4],
  [0.39],
  [0.39],
];

/** Problems 68 and 69 share their form. */
function expectedCost(
  a: number,
  b: number,
  d: number,
  n: number,
): Pick<HockSchittkowskiProblem, 'objective' | 'constraints'> {
  const shift = d * Math.sqrt(n);
  return {
    objective: `(${a * n} - (${b}*(exp(x1) - 1) - x3)*x4/(exp(x1) - 1 + x4))/x1`,
    constraints: ['x3 - 2*normalCdf(-x2) = 0', `x4 - normalCdf(-x2 + ${shift}) - normalCdf(-x2 - ${shift}) = 0`],
  };
}

const bounds68: HockSchittkowskiProblem['bounds'] = [
  [0.0001, 100],
  [0, 100],
  [0, 2],
  [0, 2],
];

const observations70 = [
  0.00189, 0.1038, 0.268, 0.506, 0.577, 0.604, 0.725, 0.898, 0.947, 0.845, 0.702, 0.528, 0.385, 0.257, 0.159, 0.0869,
  0.0453, 0.01509, 0.00189,
];

/** The model value of problem 70 at concentration c. */
function mixture70(c: number): string {
  const first = `(1 + 1/(12*x2))*x3*b^x2*sqrt(x2/6.2832)*${c / 7.685}^(x2 - 1)*exp(x2 - b*${c}*x2/7.658)`;
  const second = `(1 + 1/(12*x1))*(1 - x3)*(b/x4)^x1*sqrt(x1/6.2832)*${c / 7.658}^(x1 - 1)*exp(x1 - b*${c}*x1/(7.658*x4))`;
  return `${first} + ${second}`;
}

export const problems049to071: readonly HockSchittkowskiProblem[] = [
  {
    number: 49,
    start: [10, 7, 2, -3, 0.8],
    objective: '(x1 - x2)^2 + (x3 - 1)^2 + (x4 - 1)^4 + (x5 - 1)^6',
    constraints: ['x1 + x2 + x3 + 4*x4 - 7 = 0', 'x3 + 5*x5 - 6 = 0'],
    optimum: 0,
    solution: [1, 1, 1, 1, 1],
  },
  {
    number: 50,
    start: [35, -31, 11, 5, -5],
    objective: '(x1 - x2)^2 + (x2 - x3)^2 + (x3 - x4)^4 + (x4 - x5)^2',
    constraints: ['x1 + 2*x2 + 3*x3 - 6 = 0', 'x2 + 2*x3 + 3*x4 - 6 = 0', 'x3 + 2*x4 + 3*x5 - 6 = 0'],
    optimum: 0,
    solution: [1, 1, 1, 1, 1],
  },
  {
    number: 51,
    start: [2.5, 0.5, 2, -1, 0.5],
    objective: '(x1 - x2)^2 + (x2 + x3 - 2)^2 + (x4 - 1)^2 + (x5 - 1)^2',
    constraints: ['x1 + 3*x2 - 4 = 0', 'x3 + x4 - 2*x5 = 0', 'x2 - x5 = 0'],
    optimum: 0,
    solution: [1, 1, 1, 1, 1],
  },
  {
    number: 52,
    start: [2, 2, 2, 2, 2],
    objective: '(4*x1 - x2)^2 + (x2 + x3 - 2)^2 + (x4 - 1)^2 + (x5 - 1)^2',
    constraints: ['x1 + 3*x2 = 0', 'x3 + x4 - 2*x5 = 0', 'x2 - x5 = 0'],
    optimum: 1859 / 349,
    solution: [-33 / 349, 11 / 349, 180 / 349, -158 / 349, 11 / 349],
  },
  {
    number: 53,
    start: [2, 2, 2, 2, 2],
    bounds: equalBounds(5, -10, 10),
    objective: '(x1 - x2)^2 + (x2 + x3 - 2)^2 + (x4 - 1)^2 + (x5 - 1)^2',
    constraints: ['x1 + 3*x2 = 0', 'x3 + x4 - 2*x5 = 0', 'x2 - x5 = 0'],
    optimum: 176 / 43,
    solution: [-33 / 43, 11 / 43, 27 / 43, -5 / 43, 11 / 43],
  },
  {
    number: 54,
    start: [6e3, 1.5, 4e6, 2, 3e-3, 5e7],
    bounds: [
      [0, 2e4],
      [-10, 10],
      [0, 1e7],
      [0, 20],
      [-1, 1],
      [0, 2e8],
    ],
    definitions: [
      [
        'h',
        '((x1 - 1e4)^2/6.4e7 + (x1 - 1e4)*(x2 - 1)/2e4 + (x2 - 1)^2)/0.96 + (x3 - 2e6)^2/4.9e13 + (x4 - 10)^2/2.5e3 + (x5 - 1e-3)^2/2.5e-3 + (x6 - 1e8)^2/2.5e17',
      ],
    ],
    objective: '-exp(-h/2)',
    constraints: ['x1 + 4e3*x2 - 1.76e4 = 0'],
    optimum: -Math.exp(-27 / 280),
    solution: [91600 / 7, 79 / 70, 2e6, 10, 1e-3, 1e8],
  },
  {
    number: 55,
    start: [1, 2, 0, 0, 0, 2],
    bounds: [[0, 1], ...equalBounds(2, 0, infinite), [0, 1], ...equalBounds(2, 0, infinite)],
    objective: 'x1 + 2*x2 + 4*x5 + exp(x1*x4)',
    constraints: [
      'x1 + 2*x2 + 5*x5 - 6 = 0',
      'x1 + x2 + x3 - 3 = 0',
      'x4 + x5 + x6 - 2 = 0',
      'x1 + x4 - 1 = 0',
      'x2 + x5 - 2 = 0',
      'x3 + x6 - 2 = 0',
    ],
    optimum: 19 / 3,
    solution: [0, 4 / 3, 5 / 3, 1, 2 / 3, 1 / 3],
    note: 'The six equations have rank five.',
  },
  {
    number: 56,
    start: [1, 1, 1, quarterArc, quarterArc, quarterArc, Math.asin(Math.sqrt(5 / 7.2))],
    objective: '-x1*x2*x3',
    constraints: [
      'x1 - 4.2*sin(x4)^2 = 0',
      'x2 - 4.2*sin(x5)^2 = 0',
      'x3 - 4.2*sin(x6)^2 = 0',
      'x1 + 2*x2 + 2*x3 - 7.2*sin(x7)^2 = 0',
    ],
    optimum: -3.456,
    solution: [
      2.4,
      1.2,
      1.2,
      Math.asin(Math.sqrt(4 / 7)),
      Math.asin(Math.sqrt(2 / 7)),
      Math.asin(Math.sqrt(2 / 7)),
      Math.PI / 2,
    ],
  },
  {
    number: 57,
    start: [0.42, 5],
    bounds: [
      [0.4, infinite],
      [-4, infinite],
    ],
    objective: sum(
      levels57.flatMap((a, k) => observations57[k]!.map((b) => `(${b} - x1 - (0.49 - x1)*exp(-x2*${a - 8}))^2`)),
    ),
    constraints: ['0.49*x2 - x1*x2 - 0.09 >= 0'],
    optimum: 0.02845966972,
    solution: [0.419952675, 1.284845629],
  },
  {
    number: 58,
    start: [-2, 1],
    bounds: { 1: [-2, 0.5] },
    objective: rosenbrock,
    constraints: ['x2^2 - x1 >= 0', 'x1^2 - x2 >= 0', 'x1^2 + x2^2 - 1 >= 0'],
    optimum: 3.19033354957,
    solution: [-0.786150483331, 0.618034533851],
  },
  {
    number: 59,
    start: [90, 10],
    bounds: [
      [0, 75],
      [0, 65],
    ],
    objective:
      '-75.196 + 3.8112*x1 - 0.12694*x1^2 + 0.0020567*x1^3 - 1.0345e-5*x1^4 + 6.8306*x2 - 0.030234*x1*x2 + 1.28134e-3*x2*x1^2' +
      ' - 3.5256e-5*x2*x1^3 + 2.266e-7*x2*x1^4 - 0.25645*x2^2 + 0.0034604*x2^3 - 1.3514e-5*x2^4 + 28.106/(x2 + 1)' +
      ' + 5.2375e-6*x1^2*x2^2 + 6.3e-8*x1^3*x2^2 - 7e-10*x1^3*x2^3 - 3.405e-4*x1*x2^2 + 1.6638e-6*x1*x2^3' +
      ' + 2.8673*exp(0.0005*x1*x2)',
    constraints: ['x1*x2 - 700 >= 0', 'x2 - x1^2/125 >= 0', '(x2 - 50)^2 - 5*(x1 - 55) >= 0'],
    optimum: -7.802785527,
    published: -7.804226324,
    solution: [13.5512455757, 51.6557858727],
    note: 'The published point has the objective −7.80278: the published value is off in the fourth digit. Another local minimiser lies at (46.4, 52.2) with objective −6.7495.',
  },
  {
    number: 60,
    start: [2, 2, 2],
    bounds: equalBounds(3, -10, 10),
    objective: '(x1 - 1)^2 + (x1 - x2)^2 + (x2 - x3)^4',
    constraints: ['x1*(1 + x2^2) + x3^4 - 4 - 3*sqrt(2) = 0'],
    optimum: 0.03256820025,
    solution: [1.104859024, 1.196674194, 1.535262257],
  },
  {
    number: 61,
    start: [0, 0, 0],
    objective: '4*x1^2 + 2*x2^2 + 2*x3^2 - 33*x1 + 16*x2 - 24*x3',
    constraints: ['3*x1 - 2*x2^2 - 7 = 0', '4*x1 - x3^2 - 11 = 0'],
    optimum: -143.6461422,
    solution: [5.326770157, -2.118998639, 3.210464239],
  },
  {
    number: 62,
    start: [0.7, 0.2, 0.1],
    bounds: equalBounds(3, 0, 1),
    objective:
      '-32.174*(255*log((x1 + x2 + x3 + 0.03)/(0.09*x1 + x2 + x3 + 0.03)) + 280*log((x2 + x3 + 0.03)/(0.07*x2 + x3 + 0.03)) + 290*log((x3 + 0.03)/(0.13*x3 + 0.03)))',
    constraints: ['x1 + x2 + x3 - 1 = 0'],
    optimum: -26272.51448,
    solution: [0.6178126908, 0.328202223, 0.0539850867],
  },
  {
    number: 63,
    start: [2, 2, 2],
    bounds: equalBounds(3, 0, infinite),
    objective: '1000 - x1^2 - 2*x2^2 - x3^2 - x1*x2 - x1*x3',
    constraints: ['8*x1 + 14*x2 + 7*x3 - 56 = 0', 'x1^2 + x2^2 + x3^2 - 25 = 0'],
    optimum: 961.7151721,
    solution: [3.512118414, 0.2169881741, 3.552174034],
  },
  {
    number: 64,
    start: [1, 1, 1],
    bounds: equalBounds(3, 1e-5, infinite),
    objective: '5*x1 + 50000/x1 + 20*x2 + 72000/x2 + 10*x3 + 144000/x3',
    constraints: ['1 - 4/x1 - 32/x2 - 120/x3 >= 0'],
    optimum: 6299.842428,
    solution: [108.7347175, 85.12613942, 204.3247078],
  },
  {
    number: 65,
    start: [-5, 5, 0],
    bounds: [
      [-4.5, 4.5],
      [-4.5, 4.5],
      [-5, 5],
    ],
    objective: '(x1 - x2)^2 + (x1 + x2 - 10)^2/9 + (x3 - 5)^2',
    constraints: ['48 - x1^2 - x2^2 - x3^2 >= 0'],
    optimum: 0.9535288567,
    solution: [3.650461821, 3.65046169, 4.620417553],
  },
  {
    number: 66,
    start: [0, 1.05, 2.9],
    bounds: [
      [0, 100],
      [0, 100],
      [0, 10],
    ],
    objective: '0.2*x3 - 0.8*x1',
    constraints: ['x2 - exp(x1) >= 0', 'x3 - exp(x2) >= 0'],
    optimum: 0.5181632741,
    solution: [0.1841264879, 1.202167873, 3.327322322],
  },
  {
    number: 67,
    start: [1745, 12000, 110, 3048, 1974, 89.2, 92.8, 8, 3.6, 145],
    bounds: [
      [1e-5, 2000],
      [1e-5, 16000],
      [1e-5, 120],
      [0, 5000],
      [0, 2000],
      [85, 93],
      [90, 95],
      [3, 12],
      [0.01, 4],
      [145, 162],
    ],
    objective: '5.04*x1 + 0.035*x2 + 10*x3 + 3.36*x5 - 0.063*x4*x7',
    constraints: [
      '0.01*x1*(112 + 13.167*x8 - 0.6667*x8^2) - x4 = 0',
      '1.22*x4 - x1 - x5 = 0',
      '98000*x3/(x4*x9 + 1000*x3) - x6 = 0',
      '86.35 + 1.098*x8 - 0.038*x8^2 + 0.325*(x6 - 89) - x7 = 0',
      '(x2 + x5)/x1 - x8 = 0',
      '35.82 - 0.222*x10 - x9 = 0',
      '3*x7 - 133 - x10 = 0',
    ],
    optimum: -1162.02698006,
    published: -1162.03650728,
    solution: [
      1728.37144324, 16000, 98.13617652, 3056.04216659, 2000, 90.618539747, 94.1895755686, 10.4144280273, 2.61574266713,
      149.568726706,
    ],
    note:
      'The book computes x4 … x10 by fixed-point loops with tolerance 1e-3, which is where its lower value comes from; here they ' +
      'are variables and the loops are equations.',
  },
  {
    number: 68,
    start: [1, 1, 1, 1],
    bounds: bounds68,
    ...expectedCost(0.0001, 1, 1, 24),
    optimum: -0.920425026,
    solution: [0.06785874, 3.6461717, 0.00026617, 0.8948622],
  },
  {
    number: 69,
    start: [1, 1, 1, 1],
    bounds: bounds68,
    ...expectedCost(0.1, 1000, 1, 4),
    optimum: -956.71288,
    solution: [0.02937141742, 1.190253458, 0.233946796, 0.791667815],
  },
  {
    number: 70,
    start: [2, 4, 0.04, 2],
    bounds: [
      [1e-5, 100],
      [1e-5, 100],
      [1e-5, 1],
      [1e-5, 100],
    ],
    definitions: [['b', 'x3 + (1 - x3)*x4']],
    objective: sum(observations70.map((y, i) => `(${mixture70(i === 0 ? 0.1 : i)} - ${y})^2`)),
    constraints: ['x3 + (1 - x3)*x4 >= 0'],
    optimum: 0.00940197325,
    published: 0.007498464,
    solution: [11.9657779, 4.76987505, 0.298170239, 2.09146974],
    note:
      'With the formulas as printed (7.685 in one place, 7.658 in the others) the published point has the objective 0.0095876; the ' +
      'local minimiser beside it is given here. A lower one, 0.0089232, lies where the two components change places.',
  },
  {
    number: 71,
    start: [1, 5, 5, 1],
    bounds: equalBounds(4, 1, 5),
    objective: 'x1*x4*(x1 + x2 + x3) + x3',
    constraints: ['x1*x2*x3*x4 - 25 >= 0', 'x1^2 + x2^2 + x3^2 + x4^2 - 40 = 0'],
    optimum: 17.0140173,
    solution: [1, 4.7429994, 3.8211503, 1.3794082],
  },
];
