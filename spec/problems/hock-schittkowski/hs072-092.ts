import { equalBounds, sum, upTo, type HockSchittkowskiProblem } from './reference.js';

const infinite = Infinity;

/** Problems 74 and 75 differ in the largest angle. */
function powerFlow(angle: number): Omit<HockSchittkowskiProblem, 'number' | 'optimum'> {
  return {
    start: [0, 0, 0, 0],
    bounds: [
      [0, 1200],
      [0, 1200],
      [-angle, angle],
      [-angle, angle],
    ],
    objective: '3*x1 + 1e-6*x1^3 + 2*x2 + 2e-6/3*x2^3',
    constraints: [
      `x4 - x3 + ${angle} >= 0`,
      `x3 - x4 + ${angle} >= 0`,
      '1000*sin(-x3 - 0.25) + 1000*sin(-x4 - 0.25) + 894.8 - x1 = 0',
      '1000*sin(x3 - 0.25) + 1000*sin(x3 - x4 - 0.25) + 894.8 - x2 = 0',
      '1000*sin(x4 - 0.25) + 1000*sin(x4 - x3 - 0.25) + 1294.8 = 0',
    ],
  };
}

const equations78 = ['x1^2 + x2^2 + x3^2 + x4^2 + x5^2 - 10 = 0', 'x2*x3 - 5*x4*x5 = 0', 'x1^3 + x2^3 + 1 = 0'];
const bounds80 = [...equalBounds(2, -2.3, 2.3), ...equalBounds(3, -3.2, 3.2)];

const definitions85: HockSchittkowskiProblem['definitions'] = [
  ['y1', 'x2 + x3 + 41.6'],
  ['c1', '0.024*x4 - 4.62'],
  ['y2', '12.5/c1 + 12'],
  ['c2', '0.0003535*x1^2 + 0.5311*x1 + 0.08705*y2*x1'],
  ['c3', '0.052*x1 + 78 + 0.002377*y2*x1'],
  ['y3', 'c2/c3'],
  ['y4', '19*y3'],
  ['c4', '0.04782*(x1 - y3) + 0.1956*(x1 - y3)^2/x2 + 0.6376*y4 + 1.594*y3'],
  ['c5', '100*x2'],
  ['c6', 'x1 - y3 - y4'],
  ['c7', '0.95 - c4/c5'],
  ['y5', 'c6*c7'],
  ['y6', 'x1 - y5 - y4 - y3'],
  ['c8', '(y5 + y4)*0.995'],
  ['y7', 'c8/y1'],
  ['y8', 'c8/3798'],
  ['c9', 'y7 - 0.0663*y7/y8 - 0.3153'],
  ['y9', '96.82/c9 + 0.321*y1'],
  ['y10', '1.29*y5 + 1.258*y4 + 2.29*y3 + 1.71*y6'],
  ['y11', '1.71*x1 - 0.452*y4 + 0.58*y3'],
  ['c10', '12.3/752.3'],
  ['c11', '1.75*y2*0.995*x1'],
  ['c12', '0.995*y10 + 1998'],
  ['y12', 'c10*x1 + c11/c12'],
  ['y13', 'c12 - 1.75*y2'],
  ['y14', '3623 + 64.4*x2 + 58.4*x3 + 146312/(y9 + x5)'],
  ['c13', '0.995*y10 + 60.8*x2 + 48*x4 - 0.1121*y14 - 5095'],
  ['y15', 'y13/c13'],
  ['y16', '148000 - 331000*y15 + 40*y13 - 61*y15*y13'],
  ['c14', '2324*y10 - 28740000*y2'],
  ['y17', '14130000 - 1328*y10 - 531*y11 + c14/c12'],
  ['c15', 'y13/y15 - y13/0.52'],
  ['c16', '1.104 - 0.72*y15'],
  ['c17', 'y9 + x5'],
];
const ranges85: readonly (readonly [number, number])[] = [
  [17.505, 1053.6667],
  [11.275, 35.03],
  [214.228, 665.585],
  [7.458, 584.463],
  [0.961, 265.916],
  [1.612, 7.046],
  [0.146, 0.222],
  [107.99, 273.366],
  [922.693, 1286.105],
  [926.832, 1444.046],
  [18.766, 537.141],
  [1072.163, 3247.039],
  [8961.448, 26844.086],
  [0.063, 0.386],
  [71084.33, 140000],
  [2802713, 12146108],
];

const linear86 = [-15, -27, -36, -18, -12];
const quadratic86 = [
  [30, -20, -10, 32, -10],
  [-20, 39, -6, -31, 32],
  [-10, -6, 10, -6, -10],
  [32, -31, -6, 39, -20],
  [-10, 32, -10, -20, 30],
];
const cubic86 = [4, 8, 10, 6, 2];
const rows86 = [
  [-16, 2, 0, 1, 0],
  [0, -2, 0, 4, 2],
  [-3.5, 0, 2, 0, 0],
  [0, -2, 0, -4, -1],
  [0, -9, -2, 1, -2.8],
  [2, 0, -4, 0, 0],
  [-1, -1, -1, -1, -1],
  [-1, -2, -3, -2, -1],
  [1, 2, 3, 4, 5],
  [1, 1, 1, 1, 1],
];
const sides86 = [-40, -2, -0.25, -4, -4, -1, -40, -60, 5, 1];
/** Data of Colville's first problem, which problem 117 is the dual of. */
export const colville = { linear86, quadratic86, cubic86, rows86, sides86 };

const angle87 = 1.48477;
const resistance87 = 131.078;

/** Roots of μ·tan μ = 1, one in each interval [kπ, kπ + π/2], by bisection. */
function heatRoot(k: number): number {
  let low = k * Math.PI;
  let high = low + Math.PI / 2;
  for (let step = 0; step < 100; step++) {
    const middle = 0.5 * (low + high);
    if (middle * Math.tan(middle) < 1) low = middle;
    else high = middle;
  }
  return 0.5 * (low + high);
}

/**
 * Problems 88 to 92: time-optimal heating of a rod with n switching times, the temperature's distance from the target as a
 * series over 30 eigenfunctions cos(μ_j·s). They are orthogonal on [0, 1], so that the double sum of the integral of the
 * squared series, which the book writes out, has only its diagonal left.
 */
function heating(count: number): Omit<HockSchittkowskiProblem, 'number' | 'optimum'> {
  const roots = upTo(30).map((k) => heatRoot(k - 1));
  const amplitude = (mu: number): number => (2 * Math.sin(mu)) / (mu + Math.sin(mu) * Math.cos(mu));
  const definitions: (readonly [string, string])[] = upTo(count).map(
    (i) =>
      [
        `s${i}`,
        sum(
          upTo(count)
            .slice(i - 1)
            .map((k) => `x${k}^2`),
        ),
      ] as const,
  );
  roots.forEach((mu, j) => {
    const terms = upTo(count).map((i) => `${i % 2 === 1 ? '+' : '-'} ${i === 1 ? 1 : 2}*exp(-${mu * mu}*s${i})`);
    const last = count % 2 === 0 ? '+ 1' : '- 1';
    definitions.push([`r${j}`, `-(0 ${terms.join(' ')} ${last})/${mu * mu}`]);
  });
  const products: string[] = [];
  roots.forEach((mu, i) => {
    const weight = mu * mu * amplitude(mu);
    products.push(`${(weight * weight * (Math.sin(2 * mu) / (2 * mu) + 1)) / 2}*r${i}^2`);
    products.push(`${-weight * (2 / mu ** 3) * (Math.sin(mu) - mu * Math.cos(mu))}*r${i}`);
  });
  return {
    start: upTo(count).map((i) => (i % 2 === 1 ? 0.5 : -0.5)),
    definitions,
    objective: sum(upTo(count).map((i) => `x${i}^2`)),
    constraints: [`0.0001 - (2/15 + ${products.map((product) => `(${product})`).join(' + ')}) >= 0`],
    bounds: equalBounds(count, -10, 10),
  };
}

export const problems072to092: readonly HockSchittkowskiProblem[] = [
  {
    number: 72,
    start: [1, 1, 1, 1],
    bounds: upTo(4).map((i) => [0.001, 1e5 * (5 - i)] as const),
    objective: '1 + x1 + x2 + x3 + x4',
    constraints: [
      '0.0401 - 4/x1 - 2.25/x2 - 1/x3 - 0.25/x4 >= 0',
      '0.010085 - 0.16/x1 - 0.36/x2 - 0.64/x3 - 0.64/x4 >= 0',
    ],
    optimum: 727.67937,
    solution: [193.4071, 179.5475, 185.0186, 168.7062],
  },
  {
    number: 73,
    start: [1, 1, 1, 1],
    bounds: equalBounds(4, 0, infinite),
    objective: '24.55*x1 + 26.75*x2 + 39*x3 + 40.5*x4',
    constraints: [
      '2.3*x1 + 5.6*x2 + 11.1*x3 + 1.3*x4 - 5 >= 0',
      '12*x1 + 11.9*x2 + 41.8*x3 + 52.1*x4 - 21 - 1.645*sqrt(0.28*x1^2 + 0.19*x2^2 + 20.5*x3^2 + 0.62*x4^2) >= 0',
      'x1 + x2 + x3 + x4 - 1 = 0',
    ],
    optimum: 29.894378,
    solution: [0.6355216, 0, 0.3127019, 0.05177655],
  },
  { number: 74, ...powerFlow(0.55), optimum: 5126.4981, solution: [679.9453, 1026.067, 0.1188764, -0.3962336] },
  { number: 75, ...powerFlow(0.48), optimum: 5174.4129, solution: [776.1592, 925.1949, 0.05110879, -0.4288911] },
  {
    number: 76,
    start: [0.5, 0.5, 0.5, 0.5],
    bounds: equalBounds(4, 0, infinite),
    objective: 'x1^2 + 0.5*x2^2 + x3^2 + 0.5*x4^2 - x1*x3 + x3*x4 - x1 - 3*x2 + x3 - x4',
    constraints: ['5 - x1 - 2*x2 - x3 - x4 >= 0', '4 - 3*x1 - x2 - 2*x3 + x4 >= 0', 'x2 + 4*x3 - 1.5 >= 0'],
    optimum: -4.681818181,
    solution: [0.2727273, 2.090909, 0, 0.5454545],
  },
  {
    number: 77,
    start: [2, 2, 2, 2, 2],
    objective: '(x1 - 1)^2 + (x1 - x2)^2 + (x3 - 1)^2 + (x4 - 1)^4 + (x5 - 1)^6',
    constraints: ['x1^2*x4 + sin(x4 - x5) - 2*sqrt(2) = 0', 'x2 + x3^4*x4^2 - 8 - sqrt(2) = 0'],
    optimum: 0.24150513,
    solution: [1.166172, 1.182111, 1.380257, 1.506036, 0.6109203],
  },
  {
    number: 78,
    start: [-2, 1.5, 2, -1, -1],
    objective: 'x1*x2*x3*x4*x5',
    constraints: equations78,
    optimum: -2.91970041,
    solution: [-1.717142, 1.595708, 1.827248, -0.7636429, -0.7636435],
  },
  {
    number: 79,
    start: [2, 2, 2, 2, 2],
    objective: '(x1 - 1)^2 + (x1 - x2)^2 + (x2 - x3)^2 + (x3 - x4)^4 + (x4 - x5)^4',
    constraints: ['x1 + x2^2 + x3^3 - 2 - 3*sqrt(2) = 0', 'x2 - x3^2 + x4 + 2 - 2*sqrt(2) = 0', 'x1*x5 - 2 = 0'],
    optimum: 0.0787768209,
    solution: [1.191127, 1.362603, 1.472818, 1.635017, 1.679081],
  },
  {
    number: 80,
    start: [-2, 2, 2, -1, -1],
    bounds: bounds80,
    objective: 'exp(x1*x2*x3*x4*x5)',
    constraints: equations78,
    optimum: 0.0539498478,
    solution: [-1.717143, 1.595709, 1.827247, -0.7636413, -0.763645],
  },
  {
    number: 81,
    start: [-2, 2, 2, -1, -1],
    bounds: bounds80,
    objective: 'exp(x1*x2*x3*x4*x5) - 0.5*(x1^3 + x2^3 + 1)^2',
    constraints: equations78,
    optimum: 0.0539498478,
    solution: [-1.717142, 1.595709, 1.827248, -0.7636474, -0.763639],
  },
  {
    number: 83,
    start: [78, 33, 27, 27, 27],
    bounds: [[78, 102], [33, 45], ...equalBounds(3, 27, 45)],
    objective: '5.3578547*x3^2 + 0.8356891*x1*x5 + 37.293239*x1 - 40792.141',
    constraints: [
      '0 <= 85.334407 + 0.0056858*x2*x5 + 0.0006262*x1*x4 - 0.0022053*x3*x5 <= 92',
      '0 <= 80.51249 + 0.0071317*x2*x5 + 0.0029955*x1*x2 + 0.0021813*x3^2 - 90 <= 20',
      '0 <= 9.300961 + 0.0047026*x3*x5 + 0.0012547*x1*x3 + 0.0019085*x3*x4 - 20 <= 5',
    ],
    optimum: -30665.53867,
    solution: [78, 33, 29.99526, 45, 36.77581],
  },
  {
    number: 84,
    start: [2.52, 2, 37.5, 9.25, 6.8],
    bounds: [
      [0, 1000],
      [1.2, 2.4],
      [20, 60],
      [9, 9.3],
      [6.5, 7],
    ],
    objective: '24345 + 8720288.849*x1 - 150512.5253*x1*x2 + 156.6950325*x1*x3 - 476470.3222*x1*x4 - 729482.8271*x1*x5',
    constraints: [
      '0 <= -145421.402*x1 + 2931.1506*x1*x2 - 40.427932*x1*x3 + 5106.192*x1*x4 + 15711.36*x1*x5 <= 294000',
      '0 <= -155011.1084*x1 + 4360.53352*x1*x2 + 12.9492344*x1*x3 + 10236.884*x1*x4 + 13176.786*x1*x5 <= 294000',
      '0 <= -326669.5104*x1 + 7390.68412*x1*x2 - 27.8986976*x1*x3 + 16643.076*x1*x4 + 30988.146*x1*x5 <= 277200',
    ],
    optimum: -5280335.133,
    solution: [4.53743097, 2.4, 60, 9.3, 7],
  },
  {
    number: 85,
    start: [900, 80, 115, 267, 27],
    bounds: [
      [704.4148, 906.3855],
      [68.6, 288.88],
      [0, 134.75],
      [193, 287.0966],
      [25, 84.1988],
    ],
    definitions: definitions85,
    objective:
      '-5.843e-7*y17 + 1.17e-4*y14 + 2.358e-5*y13 + 1.502e-6*y16 + 0.0321*y12 + 0.004324*y5 + 1e-4*c15/c16 + 37.48*y2/c12 + 0.1365',
    constraints: [
      '1.5*x2 - x3 >= 0',
      '213.1 <= y1 <= 405.23',
      ...ranges85.map(([low, high], k) => `${low} <= y${k + 2} <= ${high}`),
      'y4 - 0.28/0.72*y5 >= 0',
      '21 - 3496*y2/c12 >= 0',
      '62212/c17 - 110.6 - y1 >= 0',
    ],
    optimum: -1.905155259,
    published: -1.90513375,
    solution: [705.1745, 68.6, 102.9, 282.3249, 37.58412],
    note: 'The published point is slightly inside the feasible set.',
  },
  {
    number: 86,
    start: [0, 0, 0, 0, 1],
    bounds: equalBounds(5, 0, infinite),
    objective: sum([
      ...linear86.map((e, j) => `${e}*x${j + 1}`),
      ...quadratic86.flatMap((row, i) => row.map((c, j) => `${c}*x${i + 1}*x${j + 1}`)),
      ...cubic86.map((d, j) => `${d}*x${j + 1}^3`),
    ]),
    constraints: rows86.map((row, i) => `${sum(row.map((a, j) => `${a}*x${j + 1}`))} - (${sides86[i]!}) >= 0`),
    optimum: -32.34867897,
    solution: [0.3, 0.33346761, 0.4, 0.4283101, 0.22396487],
  },
  {
    number: 87,
    start: [390, 1000, 419.5, 340.5, 198.175, 0.5],
    bounds: [
      [0, 400],
      [0, 1000],
      [340, 420],
      [340, 420],
      [-1000, 1000],
      [0, 0.5236],
    ],
    objective: 'if(x1 < 300, 30*x1, 31*x1) + if(x2 < 100, 28*x2, if(x2 < 200, 29*x2, 30*x2))',
    constraints: [
      `300 - x1 - x3*x4*cos(${angle87} - x6)/${resistance87} + 0.90798*x3^2*cos(1.47588)/${resistance87} = 0`,
      `-x2 - x3*x4*cos(${angle87} + x6)/${resistance87} + 0.90798*x4^2*cos(1.47588)/${resistance87} = 0`,
      `-x5 - x3*x4*sin(${angle87} + x6)/${resistance87} + 0.90798*x4^2*sin(1.47588)/${resistance87} = 0`,
      `200 - x3*x4*sin(${angle87} - x6)/${resistance87} + 0.90798*x3^2*sin(1.47588)/${resistance87} = 0`,
    ],
    optimum: 8927.5977,
    solution: [107.8119, 196.3186, 373.8307, 420, 21.30713, 0.1532919],
    note: 'The objective jumps at x1 = 300, x2 = 100 and x2 = 200.',
  },
  { number: 88, ...heating(2), optimum: 1.36265681, solution: [1.074319, -0.4566137] },
  { number: 89, ...heating(3), optimum: 1.36265681, solution: [1.074319, -0.4566137, 0] },
  {
    number: 90,
    ...heating(4),
    optimum: 1.36265681,
    solution: [0.708479, 0, 0.807599, -0.456614],
  },
  {
    number: 91,
    ...heating(5),
    optimum: 1.36265681,
    solution: [0.701893, 0, 0.813331, 0.456614, 0],
  },
  {
    number: 92,
    ...heating(6),
    optimum: 1.36265681,
    solution: [0.494144, 0, 0.614951, 0, 0.729259, -0.456613],
  },
];
