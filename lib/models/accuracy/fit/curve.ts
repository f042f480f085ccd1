import type { AccuracyModel, CutCoefficient, LossFamily } from '../model.js';

export type FamilyName = Exclude<LossFamily['kind'], 'table'>;
/** `one`: ρ↑ alone has influence, or both ratios are tied. */
export type Directions = 'one' | 'additive' | 'product';

/** A parametric form of A(ρ↑, ρ↓, c). */
export interface CurveForm {
  readonly family: FamilyName;
  readonly cut: CutCoefficient['kind'];
  readonly directions: Directions;
}

/** A parameter of a form, as the search sees it. */
export interface CurveParameter {
  /** Name in plain units, for people. */
  readonly name: string;
  /** Whether the search moves its logarithm. */
  readonly logarithmic: boolean;
  /** In the search's own units. */
  readonly lower: number;
  readonly upper: number;
}

/** Where the parameters of one direction begin. */
interface Place {
  readonly shape: number;
  readonly scale: number;
  readonly decay: number;
}

const logarithm = (name: string, lower: number, upper: number): CurveParameter => ({
  name,
  logarithmic: true,
  lower: Math.log(lower),
  upper: Math.log(upper),
});

const shapeParameters: Readonly<Record<FamilyName, (name: string) => CurveParameter[]>> = {
  power: (name) => [logarithm(`${name} exponent`, 0.02, 20)],
  exponential: (name) => [logarithm(`${name} rate`, 0.05, 1e5)],
  logistic: (name) => [logarithm(`${name} midpoint`, 1e-6, 100), logarithm(`${name} steepness`, 0.1, 20)],
};

/**
 * A form with the cuts it was measured at. Parameters in order: the limit, then for each direction the shape, the
 * scales (one, or one for each cut) and the decay. Scales and shapes are searched by their logarithms, which keeps
 * them positive.
 */
export class Curve {
  readonly parameters: readonly CurveParameter[];
  private readonly places: readonly [Place, Place];
  readonly terms: 1 | 2;

  constructor(
    readonly form: CurveForm,
    readonly cuts: readonly number[],
  ) {
    this.terms = form.directions === 'one' ? 1 : 2;
    const shapes = form.family === 'logistic' ? 2 : 1;
    const scales = form.cut === 'measured' ? cuts.length : 1;
    const perDirection = shapes + scales + (form.cut === 'decaying' ? 1 : 0);
    const placeOf = (shape: number) => ({ shape, scale: shape + shapes, decay: shape + shapes + scales });
    this.places = [placeOf(1), placeOf(1 + perDirection)];
    const names = this.terms === 1 ? ['loss'] : ['up', 'down'];
    this.parameters = [
      { name: 'limit', logarithmic: false, lower: 0, upper: 1 },
      ...names.flatMap((name) => [
        ...shapeParameters[form.family](name),
        ...Array.from({ length: scales }, (_, k) =>
          logarithm(form.cut === 'measured' ? `${name} scale at cut ${cuts[k]!}` : `${name} scale`, 1e-40, 1e6),
        ),
        ...(form.cut === 'decaying' ? [{ name: `${name} decay`, logarithmic: false, lower: 0, upper: 10 }] : []),
      ]),
    ];
  }

  get size(): number {
    return this.parameters.length;
  }

  /** The same parameters read as losses that add up. */
  asAdditive(): Curve {
    return new Curve({ ...this.form, directions: this.terms === 2 ? 'additive' : 'one' }, this.cuts);
  }

  /** First parameter of a direction's shape, of its scales, and its decay. */
  place(term: 0 | 1): Place {
    return this.places[term];
  }

  /** Index of the measured cut that lies nearest. */
  cutIndex(cut: number): number {
    let nearest = 0;
    for (let k = 1; k < this.cuts.length; k++) {
      if (Math.abs(this.cuts[k]! - cut) < Math.abs(this.cuts[nearest]! - cut)) nearest = k;
    }
    return nearest;
  }

  /** The model with these parameters. */
  model(theta: Float64Array, fittedRatio: AccuracyModel['fittedRatio']): AccuracyModel {
    const term = (index: 0 | 1) => {
      const { shape, scale, decay } = this.place(index);
      return { family: this.familyOf(theta, shape, Math.exp(theta[scale]!)), cut: this.cutOf(theta, scale, decay) };
    };
    return {
      limit: theta[0]!,
      combination: this.form.directions === 'product' ? 'product' : 'additive',
      up: term(0),
      ...(this.terms === 2 && { down: term(1) }),
      fittedRatio,
    };
  }

  private familyOf(theta: Float64Array, shape: number, scale: number): LossFamily {
    const first = Math.exp(theta[shape]!);
    switch (this.form.family) {
      case 'power':
        return { kind: 'power', scale, exponent: first };
      case 'exponential':
        return { kind: 'exponential', scale, rate: first };
      case 'logistic':
        return { kind: 'logistic', scale, midpoint: first, steepness: Math.exp(theta[shape + 1]!) };
    }
  }

  private cutOf(theta: Float64Array, scale: number, decay: number): CutCoefficient {
    switch (this.form.cut) {
      case 'constant':
        return { kind: 'constant' };
      case 'decaying':
        return { kind: 'decaying', rate: theta[decay]! };
      case 'measured':
        // Factors are relative to the first measured cut.
        return {
          kind: 'measured',
          cuts: this.cuts,
          factors: this.cuts.map((_, k) => Math.exp(theta[scale + k]! - theta[scale]!)),
        };
    }
  }
}
