import * as z from 'zod';
import { quantity, section, shownText } from './building-blocks.js';

const perValue = (what: string) => quantity('time', { minimum: 0, maximum: 1 }).optional().describe(what);

export const operatingPoint = section(() => ({
  name: shownText(80).min(1).optional().describe('Name in plans; by default kept fraction and bits.'),
  ratio: quantity('fraction', { above: 0, maximum: 1 })
    .optional()
    .describe(
      'Bits sent over uncompressed bits, as measured. By default the size formula of the codec: keptFraction · (bits + Golomb bits of a position) / valueBits.',
    ),
  keptFraction: quantity('fraction', { above: 0, maximum: 1 })
    .optional()
    .describe('Share of the entries that Top-K keeps.'),
  bits: z.number().min(1).max(64).optional().describe('Bits of a kept value, sign included.'),
  encodeTime: perValue(
    'Device time to encode one value of the tensor. Default: 5 ns a value and 20 ns a kept value (scalar code on a phone).',
  ),
  decodeTime: perValue('Device time to decode one value. Default: 1 ns a value and 10 ns a kept value.'),
  serverEncodeTime: perValue('Server time to encode one value. Default: a twentieth of the device’s.'),
  serverDecodeTime: perValue('Server time to decode one value. Default: a twentieth of the device’s.'),
  workspace: quantity('memory', { minimum: 0, maximum: 1024 })
    .optional()
    .describe('Work space on the device, bytes a value of the tensor. Default: 4 a value and 8 a kept value.'),
})).meta({
  id: 'operatingPoint',
  title: 'Operating point',
  description: 'One setting of the codec: a ratio, or kept fraction and bits, with what it costs.',
});

export const exchangeSection = section(() => ({
  ratio: quantity('fraction', { above: 0, maximum: 1 })
    .optional()
    .describe(
      'Bits sent over the bits of the weights themselves (`lora.bytesPerParameter`), the same in both directions. By default the size formula of the codec for `keptFraction` and `bits`; without them 1: as they are.',
    ),
  keptFraction: quantity('fraction', { above: 0, maximum: 1 })
    .optional()
    .describe('Share of the entries that Top-K keeps of the differences to the last round; `sft-opt train` codes so.'),
  bits: z.number().min(1).max(64).optional().describe('Bits of a kept difference, sign included.'),
  header: quantity('memory', { minimum: 0, maximum: 1e9 })
    .optional()
    .describe(
      'Header of one such message; on top of what a `profile` measured. Default 0, with a `calibration` and coding its own.',
    ),
  encodeTime: perValue(
    'Device time to encode one weight before the upload, times its `codecTimeFactor`. Default: 0; with `keptFraction` or `bits` that of an operating point.',
  ),
  decodeTime: perValue('Device time to decode one weight after the download, likewise.'),
  accuracyLoss: quantity('fraction', { minimum: 0, maximum: 1 })
    .prefault(0)
    .describe('Accuracy that a lossy exchange costs, as measured; taken off that of every device with adapters.'),
})).meta({ id: 'exchange', title: 'Exchange of adapters' });

const points = z.array(operatingPoint).min(1).max(64);

export const codecSection = section(() => ({
  points: points
    .prefault([
      { keptFraction: 0.02, bits: 4, ratio: 0.01095, encodeTime: '11 ns', decodeTime: '10.5 ns' },
      { keptFraction: 0.05, bits: 4, ratio: 0.01881, encodeTime: '13 ns', decodeTime: '7 ns' },
      { keptFraction: 0.1, bits: 4, ratio: 0.03027, encodeTime: '18 ns', decodeTime: '7 ns' },
      { keptFraction: 0.2, bits: 4, ratio: 0.04818, encodeTime: '20 ns', decodeTime: '9 ns' },
      { keptFraction: 0.3, bits: 4, ratio: 0.06485, encodeTime: '28 ns', decodeTime: '9 ns' },
      { keptFraction: 0.5, bits: 4, ratio: 0.08975, encodeTime: '40 ns', decodeTime: '13 ns' },
      { keptFraction: 1, bits: 4, ratio: 0.1078, encodeTime: '122 ns', decodeTime: '12 ns' },
      { keptFraction: 1, bits: 8, ratio: 0.2382, encodeTime: '123 ns', decodeTime: '16 ns' },
    ])
    .describe(
      'Operating points that a device may use. The default is what the study of the small transformer measured with this codec (`study/embedded.csv`): for each ratio a setting that no other of this ratio or less outdid by accuracy, ratios of real activations and gradients, times of one core of a server. `codecTimeFactor` of a device scales the times.',
    ),
  downPoints: points
    .optional()
    .describe('Own operating points for the gradients; only with `ratios: separate`. By default those of `points`.'),
  ratios: z
    .enum(['tied', 'separate'])
    .default('tied')
    .describe('One operating point for both directions, or one for activations up and one for gradients down.'),
  valueBits: z
    .union([z.literal(8), z.literal(16), z.literal(32), z.literal(64)])
    .default(32)
    .describe('Bits of an uncompressed value (32 for FP32, 16 for FP16).'),
  header: quantity('memory', { minimum: 0, maximum: 1e6 }).prefault('64 B').describe('Header of one message.'),
})).meta({ id: 'codec', title: 'Codec' });
