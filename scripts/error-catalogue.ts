/** One code of an error: what it says, and what to do. The code is a field of the error and does not change. */
export interface CatalogueEntry {
  /** Class of the error. */
  readonly error: string;
  readonly code: string;
  readonly says: string;
  readonly cure: string;
}

const entry = (error: string, code: string, says: string, cure: string): CatalogueEntry => ({
  error,
  code,
  says,
  cure,
});

/** Errors of the library, which run in a browser as well. */
const library: readonly CatalogueEntry[] = [
  entry(
    'ArgumentError',
    'argument',
    'A length, index or value does not fit the others.',
    'Mend what the message names.',
  ),
  entry(
    'ArgumentError',
    'unsuitable',
    'A method is not made for this problem.',
    'Take the method that the message points to.',
  ),
  entry(
    'OptionsError',
    'options',
    'Options are unknown or outside their range.',
    '`issues` names each with what is allowed.',
  ),
  entry('InputError', 'input', 'Lists and functions given to the easy door do not fit.', '`issues` names each place.'),
  entry('ProblemError', 'nlp-problem', 'A nonlinear program contradicts itself.', '`issues` names each place.'),
  entry(
    'NotCertifiable',
    'not-certifiable',
    'No exact certificate can state this program.',
    'Solve without `certificate: true`.',
  ),
  entry(
    'CertificateError',
    'certificate',
    'A certificate cannot be read.',
    'The path in the message is where it is wrong.',
  ),
  entry(
    'ProblemDefinitionError',
    'problem-definition',
    'Parts of an own planning problem are wrong.',
    '`issues` names each with what is allowed.',
  ),
  entry(
    'ProblemFileError',
    'problem-file',
    'A problem file has mistakes.',
    '`issues` names each with line and column; `sft-opt check` too.',
  ),
  entry(
    'MeasuredProfileError',
    'measured-profile',
    'A profile of a machine cannot be read.',
    'Make it anew by `sft-opt calibrate`.',
  ),
  entry(
    'SchemeAnswerError',
    'scheme-answer',
    'A scheme of a simulation throws, or answers with no plan or another cell.',
    '`issues` names each device with what is allowed.',
  ),
  entry(
    'AccuracyFitError',
    'accuracy-fit',
    'Runs do not allow a fit of accuracy.',
    '`problems` says what is missing; measure more ratios.',
  ),
  entry(
    'NlError',
    'nl-file',
    'A `.nl` or `.sol` file cannot be taken.',
    'The position says where; `unsupported` whether it may be in order.',
  ),
  entry('TensorFileError', 'tensor-file', 'A file of tensors cannot be read.', 'The byte says where; write it again.'),
  entry('ImageFileError', 'image-file', 'An image cannot be decoded.', 'Only baseline and progressive JPEG are read.'),
  entry('CodecError', 'not-finite', 'A value is NaN or infinite.', '`position` is its index; mend the training.'),
  entry('CodecError', 'out-of-range', 'A value does not fit float16.', 'Send float32, or levels.'),
  entry('CodecError', 'bad-argument', 'Settings or shape make no sense.', 'The message names the setting.'),
  entry('CodecError', 'truncated', 'A message ends too early.', 'Send it again.'),
  entry(
    'CodecError',
    'malformed',
    'Bytes are no message of this codec.',
    'Look who wrote them; `position` is the byte.',
  ),
  entry('CodecError', 'checksum', 'A message was changed on its way.', 'Send it again.'),
  entry('CodecError', 'unsupported-version', 'A message is of a later version.', 'Update the reader.'),
  entry('CodecError', 'limit', 'Decoding needs more than was allowed.', 'Raise `maxBytes` if you trust the sender.'),
];

/** Errors of the harness, which trains for real. */
const harness: readonly CatalogueEntry[] = [
  entry(
    'MissingPackageError',
    'missing-package',
    'An optional package is not installed.',
    'Run the command of the message.',
  ),
  entry(
    'ScenarioError',
    'scenario-file',
    'A scenario of a training has mistakes.',
    '`issues` names each with line and column.',
  ),
  entry('StudyFileError', 'study-file', 'A study file has mistakes.', '`issues` names each with line and column.'),
  entry(
    'TrainingOptionsError',
    'training-options',
    'Options of a training contradict each other.',
    'Mend what the message names.',
  ),
  entry(
    'OptimizerError',
    'optimizer',
    'A step of the optimizer cannot be taken.',
    'Gradients are not those of the adapters.',
  ),
  entry('WeightError', 'weights', 'Weights do not fit the model.', 'Take weights of that model and image size.'),
  entry('DatasetError', 'dataset', 'Images of a data set cannot be read.', 'The message names the file.'),
  entry(
    'AdapterFileError',
    'adapter-file',
    'An adapter file is not of this model.',
    'Take the base model, rank and targets it was made with.',
  ),
  entry(
    'AdapterMismatchError',
    'adapter-mismatch',
    'Adapters that are averaged differ in shape.',
    'All devices need one rank and one set of targets.',
  ),
  entry(
    'BackendError',
    'backend',
    'A backend of TensorFlow.js does not start.',
    'Take `--backend cpu`, or install what the message names.',
  ),
  entry(
    'PlanRunError',
    'plan-run',
    'A plan cannot be run by the harness.',
    'Plan with the model and points of the scenario.',
  ),
  entry(
    'ValidationProblemError',
    'validation-problem',
    'A problem file cannot be validated.',
    'Name the profile in the file; the message says more.',
  ),
  entry(
    'CheckpointError',
    'checkpoint',
    'A checkpoint cannot be used.',
    'Start without `--resume`, or in another folder.',
  ),
  entry('RunRecordError', 'run-record', 'A run record belongs to another run.', 'Name another file by `--record`.'),
  entry('StudyError', 'study', 'A worker of a study failed.', 'Start again: finished runs are kept.'),
  entry(
    'RunsFileError',
    'runs-file',
    'A file of runs cannot be continued.',
    'Name another file, or mend the line that is named.',
  ),
  entry(
    'JoinError',
    'join',
    'A device was not let in.',
    'The server’s reason is in the message: token, name or settings.',
  ),
  entry('ProtocolError', 'protocol', 'The other side does not keep to the protocol.', 'Run one version on both sides.'),
  entry(
    'ConnectionError',
    'closed',
    'A connection ended.',
    'The device joins again by itself while the round allows it.',
  ),
  entry(
    'ConnectionError',
    'timeout',
    'Nothing came in time.',
    'Raise the time of the scenario, or look at the other side.',
  ),
  entry(
    'ConnectionError',
    'frame',
    'Bytes came that are no frame.',
    'Look who sends them; run one version on both sides.',
  ),
  entry('ConnectionError', 'unreachable', 'A connection could not be made.', 'Look at address, port and firewall.'),
  entry('FrameError', 'malformed', 'Bytes are no frame of the protocol.', 'Look who sends them.'),
  entry('FrameError', 'version', 'A frame is of another version.', 'Run one version on both sides.'),
  entry('FrameError', 'length', 'A frame is longer than accepted.', 'Raise the limit if you trust the sender.'),
  entry(
    'FrameError',
    'checksum',
    'A frame was changed on its way.',
    'The connection is closed; the device joins again.',
  ),
  entry(
    'FrameError',
    'sequence',
    'A frame is missing or came twice.',
    'The connection is closed; the device joins again.',
  ),
  entry('FrameError', 'flood', 'More came than is taken unread.', 'The other side sends without waiting.'),
];

/** Errors of the commands. */
const commands: readonly CatalogueEntry[] = [
  entry(
    'CommandError',
    'command',
    'A command cannot do what it was asked.',
    'The message says why; the exit code says which kind.',
  ),
  entry('CsvError', 'csv-file', 'A CSV file is not one table.', 'The message names the line.'),
  entry('RunsError', 'fit-runs', 'Runs lack columns that a fit needs.', 'Name the columns by options.'),
  entry(
    'IntoError',
    'fit-into',
    'A fit cannot be written into the problem file.',
    'Write the section as indented lines.',
  ),
];

/** By where they come from. */
export const catalogue = { library, harness, commands } as const;
