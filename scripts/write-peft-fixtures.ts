/**
 * Writes adapters of decoders as this project saves them into spec/fixtures/peft/own-*: `npx tsx scripts/write-peft-fixtures.ts`.
 * `bench/peers/peft_reference.py` loads them into PEFT.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { writePeft } from '../harness/training/index.js';
import { ownAdapters } from '../spec/support/peft-fixtures.js';

for (const [name, { family, settings, state }] of ownAdapters) {
  const folder = new URL(`../spec/fixtures/peft/${name}/`, import.meta.url);
  const { model, config } = writePeft(settings, state, family);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('adapter_model.safetensors', folder), model);
  writeFileSync(new URL('adapter_config.json', folder), `${config}\n`);
}
