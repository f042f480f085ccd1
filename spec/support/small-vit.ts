import type { AdapterSettings } from '../../harness/model/adapters.js';
import type { VitConfig } from '../../harness/model/config.js';

/** Two blocks of width six over four patches: enough for the protocol, quick to train. */
export const smallVit: VitConfig = {
  imageSize: 8,
  patchSize: 4,
  channels: 3,
  width: 6,
  blocks: 2,
  heads: 1,
  mlpWidth: 8,
  classes: 3,
  pooling: 'mean',
  layerNormEpsilon: 1e-6,
};

export const smallAdapters: AdapterSettings = { rank: 1, alpha: 1, targets: ['query'], dropout: 0 };
