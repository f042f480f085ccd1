import * as z from 'zod';
import { section } from '../reading/index.js';

const count = (maximum: number) => z.int().min(1).max(maximum);

export const dataSection = section(() => ({
  set: z
    .enum(['procedural', 'tiny-imagenet', 'cifar-10', 'cifar-100', 'folder', 'grammar', 'text'])
    .default('procedural')
    .describe(
      '`procedural` images and `grammar` texts are drawn and need no files; `folder` (images) and `text` are files of one’s own at `path`; the others are read from `folder`.',
    ),
  task: z
    .enum(['class', 'next-word'])
    .optional()
    .describe(
      'Of texts: name the class of a text after its last word (default), or the next words: of `grammar` those that its rules give, of `text` all.',
    ),
  folder: z.string().min(1).optional().describe('Where the files of the data set are, relative to this file.'),
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Of `text`: a JSON Lines file, or a folder of .txt files, those of a class in a folder of its name. Of `folder`: a folder with one for the JPEG files of each class. Relative to this file.',
    ),
  evaluationPath: z
    .string()
    .min(1)
    .optional()
    .describe('Held-out texts or images, laid out as those of `path`; default: some of `path`, at most a fifth.'),
  layout: z
    .enum(['packed', 'padded'])
    .optional()
    .describe(
      'Of `text`: one text after the other without a gap (default for `next-word`), or each an example of its own, cut or filled up (always for `class`).',
    ),
  tokens: count(2 ** 20)
    .optional()
    .describe('Of `text`: tokens of an example. Default: 128, or the longest that the model allows.'),
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
  badTexts: z
    .enum(['end', 'skip'])
    .default('end')
    .describe(
      'Texts without a token for a part of them, without a class where one is needed, or in lines that are no JSON: all are named and end the training, or are left out and counted.',
    ),
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
