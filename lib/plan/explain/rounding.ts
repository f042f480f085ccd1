/** The least number of so many significant digits that is not below `value`. */
export function nextUp(value: number, digits: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const rounded = Number(value.toPrecision(digits));
  if (rounded >= value) return rounded;
  const exponent = Math.floor(Math.log10(Math.abs(value))) - digits + 1;
  return Number((rounded + 10 ** exponent).toPrecision(digits));
}

/** Two numbers as text with as many digits as it takes to tell them apart. */
export function toldApart(
  a: number,
  b: number,
  show: (value: number, digits: number) => string,
  fewest = 4,
): [string, string] {
  for (let digits = fewest; digits < 15; digits++) {
    const pair: [string, string] = [show(a, digits), show(b, digits)];
    if (pair[0] !== pair[1]) return pair;
  }
  return [show(a, 15), show(b, 15)];
}
