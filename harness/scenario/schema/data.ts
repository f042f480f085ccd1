import * as z from 'zod';
import { section } from '../../../lib/io/reading/index.js';

const count = (maximum: number) => z.int().min(1).max(maximum);

export const dataSection = section(() => ({
  set: z
    .enum(['procedural', 'tiny-imagenet', 'cifar-10', 'cifar-100', 'grammar'])
    .default('procedural')
    .describe(
      '`procedural` images and `grammar` texts are drawn and need no files; the others are read from `folder`.',
    ),
  task: z
    .enum(['class', 'next-word'])
    .optional()
    .describe('Of `grammar`: name the class of a text after its last word (default), or words that its rules give.'),
  folder: z.string().min(1).optional().describe('Where the files of the data set are, relative to this file.'),
  images: count(1e7).optional().describe('Training images or texts. Default: 2400 drawn ones, or all there are.'),
  evaluationImages: z
    .int()
    .min(0)
    .max(1e6)
    .default(480)
    .describe('Held-out images or texts on which accuracy is measured; 0 measures none.'),
  badPictures: z
    .enum(['end', 'skip'])
    .default('end')
    .describe('Files that are no whole JPEG: the first ends the training, or all are left out and counted.'),
  split: z
    .union(
      [
        z.literal('iid'),
        section(() => ({
          dirichlet: z.number().positive().max(1e6).describe('α: the smaller, the more the devices differ.'),
        })),
      ],
      { error: () => 'must be `iid` or `{ dirichlet: 0.5 }`' },
    )
    .default('iid')
    .describe('How they are shared out over the devices.'),
})).meta({ id: 'data', title: 'Data set' });
