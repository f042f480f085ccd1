import { equalBounds, sum, upTo, type HockSchittkowskiProblem } from './reference.js';

const infinite = Infinity;

/** Problems 95 to 98 differ in their right-hand sides. */
function blending(
  sides: readonly [number, number, number, number],
): Omit<HockSchittkowskiProblem, 'number' | 'optimum'> {
  const [b1, b2, b3, b4] = sides;
  return {
    start: [0, 0, 0, 0, 0, 0],
    bounds: [
      [0, 0.31],
      [0, 0.046],
      [0, 0.068],
      [0, 0.042],
      [0, 0.028],
      [0, 0.0134],
    ],
    objective: '4.3*x1 + 31.8*x2 + 63.3*x3 + 15.8*x4 + 68.5*x5 + 4.7*x6',
    constraints: [
      `17.1*x1 + 38.2*x2 + 204.2*x3 + 212.3*x4 + 623.4*x5 + 1495.5*x6 - 169*x1*x3 - 3580*x3*x5 - 3810*x4*x5 - 18500*x4*x6 - 24300*x5*x6 >= ${b1}`,
      `17.9*x1 + 36.8*x2 + 113.9*x3 + 169.7*x4 + 337.8*x5 + 1385.2*x6 - 139*x1*x3 - 2450*x4*x5 - 16600*x4*x6 - 17200*x5*x6 >= ${b2}`,
      `-273*x2 - 70*x4 - 819*x5 + 26000*x4*x5 >= ${b3}`,
      `159.9*x1 - 311*x2 + 587*x4 + 391*x5 + 2198*x6 - 14000*x1*x6 >= ${b4}`,
    ],
  };
}

const accelerations99 = [0, 50, 50, 75, 75, 75, 100, 100];
const times99 = [0, 25, 50, 100, 150, 200, 290, 380];

/** Range r, height q and vertical speed s after each of the seven stages of problem 99. */
function flight(): (readonly [string, string])[] {
  const definitions: (readonly [string, string])[] = [
    ['r1', '0'],
    ['q1', '0'],
    ['s1', '0'],
  ];
  for (let i = 2; i <= 8; i++) {
    const a = accelerations99[i - 1]!;
    const span = times99[i - 1]! - times99[i - 2]!;
    const lift = `(${a}*sin(x${i - 1}) - 32)`;
    definitions.push([`r${i}`, `${a * span}*cos(x${i - 1}) + r${i - 1}`]);
    definitions.push([`q${i}`, `${0.5 * span * span}*${lift} + ${span}*s${i - 1} + q${i - 1}`]);
    definitions.push([`s${i}`, `${span}*${lift} + s${i - 1}`]);
  }
  return definitions;
}

/** Problems 101 to 103 differ in one exponent. */
function geometric(a: number): Omit<HockSchittkowskiProblem, 'number' | 'optimum'> {
  return {
    start: [6, 6, 6, 6, 6, 6, 6],
    bounds: [...equalBounds(6, 0.1, 10), [0.01, 10]],
    definitions: [
      [
        'cost',
        `10*x1*x2^(-1)*x4^2*x6^(-3)*x7^(${a}) + 15*x1^(-1)*x2^(-2)*x3*x4*x5^(-1)*x7^(-0.5) + 20*x1^(-2)*x2*x4^(-1)*x5^(-2)*x6` +
          ' + 25*x1^2*x2^2*x3^(-1)*x5^0.5*x6^(-2)*x7',
      ],
    ],
    objective: 'cost',
    constraints: [
      '1 - 0.5*x1^0.5*x3^(-1)*x6^(-2)*x7 - 0.7*x1^3*x2*x3^(-2)*x6*x7^0.5 - 0.2*x2^(-1)*x3*x4^(-0.5)*x6^(2/3)*x7^0.25 >= 0',
      '1 - 1.3*x1^(-0.5)*x2*x3^(-1)*x5^(-1)*x6 - 0.8*x3*x4^(-1)*x5^(-1)*x6^2 - 3.1*x1^(-1)*x2^0.5*x4^(-2)*x5^(-1)*x6^(1/3) >= 0',
      '1 - 2*x1*x3^(-1.5)*x5*x6^(-1)*x7^(1/3) - 0.1*x2*x3^(-0.5)*x5*x6^(-1)*x7^(-0.5) - x1^(-1)*x2*x3^0.5*x5 - 0.65*x2^(-2)*x3*x5*x6^(-1)*x7 >= 0',
      '1 - 0.2*x1^(-2)*x2*x4^(-1)*x5^0.5*x7^(1/3) - 0.3*x1^0.5*x2^2*x3*x4^(1/3)*x5^(-2/3)*x7^0.25 - 0.4*x1^(-3)*x2^(-2)*x3*x5*x7^0.75 - 0.5*x3^(-2)*x4*x7^0.5 >= 0',
      '100 <= cost <= 3000',
    ],
  };
}

/** [value, how often it was observed] in problem 105. */
const sample105: readonly (readonly [number, number])[] = [
  [95, 1],
  [105, 1],
  [110, 4],
  [115, 4],
  [120, 15],
  [125, 15],
  [130, 15],
  [135, 13],
  [140, 21],
  [145, 12],
  [150, 17],
  [155, 4],
  [160, 20],
  [165, 8],
  [170, 17],
  [175, 8],
  [180, 6],
  [185, 6],
  [190, 7],
  [195, 4],
  [200, 3],
  [205, 3],
  [210, 8],
  [215, 1],
  [220, 6],
  [230, 5],
  [235, 1],
  [240, 7],
  [245, 1],
  [250, 2],
];

export const problems093to106: readonly HockSchittkowskiProblem[] = [
  {
    number: 93,
    start: [5.54, 4.4, 12.02, 11.82, 0.702, 0.852],
    bounds: equalBounds(6, 0, infinite),
    objective:
      '0.0204*x1*x4*(x1 + x2 + x3) + 0.0187*x2*x3*(x1 + 1.57*x2 + x4) + 0.0607*x1*x4*x5^2*(x1 + x2 + x3) + 0.0437*x2*x3*x6^2*(x1 + 1.57*x2 + x4)',
    constraints: [
      '0.001*x1*x2*x3*x4*x5*x6 - 2.07 >= 0',
      '1 - 0.00062*x1*x4*x5^2*(x1 + x2 + x3) - 0.00058*x2*x3*x6^2*(x1 + 1.57*x2 + x4) >= 0',
    ],
    optimum: 135.075961,
    solution: [5.332666, 4.656744, 10.43299, 12.0823, 0.7526074, 0.87865084],
  },
  {
    number: 95,
    ...blending([4.97, -1.88, -29.08, -78.02]),
    optimum: 0.015619514,
    solution: [0, 0, 0, 0, 0, 0.00332330328],
  },
  {
    number: 96,
    ...blending([4.97, -1.88, -69.08, -118.02]),
    optimum: 0.015619514,
    solution: [0, 0, 0, 0, 0, 0.00332330328],
  },
  {
    number: 97,
    ...blending([32.97, 25.12, -29.08, -78.02]),
    optimum: 3.1358091,
    solution: [0.2685649, 0, 0, 0, 0.028, 0.0134],
  },
  {
    number: 98,
    ...blending([32.97, 25.12, -124.08, -173.02]),
    optimum: 3.1358091,
    solution: [0.2685649, 0, 0, 0, 0.028, 0.0134],
  },
  {
    number: 99,
    start: upTo(7).map(() => 0.5),
    bounds: equalBounds(7, 0, 1.58),
    definitions: flight(),
    objective: '-r8^2',
    constraints: ['q8 - 1e5 = 0', 's8 - 1e3 = 0'],
    optimum: -831079891.5,
    solution: [0.5424603, 0.5290159, 0.5084506, 0.4802693, 0.4512352, 0.4091878, 0.3527847],
  },
  {
    number: 100,
    start: [1, 2, 0, 4, 0, 1, 1],
    objective: '(x1 - 10)^2 + 5*(x2 - 12)^2 + x3^4 + 3*(x4 - 11)^2 + 10*x5^6 + 7*x6^2 + x7^4 - 4*x6*x7 - 10*x6 - 8*x7',
    constraints: [
      '127 - 2*x1^2 - 3*x2^4 - x3 - 4*x4^2 - 5*x5 >= 0',
      '282 - 7*x1 - 3*x2 - 10*x3^2 - x4 + x5 >= 0',
      '196 - 23*x1 - x2^2 - 6*x6^2 + 8*x7 >= 0',
      '-4*x1^2 - x2^2 + 3*x1*x2 - 2*x3^2 - 5*x6 + 11*x7 >= 0',
    ],
    optimum: 680.6300573,
    solution: [2.330499, 1.951372, -0.4775414, 4.365726, -0.624487, 1.038131, 1.594227],
  },
  {
    number: 101,
    ...geometric(-0.25),
    optimum: 1809.76476,
    solution: [2.856159, 0.610823, 2.150813, 4.712874, 0.9994875, 1.347508, 0.03165277],
  },
  {
    number: 102,
    ...geometric(0.125),
    optimum: 911.880571,
    solution: [3.896253, 0.8093588, 2.664386, 4.300891, 0.8535549, 1.095287, 0.02731046],
  },
  {
    number: 103,
    ...geometric(0.5),
    optimum: 543.667958,
    solution: [4.394105, 0.8544687, 2.84323, 3.399979, 0.7229261, 0.8704064, 0.02463883],
  },
  {
    number: 104,
    start: [6, 3, 0.4, 0.2, 6, 6, 1, 0.5],
    bounds: equalBounds(8, 0.1, 10),
    definitions: [['cost', '0.4*x1^0.67*x7^(-0.67) + 0.4*x2^0.67*x8^(-0.67) + 10 - x1 - x2']],
    objective: 'cost',
    constraints: [
      '1 - 0.0588*x5*x7 - 0.1*x1 >= 0',
      '1 - 0.0588*x6*x8 - 0.1*x1 - 0.1*x2 >= 0',
      '1 - 4*x3/x5 - 2*x3^(-0.71)/x5 - 0.0588*x3^(-1.3)*x7 >= 0',
      '1 - 4*x4/x6 - 2*x4^(-0.71)/x6 - 0.0588*x4^(-1.3)*x8 >= 0',
      '1 <= cost <= 4.2',
    ],
    optimum: 3.9511634396,
    solution: [6.465114, 2.232709, 0.6673975, 0.5957564, 5.932676, 5.527235, 1.013322, 0.4006682],
  },
  {
    number: 105,
    start: [0.1, 0.2, 100, 125, 175, 11.2, 13.2, 15.8],
    bounds: [
      [0.001, 0.499],
      [0.001, 0.499],
      [100, 180],
      [130, 210],
      [170, 240],
      [5, 25],
      [5, 25],
      [5, 25],
    ],
    objective: sum(
      sample105.map(
        ([y, times]) =>
          `-${times}*log((x1/x6*exp(-(${y} - x3)^2/(2*x6^2)) + x2/x7*exp(-(${y} - x4)^2/(2*x7^2)) + (1 - x2 - x1)/x8*exp(-(${y} - x5)^2/(2*x8^2)))/sqrt(2*pi))`,
      ),
    ),
    constraints: ['1 - x1 - x2 >= 0'],
    optimum: 1136.307304,
    published: 1138.41624,
    solution: [0.499, 0.352763028, 163.058218, 130.245614, 222.766943, 19.5373677, 11.8783163, 16.4148937],
    note: 'The published point has the objective 1136.670 with the published sample, below the published value; this is lower still.',
  },
  {
    number: 106,
    start: [5000, 5000, 5000, 200, 350, 150, 225, 425],
    bounds: [[100, 10000], ...equalBounds(2, 1000, 10000), ...equalBounds(5, 10, 1000)],
    objective: 'x1 + x2 + x3',
    constraints: [
      '1 - 0.0025*(x4 + x6) >= 0',
      '1 - 0.0025*(x5 + x7 - x4) >= 0',
      '1 - 0.01*(x8 - x5) >= 0',
      'x1*x6 - 833.33252*x4 - 100*x1 + 83333.333 >= 0',
      'x2*x7 - 1250*x5 - x2*x4 + 1250*x4 >= 0',
      'x3*x8 - 1250000 - x3*x5 + 2500*x5 >= 0',
    ],
    optimum: 7049.248,
    published: 7049.330923,
    solution: [579.3066, 1359.9707, 5109.9707, 182.0177, 295.60117, 217.9823, 286.41653, 395.60117],
    note: 'The published point is feasible but not optimal; 7049.2480 is attained.',
  },
];
