import fc from 'fast-check';
import { loraTargets, type LoraTarget, type TransformerShape } from '../../../lib/models/index.js';

/** One operating point of the codec, with all that it costs written out. */
export interface PointEntry {
  readonly ratio: number;
  readonly encodeTime: number;
  readonly decodeTime: number;
  readonly serverEncodeTime: number;
  readonly serverDecodeTime: number;
  readonly workspace: number;
}

/** A problem file whose every number is written out in SI units, so that a round can be played from it alone. */
export interface RoundFile {
  readonly version: 1;
  readonly model: TransformerShape & { readonly attention: 'full' | 'half' };
  readonly lora: {
    readonly rank: number;
    readonly targets: readonly LoraTarget[];
    readonly bytesPerParameter: 2 | 4;
  };
  readonly training: {
    readonly batchSize: number;
    readonly stepsPerRound: number;
    readonly activations: 'keep' | 'recompute';
    readonly attentionMemory: 'eager' | 'fused';
    readonly lowestBlock: 'whole' | 'pruned';
    readonly gradientTemporaries: 'ignored' | 'counted';
    readonly trainedHead: boolean;
    readonly weightBytes: number;
    readonly activationBytes: number;
    readonly optimizer: 'adam' | 'momentum' | 'sgd';
  };
  readonly split: { readonly minimum: number; readonly maximum: number };
  readonly codec: {
    readonly ratios: 'separate';
    readonly valueBits: number;
    readonly header: number;
    readonly points: readonly PointEntry[];
    readonly downPoints: readonly PointEntry[];
  };
  readonly exchange: {
    readonly ratio: number;
    readonly header: number;
    readonly encodeTime: number;
    readonly decodeTime: number;
  };
  readonly accuracy: { readonly minimum: 0 };
  readonly radio: {
    readonly bandwidth: number;
    readonly fading: 'none';
    readonly rateLaw: 'shannon' | 'linear';
    readonly downlinkPower: 'band' | 'device';
    readonly noiseDensity: number;
    readonly noiseFigure: number;
    readonly deviceNoiseFigure: number;
    readonly serverPower: number;
  };
  readonly server: {
    readonly throughput: number;
    readonly memory: number;
    readonly sharing: 'allocated' | 'equal' | 'batched';
    readonly aggregation: number;
    readonly batchWork?: readonly { readonly devices: number; readonly work: number }[];
  };
  readonly devices: readonly DeviceEntry[];
}

export interface DeviceEntry {
  readonly name: string;
  readonly throughput: number;
  readonly memoryOverhead: number;
  readonly gain: number;
  readonly transmitPower: number;
  readonly codecTimeFactor: number;
  readonly batchSize: number;
}

/** What one device does in the round. */
export interface Decision {
  readonly blocks: number;
  readonly upPoint: number;
  readonly downPoint: number;
  /** Part of the band, and of the server where it is divided. */
  readonly band: number;
  readonly server: number;
}

export interface RoundCase {
  readonly file: RoundFile;
  readonly decisions: readonly Decision[];
  readonly family: Family;
}

export const families = ['vit', 'gpt2', 'llama', 'bert'] as const;
export type Family = (typeof families)[number];

const size = (min: number, max: number) => fc.integer({ min, max });
const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const seconds = real(0, 1e-6);

/** Small transformers of four families, with every option of the model, cuts from none to all, and some shares. */
export function roundCases(): fc.Arbitrary<RoundCase> {
  return fc.constantFrom(...families).chain((family) => shapeOf(family).chain((shape) => caseOf(family, shape)));
}

function shapeOf(family: Family): fc.Arbitrary<TransformerShape> {
  return fc
    .record({
      blocks: size(1, 5),
      headWidth: size(1, 6),
      keyValueHeads: size(1, 3),
      group: size(1, 3),
      mlpWidth: size(1, 60),
      tokens: size(2, 30),
      words: size(2, 40),
      own: fc.boolean(),
    })
    .map(({ headWidth, keyValueHeads, group, words, own, ...common }) => {
      const grouped = family === 'llama' || own;
      const heads = grouped ? keyValueHeads * group : keyValueHeads;
      return { ...common, heads, keyValueHeads, width: headWidth * heads, ...ends(family, common.tokens, words, own) };
    });
}

function ends(family: Family, tokens: number, words: number, own: boolean) {
  const layer = { gatedMlp: false, biases: true, norm: 'layer' as const };
  const text = (positions: number, types: number, norm: boolean) =>
    ({ kind: 'tokens', vocabulary: words, positions, types, norm }) as const;
  switch (family) {
    case 'vit':
      return {
        ...layer,
        finalNorm: true,
        causal: false,
        embedding: { kind: 'patches', patchSize: 3, channels: 2, classToken: own } as const,
        head: { kind: 'classifier', classes: words } as const,
      };
    case 'gpt2':
      return {
        ...layer,
        finalNorm: true,
        causal: true,
        embedding: text(tokens + 3, 0, false),
        head: { kind: 'language-model', tied: true } as const,
      };
    case 'llama':
      return {
        gatedMlp: true,
        biases: false,
        norm: 'rms' as const,
        finalNorm: true,
        causal: true,
        embedding: text(0, 0, false),
        head: { kind: 'language-model', tied: own } as const,
      };
    case 'bert':
      return {
        ...layer,
        finalNorm: false,
        causal: false,
        embedding: text(tokens, 2, true),
        head: { kind: 'pooler' } as const,
      };
  }
}

function caseOf(family: Family, shape: TransformerShape): fc.Arbitrary<RoundCase> {
  const targets = loraTargets.filter((target) => shape.gatedMlp || target !== 'gate');
  const mayTrainHead = shape.head.kind !== 'language-model';
  const training = fc.record({
    batchSize: fc.constant(4),
    stepsPerRound: size(1, 4),
    activations: fc.constantFrom('keep' as const, 'recompute' as const),
    attentionMemory: fc.constantFrom('eager' as const, 'fused' as const),
    lowestBlock: fc.constantFrom('whole' as const, 'pruned' as const),
    gradientTemporaries: fc.constantFrom('ignored' as const, 'counted' as const),
    trainedHead: mayTrainHead ? fc.boolean() : fc.constant(false),
    weightBytes: fc.constantFrom(0.5, 2, 4),
    activationBytes: fc.constantFrom(2, 4),
    optimizer: fc.constantFrom('adam' as const, 'momentum' as const, 'sgd' as const),
  });
  return fc
    .record({
      lora: fc.record({
        rank: size(1, 4),
        targets: fc.oneof(
          fc.subarray(targets, { minLength: 1 }),
          fc.constantFrom(...targets).map((target) => [target]),
        ),
        bytesPerParameter: fc.constantFrom(2 as const, 4 as const),
      }),
      attention: fc.constantFrom('full' as const, 'half' as const),
      training,
      codec: fc.record({
        ratios: fc.constant('separate' as const),
        valueBits: fc.constantFrom(16, 32),
        header: size(0, 64),
        points: pointsList(),
        downPoints: pointsList(),
      }),
      exchange: fc.record({ ratio: real(0.05, 1), header: size(0, 90), encodeTime: seconds, decodeTime: seconds }),
      radio: radioSections(),
      server: serverSections(),
      members: fc.array(fc.tuple(deviceEntries(), decisionsIn(shape.blocks)), { minLength: 1, maxLength: 5 }),
    })
    .map(({ attention, members, ...sections }) => ({
      family,
      file: {
        ...sections,
        version: 1 as const,
        model: { ...shape, attention },
        split: { minimum: 0, maximum: shape.blocks },
        accuracy: { minimum: 0 as const },
        devices: members.map(([device], n) => ({ ...device, name: `device-${n}` })),
      },
      decisions: divided(members.map(([, decision]) => decision)),
    }));
}

/** Shares that add up to one. */
function divided(decisions: readonly Decision[]): Decision[] {
  const total = (key: 'band' | 'server') => decisions.reduce((sum, decision) => sum + decision[key], 0);
  const [band, server] = [total('band'), total('server')];
  return decisions.map((decision) => ({ ...decision, band: decision.band / band, server: decision.server / server }));
}

function pointsList(): fc.Arbitrary<PointEntry[]> {
  const point = fc.record({
    // Names are made of three digits.
    ratio: size(10, 1000).map((part) => part / 1000),
    encodeTime: seconds,
    decodeTime: seconds,
    serverEncodeTime: seconds,
    serverDecodeTime: seconds,
    workspace: real(0, 20),
  });
  // A problem file lists points by increasing ratio once it is resolved.
  return fc
    .uniqueArray(point, { selector: ({ ratio }) => ratio, minLength: 2, maxLength: 2 })
    .map((points) => points.sort((a, b) => a.ratio - b.ratio));
}

function radioSections(): fc.Arbitrary<RoundFile['radio']> {
  return fc.record({
    bandwidth: real(1e5, 1e7),
    fading: fc.constant('none' as const),
    rateLaw: fc.constantFrom('shannon' as const, 'linear' as const),
    downlinkPower: fc.constantFrom('band' as const, 'device' as const),
    noiseDensity: real(1e-21, 1e-20),
    noiseFigure: real(0, 10),
    deviceNoiseFigure: real(0, 10),
    serverPower: real(1, 40),
  });
}

function serverSections(): fc.Arbitrary<RoundFile['server']> {
  return fc
    .record({
      throughput: real(1e8, 1e10),
      memory: fc.constant(1e12),
      sharing: fc.constantFrom('allocated' as const, 'equal' as const, 'batched' as const),
      aggregation: real(0, 0.01),
      curve: fc.option(fc.tuple(real(0.6, 1), real(0.9, 1), fc.boolean())),
    })
    .map(({ curve, ...server }) => ({
      ...server,
      ...(server.sharing === 'batched' && curve && { batchWork: batchWorkOf(curve) }),
    }));
}

/** Measured at two and four devices, with or without the batch of one. */
function batchWorkOf([atTwo, further, listsOne]: readonly [number, number, boolean]) {
  const measured = [
    { devices: 2, work: atTwo },
    { devices: 4, work: atTwo * further },
  ];
  return listsOne ? [{ devices: 1, work: 1 }, ...measured] : measured;
}

function deviceEntries(): fc.Arbitrary<Omit<DeviceEntry, 'name'>> {
  return fc.record({
    throughput: real(1e7, 1e9),
    memoryOverhead: real(0, 1e4),
    gain: real(1e-13, 1e-11),
    transmitPower: real(0.05, 0.3),
    codecTimeFactor: real(0.5, 4),
    batchSize: size(1, 6),
  });
}

function decisionsIn(blocks: number): fc.Arbitrary<Decision> {
  const share = real(0.1, 1);
  // The ends of the range are alternatives of their own: as often as all between.
  const cut = fc.oneof(fc.constant(0), fc.constant(blocks), size(0, blocks), fc.constant(Math.min(1, blocks)));
  return fc.record({ blocks: cut, upPoint: size(0, 1), downPoint: size(0, 1), band: share, server: share });
}
