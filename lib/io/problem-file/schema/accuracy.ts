import * as z from 'zod';
import { fraction, quantity, section, shownText } from './building-blocks.js';

const cutInfluence = z
  .union([
    z.literal('constant'),
    section(() => ({
      decay: z.number().min(0).max(10).describe('The loss falls by exp(−decay · blocks on the device).'),
    })),
    section(() => ({
      cuts: z.array(z.number().min(0)).min(2).describe('Measured numbers of blocks on the device, increasing.'),
      factors: z.array(z.number().min(0)).min(2).describe('Factor of the loss at each; linear between them.'),
    })),
  ])
  .meta({ id: 'cut', title: 'Influence of the cut', description: '`constant` for none, or one of these:' });

const cut = cutInfluence.default('constant').describe('How the loss depends on where the model is cut.');

const scale = z.number().min(0).max(1e6);
const positive = z.number().positive().max(1e6);

const lossTerm = z
  .discriminatedUnion('family', [
    section(() => ({
      family: z.literal('power').describe('Loss = scale · ratio^(−exponent).'),
      scale: scale.describe('Loss at ratio 1.'),
      exponent: positive.describe('Exponent of the ratio.'),
      cut,
    })),
    section(() => ({
      family: z.literal('exponential').describe('Loss = scale · exp(−rate · ratio).'),
      scale: scale.describe('Loss as the ratio goes to 0.'),
      rate: positive.describe('How fast the loss falls with the ratio.'),
      cut,
    })),
    section(() => ({
      family: z.literal('logistic').describe('Loss = scale / (1 + (ratio / midpoint)^steepness).'),
      scale: scale.describe('Loss as the ratio goes to 0.'),
      midpoint: positive.describe('Ratio at which half of `scale` is lost.'),
      steepness: positive.describe('Steepness in the logarithm of the ratio.'),
      cut,
    })),
    section(() => ({
      family: z.literal('table').describe('Measured losses, linear in the logarithm of the ratio between them.'),
      ratios: z
        .array(quantity('fraction', { above: 0, maximum: 1 }))
        .min(2)
        .max(1000)
        .describe('Ratios, increasing.'),
      losses: z.array(fraction()).min(2).max(1000).describe('Accuracy lost at each, not increasing.'),
      cut,
    })),
  ])
  .meta({ id: 'loss', title: 'Loss of accuracy' });

export const accuracySection = section(() => ({
  minimum: fraction().optional().describe('Least final accuracy accepted. Give this or `maximumLoss`.'),
  maximumLoss: fraction()
    .optional()
    .describe('Accuracy that may be lost against `limit`. 1 % by default when `minimum` is absent.'),
  scope: z
    .enum(['mean', 'each'])
    .default('mean')
    .describe('The limit holds for the weighted mean over the devices, or for each of them.'),
  limit: fraction()
    .prefault('91.7 %')
    .describe(
      'Accuracy without any compression. Default: DeiT-Tiny fine-tuned with LoRA, measured with this codec; of decoders 84.67 %, of the small one that comes with sft-opt.',
    ),
  leftOut: fraction()
    .optional()
    .describe(
      'Accuracy of the model on the data of an `optional` device that is left out; its weight then stays in the mean (`scope: mean` only). By default its weight leaves the mean, and nothing is charged.',
    ),
  combination: z
    .enum(['additive', 'product'])
    .default('additive')
    .describe('Losses of the two directions add up, or what they keep multiplies.'),
  up: lossTerm
    .prefault({ family: 'power', scale: 0.002, exponent: 0.9, cut: { decay: 0.5 } })
    .describe(
      'Loss through compressed activations; with tied ratios and no `down` it speaks for both directions. The default follows a measurement on DeiT-Tiny, where a cut near the input costs most; that of decoders, `{ family: power, scale: 0.0000412, exponent: 2.31 }`, one on the small decoder, naming next words. Replace it by your own fit.',
    ),
  down: lossTerm.optional().describe('Loss through compressed gradients.'),
  fittedRatios: z
    .tuple([quantity('fraction', { above: 0, maximum: 1 }), quantity('fraction', { above: 0, maximum: 1 })])
    .optional()
    .describe('Least and largest ratio of the measurements behind the model; operating points outside are refused.'),
  fittedCuts: z
    .tuple([z.number().min(0).max(1000), z.number().min(0).max(1000)])
    .optional()
    .describe('Least and most blocks on the device in those measurements; splits outside are refused.'),
  allowExtrapolation: z
    .boolean()
    .default(false)
    .describe('Accept operating points outside `fittedRatios`, and splits outside `fittedCuts` or measured `cuts`.'),
  spread: section(() => ({
    deviation: z.number().min(0).max(20).describe('Deviation of the natural logarithm of the loss.'),
    degreesOfFreedom: z
      .int()
      .min(1)
      .max(1000)
      .describe('Of that deviation: tasks measured less one; with one task, seeds.'),
  }))
    .meta({ id: 'spread', title: 'Uncertainty of the losses' })
    .optional()
    .describe(
      'How far the losses of another task (with one task: of this one again) may be from `up` and `down`; `sft-opt fit --paired` measures it.',
    ),
  confidence: quantity('fraction', { minimum: 0.5, maximum: 0.9999 })
    .optional()
    .describe(
      'Chance with which a plan must keep its accuracy by `spread`: losses count at that end of their interval (50 %: as fitted).',
    ),
  measuredOn: shownText(200)
    .min(1)
    .optional()
    .describe(
      'Model that the losses were measured on; another one in `model` is warned of. The default ones: `deit-tiny`, or the small decoder.',
    ),
  allowOtherModel: z.boolean().default(false).describe('Use losses of another model without a warning.'),
})).meta({ id: 'accuracy', title: 'Accuracy' });
