import * as z from 'zod';
import { efficiencyTableNames, scenarioSpecVersion } from '../../../models/index.js';
import { quantity, section } from './building-blocks.js';

export const pathLossModels = ['macro', 'uma', 'umi', 'rma', 'inh', 'log-distance', 'free-space'] as const;

const pathLossSection = section(() => ({
  model: z
    .enum(pathLossModels)
    .default('macro')
    .describe(
      '`macro`: 3GPP TR 36.814, 128.1 + 37.6·log10(d/km) dB; `uma`, `umi`, `rma`, `inh`: 3GPP TR 38.901 urban macro, street canyon, rural macro (buildings of 5 m, streets of 20 m) and indoor office; `log-distance`; `free-space`.',
    ),
  sight: z
    .enum(['line-of-sight', 'obstructed', 'drawn'])
    .default('drawn')
    .describe(
      'For `uma`, `umi`, `rma` and `inh`: line of sight, none, or drawn for each device by the probability of TR 38.901.',
    ),
  specVersion: z
    .literal(scenarioSpecVersion)
    .optional()
    .describe(
      'For `uma`, `umi`, `rma` and `inh`: the version of TR 38.901 that the file relies on; any other is refused.',
    ),
  exponent: z.number().min(1).max(8).default(3.67).describe('For `log-distance`: exponent of the distance.'),
  referenceLoss: quantity('level', { minimum: 0, maximum: 300 })
    .optional()
    .describe('For `log-distance`: loss at `referenceDistance`. By default that of free space.'),
  referenceDistance: quantity('length', { above: 0 })
    .prefault('1 m')
    .describe('For `log-distance`: where `referenceLoss` is measured.'),
  baseHeight: quantity('length', { minimum: 1.1, maximum: 1000 })
    .optional()
    .describe('For `uma`, `umi`, `rma` and `inh`: height of the base station, by default 25, 10, 35 and 3 m.'),
  deviceHeight: quantity('length', { minimum: 1.1, maximum: 100 })
    .prefault('1.5 m')
    .describe('For `uma`, `umi`, `rma` and `inh`: height of the devices (formulas for up to 13 m).'),
})).meta({ id: 'pathLoss', title: 'Path loss' });

const fadingSection = section(() => ({
  kind: z.enum(['rayleigh', 'rician', 'none']).default('rayleigh').describe('Small-scale fading.'),
  riceFactor: quantity('level', { minimum: -40, maximum: 60 })
    .prefault('6 dB')
    .describe('For `rician`: power of the direct path over that of the others.'),
  treatment: z
    .enum(['quantile', 'samples', 'mean'])
    .default('quantile')
    .describe(
      'Plan on a quantile of the gain, on samples of it (the mean of 1/rate), or on its mean, which is optimistic: the mean of 1/rate is 1.2 to 4.2 times what the mean gain promises at 30 to 10 dB.',
    ),
  quantile: quantity('fraction', { above: 0, maximum: 0.9999 })
    .prefault(0.1)
    .describe('For `quantile`: share of the time in which the gain is worse than planned.'),
  samples: z.int().min(1).max(10_000).default(64).describe('For `samples`: how many are drawn for each device.'),
  outage: z
    .enum(['ignored', 'resent'])
    .default('ignored')
    .describe(
      'For `quantile`: what is sent while the gain is worse than planned counts as received, or is lost and sent again, on the average 1/(1 − quantile) times.',
    ),
})).meta({ id: 'fading', title: 'Fading' });

export const radioSection = section(() => ({
  bandwidth: quantity('frequency', { above: 0 }).prefault('20 MHz').describe('Band shared by all devices.'),
  resourceBlock: quantity('frequency', { minimum: 1 })
    .optional()
    .describe(
      'Every share is a whole number of such blocks (180 kHz: 111 in 20 MHz). By default shares are continuous.',
    ),
  carrier: quantity('frequency', { above: 0 }).prefault('3.5 GHz').describe('Carrier frequency.'),
  pathLoss: z
    .union([z.enum(pathLossModels), pathLossSection])
    .prefault('macro')
    .describe('Path-loss model: its name, or a section with its parameters.'),
  shadowing: quantity('level', { minimum: 0, maximum: 40 })
    .prefault('8 dB')
    .describe('Standard deviation of log-normal shadowing, drawn once for each device (8 dB: the usual macro value).'),
  fading: z
    .union([z.enum(['rayleigh', 'rician', 'none']), fadingSection])
    .prefault('rayleigh')
    .describe('Small-scale fading: its name, or a section that also says how it is planned for.'),
  noiseDensity: quantity('power density', { above: 0 })
    .prefault('-174 dBm/Hz')
    .describe('Thermal noise at room temperature.'),
  noiseFigure: quantity('level', { minimum: 0, maximum: 60 })
    .prefault('7 dB')
    .describe('Of the base station (uplink).'),
  deviceNoiseFigure: quantity('level', { minimum: 0, maximum: 60 })
    .prefault('9 dB')
    .describe('Of the devices (downlink).'),
  antennaGain: quantity('level', { minimum: -30, maximum: 60 })
    .prefault('0 dB')
    .describe('Of the base station and the devices together.'),
  serverPower: quantity('power', { above: 0 }).prefault('46 dBm').describe('Transmit power of the base station.'),
  downlinkPower: z
    .enum(['band', 'device'])
    .default('band')
    .describe(
      'Base-station power spread evenly over the whole band, or all of it for each device (which radiates as many times as much).',
    ),
  rateLaw: z
    .enum(['shannon', 'linear'])
    .default('shannon')
    .describe(
      'Uplink rate: the device’s power over its own share, b·log2(1 + P·g/(N0·b)), or in proportion to the share.',
    ),
  efficiency: z
    .union([
      z.enum(['shannon', ...efficiencyTableNames]),
      z
        .array(
          section(() => ({
            bitsPerHertz: z.number().min(0.001).max(100).describe('Bits a second and hertz.'),
            snr: quantity('level', { minimum: -60, maximum: 120 }).describe('Least signal-to-noise ratio.'),
          })).meta({ id: 'scheme', title: 'Modulation and coding scheme' }),
        )
        .min(1)
        .max(64),
    ])
    .default('shannon')
    .describe(
      'Shannon’s law, or modulation and coding schemes: a table of 3GPP TS 38.214 (5.1.3.1-1, -2, -3), each scheme from Shannon’s ratio (and `capacityGap`) on, or own schemes with measured ratios, both increasing.',
    ),
  efficiencyLimit: z
    .number()
    .positive()
    .max(100)
    .optional()
    .describe(
      'Most bits a second and hertz of any link, in every fade: 7.4 for 256-QAM, 5.55 for 64-QAM (3GPP TS 38.214 tables 5.1.3.1-2 and -1). No limit when absent.',
    ),
  capacityGap: quantity('level', { minimum: 0, maximum: 60 })
    .prefault('0 dB')
    .describe('Power that the codes need beyond Shannon’s law (a few dB).'),
  uplinkFraction: z
    .union([z.number().min(0.001).max(0.999), z.literal('optimal')])
    .optional()
    .describe(
      'Time-division duplex: part of the frame for the uplink, the rest for the downlink; `optimal` leaves it to `solve`. By default each direction has a band of its own.',
    ),
})).meta({ id: 'radio', title: 'Radio' });

/** The whole section behind a bare name. */
export function pathLossDefaults(model: string) {
  return pathLossSection.parse({ model });
}

/** The whole section behind a bare name. */
export function fadingDefaults(kind: string) {
  return fadingSection.parse({ kind });
}
