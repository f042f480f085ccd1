import { randomStream } from '../../lib/random/index.js';
import type { ProblemText } from './modeller.js';

/**
 * A network of stirred reactors with recycles (after Floudas et al. 1999, chapter 8.3): flows between feed, units and product,
 * compositions and volumes are variables in bounds, balances of flows and species are bilinear equations, and the yield of a middle
 * species of a chain of reactions is to be as large as possible. Half of the starts have everything at 0, where the balances depend on each other.
 */
export function reactorNetwork(units: number, species: number, seed: number): ProblemText {
  const random = randomStream(seed, `network-${units}-${species}`);
  const numbers = new Map<string, number>();
  const lower: number[] = [];
  const upper: number[] = [];
  const variable = (name: string, high: number): string => {
    if (!numbers.has(name)) {
      numbers.set(name, numbers.size + 1);
      lower.push(0);
      upper.push(high);
    }
    return `x${numbers.get(name)!}`;
  };
  const flow = (from: string | number, to: string | number): string => variable(`flow ${from} ${to}`, 10);
  const share = (unit: string | number, kind: number): string => variable(`share ${unit} ${kind}`, 1);
  const volume = (unit: number): string => variable(`volume ${unit}`, 8);
  const all = Array.from({ length: units }, (_, k) => k);
  const rates = Array.from({ length: species - 1 }, () => 0.2 + 2 * random.uniform());
  const reaction = (unit: number, kind: number): string =>
    `${volume(unit)}*${rates[kind]!}*${share(unit, kind)}${kind === 0 ? '^2' : ''}`;
  const constraints = [`${all.map((k) => flow('feed', k)).join('+')}=10`];
  for (const k of all) {
    const others = all.filter((j) => j !== k);
    const entering = [flow('feed', k), ...others.map((j) => flow(j, k))].join('+');
    const leaving = [flow(k, 'product'), ...others.map((j) => flow(k, j))].join('+');
    constraints.push(`${entering}-(${leaving})=0`);
    for (let kind = 0; kind < species; kind++) {
      const mixed = others.map((j) => `+${flow(j, k)}*${share(j, kind)}`).join('');
      const made = kind > 0 ? `+${reaction(k, kind - 1)}` : '';
      const used = kind < species - 1 ? `-${reaction(k, kind)}` : '';
      constraints.push(
        `${kind === 0 ? 1 : 0}*${flow('feed', k)}${mixed}${made}${used}-${share(k, kind)}*(${leaving})=0`,
      );
    }
  }
  constraints.push(`${all.map(volume).join('+')}=12`);
  for (let kind = 0; kind < species; kind++) {
    const product = all.map((k) => `${flow(k, 'product')}*${share(k, kind)}`).join('+');
    constraints.push(`${product}-10*${share('product', kind)}=0`);
  }
  const atZero = random.uniform() < 0.5;
  return {
    name: `network-${units}-${species}-${seed}`,
    objective: `-${share('product', Math.floor(species / 2))}`,
    constraints,
    start: upper.map((high) => (atZero ? 0 : random.uniform() * high)),
    lower,
    upper,
  };
}
