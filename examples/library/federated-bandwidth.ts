/**
 * Federated averaging over wireless (Tran et al., INFOCOM 2019): processor frequencies f_n and shares of the air time τ_n that
 * minimise Σ energy + κ · round, on the general solvers. Computing takes c_n·D_n cycles, (α/2)·c_n·D_n·f² joule and c_n·D_n/f seconds;
 * sending s_n bits in τ_n seconds over the whole band takes power (N₀/h_n)·(2^(s/(τB)) − 1). In ln f and ln τ all of it is convex.
 */
import { minimize } from 'sft-opt';

const users = [
  { cycles: 2.0e9, gainOverNoise: 4e1, bits: 2.5e5 },
  { cycles: 1.2e9, gainOverNoise: 1e1, bits: 2.5e5 },
  { cycles: 3.0e9, gainOverNoise: 8e1, bits: 2.5e5 },
];
const [capacitance, band, weight] = [2e-28, 1e6, 0.5];
const [slowest, fastest] = [0.3e9, 2e9];
const count = users.length;

/** x = (ln f₁ …, ln τ₁ …, ln T_computing, ln T_sending), frequencies in GHz. */
const energy = (x: ArrayLike<number>) =>
  users.reduce((sum, { cycles, gainOverNoise, bits }, n) => {
    const [frequency, time] = [1e9 * Math.exp(x[n]!), Math.exp(x[count + n]!)];
    const power = Math.expm1((bits / (time * band)) * Math.LN2) / gainOverNoise;
    return sum + (capacitance / 2) * cycles * frequency ** 2 + power * time;
  }, 0);
const round = (x: ArrayLike<number>) => Math.exp(x[2 * count]!) + Math.exp(x[2 * count + 1]!);

const solve = (kappa: number) =>
  minimize((x) => energy(x) + kappa * round(x), [...users.map(() => 0), ...users.map(() => -1), 1.5, 0.5], {
    bounds: [
      ...users.map((): [number, number] => [Math.log(slowest / 1e9), Math.log(fastest / 1e9)]),
      ...users.map((): [number, number] => [-6, 4]),
      [-6, 6],
      [-6, 6],
    ],
    constraints: {
      ...Object.fromEntries(
        users.map(({ cycles }, n) => [
          `computing ${n}`,
          { value: (x: ArrayLike<number>) => cycles / (1e9 * Math.exp(x[n]! + x[2 * count]!)), atMost: 1 },
        ]),
      ),
      'air time': {
        value: (x) => users.reduce((sum, _, n) => sum + Math.exp(x[count + n]! - x[2 * count + 1]!), 0),
        atMost: 1,
      },
    },
    convex: true,
  });

for (const kappa of [0.1 * weight, weight, 10 * weight]) {
  const result = solve(kappa);
  console.log(
    `kappa ${kappa}: ${result.success ? 'solved' : result.termination}, round ${round(result.x).toFixed(2)} s, energy ${energy(result.x).toFixed(3)} J`,
  );
}

/* prints
kappa 0.05: solved, round 5.66 s, energy 0.181 J
kappa 0.5: solved, round 2.68 s, energy 0.692 J
kappa 5: solved, round 1.63 s, energy 1.868 J
*/
