import { DenseSymmetricFactor } from '../../linalg/index.js';

/** What the iteration on an arrowhead program carries along; allocated once for a shape. */
export class ArrowheadState {
  readonly x: Float64Array;
  readonly center: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  /** Per variable: 0 free, ±1 held by a bound, ±2 held by its row (sign: which side). */
  readonly piece: Int8Array;
  readonly previousPiece: Int8Array;
  readonly shared: Float64Array;
  readonly sharedStep: Float64Array;
  readonly baseShared: Float64Array;
  readonly sharedForce: Float64Array;
  readonly sharedLower: Float64Array;
  readonly sharedUpper: Float64Array;
  readonly coupling: Float64Array;
  readonly couplingStep: Float64Array;
  readonly baseCoupling: Float64Array;
  /** Sides held of the shared bounds, then of the coupling rows. */
  readonly side: Int8Array;
  readonly previousSide: Int8Array;
  readonly couplingValue: Float64Array;
  readonly system: Float64Array;
  readonly compact: Float64Array;
  readonly rightHandSide: Float64Array;
  readonly positions: Int32Array;
  readonly factor: DenseSymmetricFactor;
  /** Row and side that give the single shared variable its tightest bound, −1 for its own. */
  lowerSource = -1;
  upperSource = -1;
  changes = 0;
  steps = 0;
  proximal = 0;

  constructor(
    readonly privateCount: number,
    readonly sharedCount: number,
    readonly couplingCount: number,
  ) {
    const n = privateCount;
    const k = sharedCount;
    const r = couplingCount;
    this.x = new Float64Array(n);
    this.center = new Float64Array(n);
    this.y = new Float64Array(n);
    this.z = new Float64Array(n);
    this.piece = new Int8Array(n);
    this.previousPiece = new Int8Array(n);
    this.shared = new Float64Array(k);
    this.sharedStep = new Float64Array(k);
    this.baseShared = new Float64Array(k);
    this.sharedForce = new Float64Array(k);
    this.sharedLower = new Float64Array(k);
    this.sharedUpper = new Float64Array(k);
    this.coupling = new Float64Array(r);
    this.couplingStep = new Float64Array(r);
    this.baseCoupling = new Float64Array(r);
    this.side = new Int8Array(k + r);
    this.previousSide = new Int8Array(k + r);
    this.couplingValue = new Float64Array(r);
    this.system = new Float64Array((k + r) ** 2);
    this.compact = new Float64Array((k + r) ** 2);
    this.rightHandSide = new Float64Array(k + r);
    this.positions = new Int32Array(k + r);
    this.factor = new DenseSymmetricFactor(k + r);
  }
}
