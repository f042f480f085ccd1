import type { SiteModel } from '../../lib/models/index.js';

/** A macro cell of TR 38.901 with sight and shadowing drawn along paths. */
export const urbanMacroSite: SiteModel = {
  pathLoss: {
    kind: 'scenario',
    scenario: 'uma',
    sight: 'drawn',
    carrierHz: 3.5e9,
    baseHeightMetre: 25,
    deviceHeightMetre: 1.5,
  },
  shadowing: {
    los: { deviationDecibel: 4, decorrelationMetre: 37 },
    nlos: { deviationDecibel: 6, decorrelationMetre: 50 },
  },
  antennaGainDecibel: 0,
};
