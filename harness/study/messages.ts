import type { FineTuneResult } from './fine-tune.js';
import type { RunSettings } from './settings.js';

/** To a worker process. */
export interface WorkerOrder {
  readonly run: RunSettings;
}

/** From a worker process. */
export type WorkerReport =
  | { readonly kind: 'step'; readonly step: number; readonly loss: number }
  | { readonly kind: 'done'; readonly result: FineTuneResult; readonly seconds: number }
  | { readonly kind: 'failed'; readonly message: string };
