import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CommandError, exitCodes } from '../../bin/exit-codes.js';
import { readCsv } from '../../bin/fit/csv.js';
import { optionalPackage } from '../../harness/optional-package.js';
import { BackendError } from '../../harness/backend/tensorflow.js';
import { openScenario } from '../../harness/scenario/read.js';
import { problemCases } from '../../lib/validation/index.js';
import { stateProgram } from '../../lib/certify/state-program.js';
import { readStudy } from '../../harness/study/read.js';
import { StudyError } from '../../harness/study/study.js';
import { recordedRun } from '../../harness/server/run-record.js';
import { decode, encode } from '../../lib/codec/index.js';
import { readMeasuredProfile } from '../../lib/io/index.js';
import { checkJpeg } from '../../lib/io/images/jpeg.js';
import { readNl } from '../../lib/io/nl/index.js';
import { readSafetensors } from '../../lib/io/tensors/index.js';
import { definePlanningProblem, minimize, parseProblemFile, solveQp, type NonlinearProgram } from '../../lib/index.js';
import { minimize as minimizeProgram } from '../../lib/minimize/index.js';
import { fitAccuracy } from '../../lib/models/index.js';
import { SchemeAnswerError } from '../../lib/simulate/index.js';
import { catalogue } from '../../scripts/error-catalogue.js';
import { errorsPage } from '../../scripts/errors-page.js';

const root = new URL('../../', import.meta.url);
const sources = ['lib', 'harness', 'bin'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: `${folder}/${path}`, text: readFileSync(new URL(`${folder}/${path}`, root), 'utf8') })),
);
const entries = Object.values(catalogue).flat();

/** Never seen by a caller: caught where they arise, or about requests (docs/serve.md has those codes). */
const internal = ['LimitMet', 'SeveralRunsError', 'FileIssuesError', 'ThreadLost', 'Refusal'];

describe('the catalogue of errors', () => {
  it('has every class of errors, with the codes that the class has', () => {
    for (const { path, text } of sources) {
      for (const [, name, body] of text.matchAll(/class (\w+) extends \w*Error \{(.*?)^\}/gmsu)) {
        if (internal.includes(name!)) continue;
        const fixed = /readonly code(?:: string)? = '([a-z-]+)';/u.exec(body!)?.[1];
        const listed = entries.filter(({ error }) => error === name).map(({ code }) => code);
        expect(listed.length, `${path}: ${name} is in the catalogue`).toBeGreaterThan(0);
        if (fixed !== undefined) expect(listed, name).toEqual([fixed]);
        else expect(body, `${path}: ${name} has a code`).toMatch(/readonly code: /u);
      }
    }
  });

  it('has no code twice in a class, and none whose class is gone', () => {
    const keys = entries.map(({ error, code }) => `${error} ${code}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { error, code } of entries) {
      const declared = sources.find(({ text }) => new RegExp(`class ${error} extends`, 'u').test(text));
      expect(declared, error).toBeDefined();
      expect(declared!.text, `${error} ${code}`).toContain(`'${code}'`);
    }
  });

  it('is what errors are made of: nothing is thrown without a code but where a caller cannot be at fault', () => {
    // Examples in comments throw what they like.
    const plain = sources.flatMap(({ path, text }) =>
      /throw new (?:Error|RangeError|TypeError)\(/u.test(text.replaceAll(/^ *\/\*\*[\s\S]*?\*\/$/gmu, ''))
        ? [path]
        : [],
    );
    expect(plain.sort()).toEqual(invariants);
  });

  it('is the page of the documentation', async () => {
    expect(readFileSync(new URL('docs/errors.md', root), 'utf8')).toBe(await errorsPage());
  });

  it('has a test of each class', () => {
    const specs = readdirSync(new URL('spec/', root), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.spec.ts'))
      .map((path) => readFileSync(new URL(`spec/${path}`, root), 'utf8'))
      .join('\n');
    expect(entries.filter(({ error }) => !specs.includes(error))).toEqual([]);
  });
});

const noNumbers = new Float64Array(0);
const circle: NonlinearProgram = {
  meta: {
    variableCount: 1,
    constraintCount: 1,
    lower: Float64Array.of(-1),
    upper: Float64Array.of(1),
    constraintLower: Float64Array.of(0),
    constraintUpper: Float64Array.of(1),
    start: Float64Array.of(0),
  },
  objective: ([x]) => x! * x!,
  constraints: ([x], values) => void (values[0] = x!),
};
const absent = ['no', 'such', 'package'].join('-');
const shortProgram = {
  linear: Float64Array.of(1),
  constraintLower: noNumbers,
  constraintUpper: noNumbers,
  lower: noNumbers,
  upper: Float64Array.of(1),
};
const unreachable = {
  linear: Float64Array.of(1),
  constraintLower: noNumbers,
  constraintUpper: noNumbers,
  lower: Float64Array.of(Infinity),
  upper: Float64Array.of(Infinity),
};
const message = encode(Float32Array.of(1, 2, 3, 4), [2, 2]);
const changed = (place: number, by: number) => message.map((byte, k) => (k === place ? byte ^ by : byte));

describe('what is thrown has its code', () => {
  const cases: readonly (readonly [name: string, code: string, cause: () => unknown])[] = [
    ['ArgumentError', 'argument', () => solveQp(shortProgram)],
    ['ArgumentError', 'unsuitable', () => minimizeProgram(circle, { method: 'bound' } as never)],
    ['OptionsError', 'options', () => solveQp({} as never, { method: 'guess' } as never)],
    ['InputError', 'input', () => minimize((x) => x[0], [NaN])],
    ['ProblemError', 'nlp-problem', () => minimizeProgram({ ...circle, meta: { ...circle.meta, lower: noNumbers } })],
    [
      'ProblemDefinitionError',
      'problem-definition',
      () => definePlanningProblem({ blocks: 0, bandwidthHz: -1, devices: [] }),
    ],
    ['ProblemFileError', 'problem-file', () => parseProblemFile('model: 3')],
    ['MeasuredProfileError', 'measured-profile', () => readMeasuredProfile('{}')],
    [
      'SchemeAnswerError',
      'scheme-answer',
      () => Promise.reject(new SchemeAnswerError('mine', 'decide in round 0', ['throws: no idea'])),
    ],
    ['AccuracyFitError', 'accuracy-fit', () => fitAccuracy([])],
    ['NlError', 'nl-file', () => readNl('no model')],
    ['TensorFileError', 'tensor-file', () => readSafetensors(Uint8Array.of(1, 2, 3))],
    ['ImageFileError', 'image-file', () => checkJpeg(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))],
    ['CodecError', 'not-finite', () => encode(Float32Array.of(NaN), [1])],
    ['CodecError', 'out-of-range', () => encode(Float32Array.of(1e30), [1], { values: 'float16', selection: 'all' })],
    ['CodecError', 'bad-argument', () => encode(Float32Array.of(1), [2])],
    ['CodecError', 'truncated', () => decode(message.subarray(0, 3))],
    ['CodecError', 'malformed', () => decode(changed(0, 1))],
    ['CodecError', 'checksum', () => decode(changed(message.length >> 1, 1))],
    ['CodecError', 'limit', () => decode(message, { maxBytes: 1 })],
    ['NotCertifiable', 'not-certifiable', () => stateProgram(unreachable, [])],
    ['ScenarioError', 'scenario-file', () => openScenario(fileURLToPath(new URL('examples/minimal.yaml', root)))],
    ['ValidationProblemError', 'validation-problem', () => problemCases('devices: 3', '', 'cell.yaml', 1)],
    ['BackendError', 'backend', () => Promise.reject(new BackendError('no backend could be loaded'))],
    ['StudyFileError', 'study-file', () => readStudy('seeds: 3', 'study.yaml')],
    ['RunRecordError', 'run-record', () => recordedRun(fileURLToPath(new URL('README.md', root)))],
    ['StudyError', 'study', () => Promise.reject(new StudyError('a worker process ended by itself'))],
    ['CsvError', 'csv-file', () => readCsv('a,b\n1')],
    ['CommandError', 'command', () => Promise.reject(new CommandError(exitCodes.badInput, 'no'))],
    ['MissingPackageError', 'missing-package', () => optionalPackage(absent, () => import(absent))],
  ];

  it.each(cases)('%s: %s', async (name, code, cause) => {
    await expect(Promise.resolve().then(cause)).rejects.toMatchObject({ name, code });
  });
});

/** Files with checks of our own work, or whose errors are caught and told as issues. */
const invariants = [
  'bin/fit/splice.ts',
  'harness/backend/live-bytes.ts',
  'harness/backend/tensorflow.ts',
  'harness/model/adapters.ts',
  'harness/model/block-run.ts',
  'harness/model/head-run.ts',
  'harness/model/held-tape.ts',
  'harness/model/parts.ts',
  'harness/server/device-work.ts',
  'harness/server/round-phase.ts',
  'lib/io/problem-file/origin.ts',
  'lib/io/problem-file/read.ts',
  'lib/io/scenario-file/read.ts',
  'lib/io/scenario-file/trace.ts',
  'lib/plan/bandwidth/custom-search.ts',
  'lib/plan/bandwidth/share-search.ts',
  'lib/plan/bandwidth/sqp.ts',
  'lib/schema/field.ts',
  'lib/simulate/world.ts',
  'lib/validation/predict.ts',
  'lib/verify/programs/dyadic.ts',
];
