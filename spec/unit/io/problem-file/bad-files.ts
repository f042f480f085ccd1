/** A file that must be refused, and the issues that must be among those reported. */
export interface BadFile {
  readonly name: string;
  readonly text: string;
  /** Each: line, column, and parts of the message or path that must appear, in the order of the text. */
  readonly issues: readonly (readonly [line: number, column: number, ...parts: string[]])[];
}

/** A file whose last lines, from line 5 on, are given; devices come last so that a section can be added. */
const withSection = (section: string) => `version: 1
model: vit-b16
devices:
  - name: a
${section}`;

/** A file with one device, whose keys from line 5 on are given. */
const withDevice = (keys: string) => `version: 1
model: vit-b16
devices:
  - name: a
    ${keys.split('\n').join('\n    ')}
`;

export const badFiles: readonly BadFile[] = [
  { name: 'an empty file', text: '', issues: [[1, 1, 'must hold a section']] },
  { name: 'only a comment', text: '# nothing\n', issues: [[1, 1, 'must hold a section']] },
  { name: 'a list', text: '- 1\n- 2\n', issues: [[1, 1, 'must hold a section']] },
  { name: 'a bare text', text: 'hello', issues: [[1, 1, 'must hold a section']] },
  { name: 'broken YAML', text: 'version: 1\nmodel: [vit-b16\n', issues: [[3, 1, 'Flow']] },
  { name: 'a tab as indentation', text: 'version: 1\nradio:\n\tbandwidth: 1\n', issues: [[3, 1, 'ab']] },
  { name: 'a key twice', text: 'version: 1\nmodel: gpt2\nversion: 1\n', issues: [[3, 1, 'unique']] },
  { name: 'two documents', text: 'version: 1\n---\nversion: 1\n', issues: [[2, 1, 'a second document begins here']] },
  { name: 'an unknown tag', text: 'version: !!js 1\n', issues: [[1, 10, 'tag']] },
  { name: 'an unknown anchor', text: 'version: *none\n', issues: [[1, 10, 'alias']] },
  { name: 'a list as key', text: '[1, 2]: 3\n', issues: [[1, 1, 'plain word']] },
  { name: 'a dangerous key', text: '__proto__: 3\n', issues: [[1, 1, '`__proto__` cannot be a key']] },
  {
    name: 'all needed keys missing',
    text: 'name: nothing\n',
    issues: [
      [1, 1, 'version:', 'missing', 'must be 1'],
      [1, 1, 'model:', 'missing', 'preset'],
      [1, 1, 'devices:', 'missing', 'list'],
    ],
  },
  {
    name: 'a later version',
    text: withSection('').replace('version: 1', 'version: 2'),
    issues: [[1, 10, '`2`', 'must be 1']],
  },
  {
    name: 'a version in words',
    text: withSection('').replace('version: 1', 'version: one'),
    issues: [[1, 10, 'must be 1']],
  },
  {
    name: 'a misspelt section',
    text: withSection('raido:\n  bandwidth: 20 MHz\n'),
    issues: [[5, 1, 'raido', 'did you mean `radio`']],
  },
  {
    name: 'a misspelt key',
    text: withSection('radio:\n  bandwith: 20 MHz\n'),
    issues: [[6, 3, 'radio.bandwith', 'did you mean `bandwidth`']],
  },
  {
    name: 'a key like no other',
    text: withSection('lora:\n  colour: red\n'),
    issues: [[6, 3, 'lora.colour', 'unknown key', 'rank, targets']],
  },
  {
    name: 'a misspelt model',
    text: withSection('').replace('vit-b16', 'vit-b61'),
    issues: [[2, 8, 'model', '`vit-b61`', 'did you mean `vit-b16`']],
  },
  { name: 'a model that is a number', text: withSection('').replace('vit-b16', '12'), issues: [[2, 8, 'preset']] },
  {
    name: 'a preset with a strange key',
    text: withSection('').replace('vit-b16', '{ preset: gpt2, layers: 3 }'),
    issues: [[2, 24, 'model.layers', 'unknown key']],
  },
  {
    name: 'an explicit shape with gaps',
    text: withSection('').replace('vit-b16', '{ blocks: 4, width: 64, heads: 4, tokens: 16 }'),
    issues: [
      [2, 8, 'model.mlpWidth', 'missing'],
      [2, 8, 'model.embedding', 'missing'],
      [2, 8, 'model.head', 'missing'],
    ],
  },
  {
    name: 'heads that do not divide the width',
    text: withSection('').replace(
      'vit-b16',
      '{ blocks: 4, width: 64, heads: 5, mlpWidth: 9, tokens: 16, embedding: { kind: tokens, vocabulary: 9 }, head: { kind: pooler } }',
    ),
    issues: [[2, 39, 'model.heads', 'divide the width 64']],
  },
  {
    name: 'more tokens than positions',
    text: withSection('').replace('vit-b16', '{ preset: gpt2, tokens: 2048 }'),
    issues: [[2, 32, 'model.tokens', '1024 learned positions']],
  },
  {
    name: 'classes for a language model',
    text: withSection('').replace('vit-b16', '{ preset: gpt2, classes: 5 }'),
    issues: [[2, 33, 'model.classes', 'no classifier']],
  },
  {
    name: 'blocks in words',
    text: withSection('split: { minimum: two }\n'),
    issues: [[5, 19, 'split.minimum', 'number']],
  },
  { name: 'more blocks than there are', text: withSection('split: { maximum: 13 }\n'), issues: [[5, 19, '12 blocks']] },
  {
    name: 'an empty range of blocks',
    text: withSection('split: { minimum: 5, maximum: 4 }\n'),
    issues: [[5, 19, 'maximum 4']],
  },
  {
    name: 'a power for a bandwidth',
    text: withSection('radio:\n  bandwidth: 20 dBm\n'),
    issues: [[6, 14, '`20 dBm`', 'unit of a power', 'frequency']],
  },
  {
    name: 'dB for a power',
    text: withDevice('transmitPower: 23 dB'),
    issues: [[5, 20, 'devices[0].transmitPower', 'dB', 'a power such as `23 dBm`']],
  },
  {
    name: 'bits for bytes',
    text: withDevice('memory: 4 Gb'),
    issues: [[5, 13, 'devices[0].memory', 'did you mean `GB`']],
  },
  { name: 'a misspelt unit', text: withSection('deadline: 20 sec\n'), issues: [[5, 11, 'deadline', 'allowed: s, ms']] },
  {
    name: 'a unit in small letters',
    text: withSection('radio: { bandwidth: 20 mhz }\n'),
    issues: [[5, 21, 'did you mean `MHz`']],
  },
  { name: 'no number', text: withSection('deadline: soon\n'), issues: [[5, 11, '`soon`', 'not a number']] },
  { name: 'two numbers', text: withSection('deadline: 1 2 s\n'), issues: [[5, 11, 'deadline', 'no unit of a time']] },
  { name: 'true for a time', text: withSection('deadline: true\n'), issues: [[5, 11, '`true`', 'must be a time']] },
  {
    name: 'NaN',
    text: withSection('deadline: .nan\n'),
    issues: [[5, 11, 'deadline', 'not a finite number; write a time']],
  },
  { name: 'infinity', text: withDevice('memory: .inf'), issues: [[5, 13, 'devices[0].memory', 'not a finite number']] },
  { name: 'a number too large', text: withDevice('memory: 1e999 GiB'), issues: [[5, 13, 'finite']] },
  { name: 'a negative memory', text: withDevice('memory: -4 GiB'), issues: [[5, 13, 'more than 0']] },
  { name: 'no throughput', text: withDevice('throughput: 0'), issues: [[5, 17, 'more than 0']] },
  { name: 'a negative batch', text: withSection('training: { batchSize: -8 }\n'), issues: [[5, 24, 'at least 1']] },
  { name: 'half a step', text: withSection('training: { stepsPerRound: 0.5 }\n'), issues: [[5, 28, 'whole number']] },
  { name: 'no rank', text: withSection('lora: { rank: 0 }\n'), issues: [[5, 15, 'at least 1']] },
  {
    name: 'an unknown target',
    text: withSection('lora: { targets: [query, valeu] }\n'),
    issues: [[5, 26, 'lora.targets[1]', '`value`']],
  },
  {
    name: 'no targets',
    text: withSection('lora: { targets: [] }\n'),
    issues: [[5, 18, 'an empty list', 'at least 1']],
  },
  { name: 'a gate that is not there', text: withSection('lora: { targets: [gate] }\n'), issues: [[5, 19, 'no gate']] },
  { name: 'a target twice', text: withSection('lora: { targets: [key, key] }\n'), issues: [[5, 24, 'twice']] },
  {
    name: 'an unknown sharing',
    text: withSection('server: { sharing: shared }\n'),
    issues: [[5, 20, '`shared`', 'allocated, equal, batched']],
  },
  {
    name: 'an unknown path loss',
    text: withSection('radio: { pathLoss: uma2 }\n'),
    issues: [[5, 20, 'did you mean `uma`']],
  },
  {
    name: 'an unknown key of path loss',
    text: withSection('radio: { pathLoss: { model: umi, sigth: drawn } }\n'),
    issues: [[5, 34, 'radio.pathLoss.sigth', '`sight`']],
  },
  {
    name: 'certain outage',
    text: withSection('radio: { fading: { quantile: 100 % } }\n'),
    issues: [[5, 30, 'at most 0.9999']],
  },
  {
    name: 'a block wider than the band',
    text: withSection('radio: { resourceBlock: 30 MHz }\n'),
    issues: [[5, 25, 'the band 20 MHz']],
  },
  { name: 'a band of nothing', text: withSection('radio: { bandwidth: 0 Hz }\n'), issues: [[5, 21, 'more than 0']] },
  { name: 'no gain', text: withDevice('gain: 0'), issues: [[5, 11, 'devices[0].gain', 'more than 0']] },
  {
    name: 'a gain that amplifies',
    text: withDevice('gain: 100 dB'),
    issues: [[5, 11, 'below 0 dB; is `-100 dB` meant?']],
  },
  { name: 'a vanishing gain', text: withDevice('gain: -3000 dB'), issues: [[4, 5, 'no usable link']] },
  { name: 'a vanishing channel', text: withDevice('gain: 1e-40'), issues: [[4, 5, 'no usable link']] },
  { name: 'no distance', text: withDevice('distance: 0 m'), issues: [[5, 15, 'more than 0']] },
  {
    name: 'a disc inside out',
    text: withDevice('distance: { disc: { radius: 10 m, minimum: 20 m } }'),
    issues: [[5, 15, 'at most the radius']],
  },
  {
    name: 'a misspelt distribution',
    text: withDevice('throughput: { logNormale: { median: 1 GFLOP/s, sigma: 1 } }'),
    issues: [[5, 19, 'throughput.logNormale', '`logNormal`']],
  },
  {
    name: 'a distribution inside out',
    text: withDevice('throughput: { uniform: [5 GFLOP/s, 2 GFLOP/s] }'),
    issues: [[5, 17, 'least value must come first']],
  },
  {
    name: 'one bound of two',
    text: withDevice('memory: { uniform: [1 GiB] }'),
    issues: [[5, 24, 'memory.uniform', 'at least 2']],
  },
  {
    name: 'weights that do not match',
    text: withDevice('memory: { choice: [1 GiB, 2 GiB], weights: [1] }'),
    issues: [[5, 13, 'as many weights as choices (2)']],
  },
  {
    name: 'a unit inside a distribution',
    text: withDevice('memory: { choice: [1 GiB, 2 GHz] }'),
    issues: [[5, 31, 'memory.choice[1]', 'unit of a frequency']],
  },
  {
    name: 'no devices',
    text: 'version: 1\nmodel: gpt2\ndevices: []\n',
    issues: [[3, 10, 'an empty list', 'at least 1']],
  },
  {
    name: 'devices as a section',
    text: 'version: 1\nmodel: gpt2\ndevices: { a: 1 }\n',
    issues: [[3, 10, 'must be a list']],
  },
  {
    name: 'a device without name',
    text: 'version: 1\nmodel: gpt2\ndevices:\n  - memory: 1 GiB\n',
    issues: [[4, 5, 'devices[0].name', 'missing']],
  },
  {
    name: 'a device that is text',
    text: 'version: 1\nmodel: gpt2\ndevices:\n  - phone\n',
    issues: [[4, 5, 'devices[0]', '`phone`', 'section']],
  },
  {
    name: 'an empty name',
    text: "version: 1\nmodel: gpt2\ndevices:\n  - name: ''\n",
    issues: [[4, 11, 'must start with a letter']],
  },
  {
    name: 'a name twice',
    text: withSection('  - name: b\n  - name: a\n'),
    issues: [[6, 11, '`a` is also the name of devices[0]']],
  },
  {
    name: 'a name that a group uses',
    text: withDevice('count: 3').concat('  - name: a-2\n'),
    issues: [[6, 11, '`a-2` is also the name of devices[0]']],
  },
  { name: 'a group of none', text: withDevice('count: 0'), issues: [[5, 12, 'at least 1']] },
  {
    name: 'too many devices',
    text: withDevice('count: 99999').concat('  - { name: b, count: 99999 }\n'),
    issues: [[4, 3, '199998 devices']],
  },
  {
    name: 'least shares above the band',
    text: withDevice('count: 5\nminimumBandwidth: 5 MHz').concat('radio: { bandwidth: 20 MHz }\n'),
    issues: [[7, 21, 'radio.bandwidth', 'add up to 25 MHz', '20 MHz']],
  },
  {
    name: 'a least share above the band',
    text: withDevice('minimumBandwidth: 1 GHz'),
    issues: [[5, 23, 'at most the band']],
  },
  {
    name: 'least above largest share',
    text: withDevice('minimumBandwidth: 2 MHz\nmaximumBandwidth: 1 MHz'),
    issues: [[5, 23, 'at most the maximum 1 MHz']],
  },
  {
    name: 'a pinned share below the least',
    text: withDevice('minimumBandwidth: 2 MHz\npinned: { bandwidth: 1 MHz }'),
    issues: [[6, 26, 'below the least share']],
  },
  {
    name: 'pinned shares above the band',
    text: withDevice('count: 3\npinned: { bandwidth: 9 MHz }'),
    issues: [[1, 1, 'add up to 27 MHz']],
  },
  {
    name: 'pinned blocks out of range',
    text: withDevice('pinned: { blocks: 12 }'),
    issues: [[5, 23, 'pinned.blocks', '1 to 11']],
  },
  {
    name: 'a pinned share of another kind',
    text: withDevice('pinned: { bandwidth: same }'),
    issues: [[5, 26, 'pinned.bandwidth']],
  },
  {
    name: 'a point that is not there',
    text: withDevice("pinned: { point: 'top 10 %, 5 bit' }"),
    issues: [[5, 22, 'pinned.point', 'did you mean `top 10 %, 4 bit`']],
  },
  {
    name: 'a ratio that is not there',
    text: withSection('pinned: { point: 0.3 }\n'),
    issues: [[5, 18, 'no operating point', '0.2382']],
  },
  {
    name: 'different points for tied ratios',
    text: withSection(
      'codec: { points: [{ ratio: 0.1 }, { ratio: 0.2 }] }\npinned: { upPoint: 0.1, downPoint: 0.2 }\n',
    ),
    issues: [[6, 36, 'ratios: separate']],
  },
  {
    name: 'a point without size',
    text: withSection('codec: { points: [{ name: x }] }\n'),
    issues: [[5, 19, 'codec.points[0]', '`ratio`']],
  },
  {
    name: 'a point twice',
    text: withSection('codec: { points: [{ ratio: 0.1 }, { ratio: 0.1 }] }\n'),
    issues: [[5, 35, 'also the name of points[0]']],
  },
  {
    name: 'a ratio above one',
    text: withSection('codec: { points: [{ ratio: 1.2 }] }\n'),
    issues: [[5, 28, 'at most 1']],
  },
  {
    name: 'a ratio of nothing',
    text: withSection('codec: { points: [{ ratio: 0 }] }\n'),
    issues: [[5, 28, 'more than 0']],
  },
  {
    name: 'down points with tied ratios',
    text: withSection('codec:\n  downPoints: [{ ratio: 0.1 }]\n'),
    issues: [[6, 3, 'ratios: separate']],
  },
  {
    name: 'a point outside the fit',
    text: withSection('codec: { points: [{ ratio: 0.1 }, { ratio: 0.9 }] }\naccuracy: { fittedRatios: [0.01, 0.5] }\n'),
    issues: [[5, 44, 'codec.points[1].ratio', 'outside the ratios', '0.01 to 0.5']],
  },
  { name: 'an accuracy above one', text: withSection('accuracy: { minimum: 90 }\n'), issues: [[5, 22, 'at most 1']] },
  {
    name: 'two limits of accuracy',
    text: withSection('accuracy: { minimum: 90 %, maximumLoss: 1 % }\n'),
    issues: [[5, 28, 'either `minimum` or `maximumLoss`']],
  },
  {
    name: 'an unknown family',
    text: withSection('accuracy: { up: { family: powre, scale: 1, exponent: 1 } }\n'),
    issues: [[5, 27, 'accuracy.up.family', 'found `powre`', 'must be one of', 'did you mean `power`?']],
  },
  {
    name: 'a family without its parameter',
    text: withSection('accuracy: { up: { family: exponential, scale: 0.1 } }\n'),
    issues: [[5, 17, 'accuracy.up.rate', 'missing']],
  },
  {
    name: 'a table that grows',
    text: withSection('accuracy: { up: { family: table, ratios: [0.1, 0.2], losses: [1 %, 2 %] } }\n'),
    issues: [[5, 62, 'must not grow']],
  },
  {
    name: 'a table out of order',
    text: withSection('accuracy: { up: { family: table, ratios: [0.2, 0.1], losses: [2 %, 1 %, 0 %] } }\n'),
    issues: [
      [5, 42, 'must increase'],
      [5, 62, 'as many as there are ratios (2)'],
    ],
  },
  {
    name: 'cuts out of order',
    text: withSection(
      'accuracy: { up: { family: power, scale: 0, exponent: 1, cut: { cuts: [3, 1], factors: [1, 2] } } }\n',
    ),
    issues: [[5, 62, 'cuts must increase']],
  },
  {
    name: 'a profile with a wrong unit',
    text: withDevice(
      'profile: { forward: { perBlock: 3 GFLOP/s }, backward: { perBlock: 1 ms }, server: { perBlock: 1 us } }',
    ),
    issues: [[5, 37, 'devices[0].profile.forward.perBlock', 'unit of a throughput']],
  },
  {
    name: 'texts with control characters or turned reading direction',
    text: 'version: 1\nname: "a\\e[31mb\\nc"\ndescription: "two\\nlines \\u202e"\nmodel: vit-b16\ndevices:\n  - name: a\n',
    issues: [
      [2, 7, 'name', 'control characters'],
      [3, 14, 'description', 'control characters'],
    ],
  },
  {
    name: 'parts of a frame and efficiencies of nearly nothing',
    text: `version: 1
model: vit-b16
radio:
  uplinkFraction: 1e-320
  efficiency: [{ bitsPerHertz: 1e-300, snr: 0 dB }]
devices:
  - name: a
`,
    issues: [
      [4, 19, 'uplinkFraction', '0.001'],
      [5, 32, 'bitsPerHertz', '0.001'],
    ],
  },
  {
    name: 'many mistakes in several places',
    text: `version: 1
modell: vit-b16
radio:
  bandwidth: 20 dBm
training:
  batchSize: 0
devices:
  - name: a
    memory: -1
  - name: a
`,
    issues: [
      [1, 1, 'model:', 'missing'],
      [2, 1, 'did you mean `model`'],
      [4, 14, 'unit of a power'],
      [6, 14, 'at least 1'],
      [9, 13, 'more than 0'],
    ],
  },
];
