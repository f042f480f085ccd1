import { CommandError, exitCodes } from '../exit-codes.js';
import { columns } from '../render/columns.js';
import type { Checked } from './checked.js';

/** What a study stands for. */
export async function checkStudy(text: string, path: string, settings: readonly string[]): Promise<Checked> {
  const { readStudy, StudyFileError } = await import('../../harness/study/read.js');
  const { studyRuns } = await import('../../harness/study/settings.js');
  try {
    const study = readStudy(text, path, settings);
    const { workload, training, groups } = study;
    const runs = studyRuns(study);
    const seeds = new Set(runs.map(({ seed }) => seed)).size;
    const cuts = [...new Set(runs.map(({ cut }) => cut))].sort((a, b) => a - b);
    const points = new Set(runs.map(({ point }) => JSON.stringify(point))).size;
    const facts = [
      ['workload', workload.kind],
      ['training', `${training.steps} steps of ${training.batchSize} samples`],
      ['groups', String(groups.length)],
      ['points', String(points)],
      ['cuts', cuts.join(', ')],
      ['seeds', String(seeds)],
      ['runs', String(runs.length)],
    ];
    return { summary: columns(facts), conflicts: [], heading: '' };
  } catch (error) {
    if (error instanceof StudyFileError) throw new CommandError(exitCodes.badInput, error.message);
    throw error;
  }
}
