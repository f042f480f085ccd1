import { CommandError, exitCodes } from '../exit-codes.js';

/** Errors that are about the caller's files, machines or wishes, by name: the harness is loaded only when it is needed. */
const known = new Set([
  'BackendError',
  'CheckpointError',
  'CodecError',
  'ConnectionError',
  'DatasetError',
  'JoinError',
  'MissingPackageError',
  'PlanRunError',
  'ProtocolError',
  'RunRecordError',
  'ScenarioError',
  'TensorFileError',
  'TrainingOptionsError',
  'WeightError',
]);

/** Runs some work; what is wrong with a file, a connection or a wish becomes an error for people. */
export async function explained<Result>(subject: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'ScenarioError') throw new CommandError(exitCodes.badInput, error.message);
    if (known.has(error.name) || 'syscall' in error) {
      throw new CommandError(exitCodes.badInput, `${subject}: ${error.message}`);
    }
    throw error;
  }
}
