import { createHash } from 'node:crypto';
import * as z from 'zod';
import {
  fromFloat32,
  readSafetensors,
  TensorFileError,
  toFloat32,
  writeSafetensors,
  type StoredTensor,
} from '../../lib/io/tensors/index.js';
import type { HostTensor } from '../model/weights.js';
import type { OptimizerState } from '../training/index.js';
import { CheckpointError, type Checkpoint } from './checkpoint.js';

/**
 * magic (8 bytes) · length of the description u32 · description (JSON) · tensors (safetensors) · SHA-256 of all before it.
 */
const magic = Buffer.from('SFTCKPT2', 'latin1');
const digestBytes = 32;

const optimizer = z.object({ steps: z.int().min(0), moments: z.int().min(0).max(1e6) });
const description = z.object({
  run: z.string(),
  settings: z.record(z.string(), z.unknown()),
  round: z.int().min(0),
  clock: z.array(z.number().min(0)),
  recordBytes: z.int().min(0),
  adapters: z.array(z.string()),
  devices: z.array(
    z.object({
      name: z.string(),
      server: optimizer,
      own: z.object({ round: z.int().min(0), optimizer, hasResidual: z.boolean().optional() }).optional(),
      isHeld: z.boolean().optional(),
    }),
  ),
});

export function writeCheckpoint(checkpoint: Checkpoint): Buffer {
  const tensors: StoredTensor[] = [];
  const put = (name: string, { shape, values }: HostTensor) => tensors.push(fromFloat32(name, shape, values));
  const putOptimizer = (name: string, { steps, moments }: OptimizerState) => {
    moments.forEach((moment, k) => put(`${name}.${k}`, moment));
    return { steps, moments: moments.length };
  };
  const putFlat = (name: string, values: Float32Array) => put(name, { shape: [values.length], values });
  for (const [name, tensor] of checkpoint.adapters) put(`adapter.${name}`, tensor);
  const facts: z.input<typeof description> = {
    run: checkpoint.run,
    settings: checkpoint.settings,
    round: checkpoint.round,
    clock: [...checkpoint.clock],
    recordBytes: checkpoint.recordBytes,
    adapters: [...checkpoint.adapters.keys()],
    devices: checkpoint.devices.map(({ name, serverOptimizer, own, held }, k) => {
      if (own?.residual) putFlat(`residual.${k}`, own.residual);
      if (held) putFlat(`held.${k}`, held);
      return {
        name,
        server: putOptimizer(`server.${k}`, serverOptimizer),
        ...(own && {
          own: {
            round: own.round,
            optimizer: putOptimizer(`own.${k}`, own.optimizer),
            ...(own.residual && { hasResidual: true }),
          },
        }),
        ...(held && { isHeld: true }),
      };
    }),
  };
  const text = Buffer.from(JSON.stringify(facts));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const content = Buffer.concat([magic, length, text, writeSafetensors({ tensors, metadata: {} })]);
  return Buffer.concat([content, digest(content)]);
}

/** Throws `CheckpointError` on anything but a whole checkpoint. */
export function readCheckpoint(bytes: Buffer): Checkpoint {
  if (bytes.length < magic.length + 4 + digestBytes || !bytes.subarray(0, magic.length).equals(magic)) {
    throw new CheckpointError('it is no checkpoint');
  }
  const content = bytes.subarray(0, -digestBytes);
  if (!digest(content).equals(bytes.subarray(-digestBytes))) throw new CheckpointError('its checksum does not fit');
  try {
    const start = magic.length + 4;
    const end = start + content.readUInt32LE(magic.length);
    const facts = description.parse(JSON.parse(content.subarray(start, end).toString()));
    return assembled(facts, content.subarray(end));
  } catch (cause) {
    if (cause instanceof z.ZodError || cause instanceof SyntaxError || cause instanceof TensorFileError) {
      throw new CheckpointError(`it is of another version: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

function assembled(facts: z.output<typeof description>, body: Uint8Array): Checkpoint {
  const stored = new Map(readSafetensors(body).tensors.map((tensor) => [tensor.name, tensor]));
  const take = (name: string): HostTensor => {
    const tensor = stored.get(name);
    if (!tensor) throw new CheckpointError(`${name} is missing`);
    const values = toFloat32(tensor);
    if (!values.every(Number.isFinite)) throw new CheckpointError(`${name} is not finite`);
    return { shape: tensor.shape, values };
  };
  const takeOptimizer = (name: string, { steps, moments }: z.output<typeof optimizer>): OptimizerState => ({
    steps,
    moments: Array.from({ length: moments }, (_, k) => take(`${name}.${k}`)),
  });
  return {
    run: facts.run,
    settings: facts.settings,
    round: facts.round,
    clock: facts.clock,
    recordBytes: facts.recordBytes,
    adapters: new Map(facts.adapters.map((name) => [name, take(`adapter.${name}`)])),
    devices: facts.devices.map(({ name, server, own, isHeld }, k) => ({
      name,
      serverOptimizer: takeOptimizer(`server.${k}`, server),
      own: own && {
        round: own.round,
        optimizer: takeOptimizer(`own.${k}`, own.optimizer),
        ...(own.hasResidual && { residual: take(`residual.${k}`).values }),
      },
      ...(isHeld && { held: take(`held.${k}`).values }),
    })),
  };
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
