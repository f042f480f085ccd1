import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterSettings, AdapterState } from '../../harness/model/adapters.js';
import { isDecoder, type TransformerConfig } from '../../harness/model/config.js';
import { writePeft } from '../../harness/training/index.js';
import { writeBytes } from '../commands/codec-files.js';

/** Writes `adapter_model.safetensors` and `adapter_config.json` into a folder, as Hugging Face's PEFT reads them. */
export async function saveAdapters(
  folder: string,
  settings: AdapterSettings,
  adapters: AdapterState,
  ofModel: TransformerConfig,
): Promise<void> {
  const family = !isDecoder(ofModel) ? 'vit' : ofModel.gatedMlp ? 'llama' : 'gpt2';
  const { model, config } = writePeft(settings, adapters, family);
  await mkdir(folder, { recursive: true });
  await writeBytes(join(folder, 'adapter_model.safetensors'), model);
  await writeBytes(join(folder, 'adapter_config.json'), new TextEncoder().encode(`${config}\n`));
}
