import * as z from 'zod';
import type { Message, MessageKind } from '../transport/index.js';
import { ProtocolError } from './protocol-error.js';

/** Of one stage, s; what a device can say beyond that is no measurement. */
const seconds = z.number().min(0).max(1e7);

/** Work of a device between the gradient's arrival and its next message, measured. */
const afterGradient = z.object({ decodeSeconds: seconds, backwardSeconds: seconds, updateSeconds: seconds });
export type AfterGradient = z.output<typeof afterGradient>;

/** A step of a device that holds the whole model. */
const localStep = z.object({
  loss: z.number().min(0).max(1e6),
  forwardSeconds: seconds,
  backwardSeconds: seconds,
  updateSeconds: seconds,
});
export type LocalStep = z.output<typeof localStep>;

const place = { round: z.int().min(0), step: z.int().min(0) };

/** On the server's clock; on a wall clock alone. */
const times = {
  /** When the server's message came that this one answers. */
  receivedAtSeconds: z.number().optional(),
  sentAtSeconds: z.number().optional(),
};

/** Headers by kind of message; durations are measured on the side that sends them. */
const headers = {
  /** Opens a round; the body holds the device's adapters, or how they differ from those of the round before. */
  round: z.object({ round: z.int().min(0), isDifference: z.boolean().optional() }),
  /** The body holds the targets, then the activations. */
  activations: z.object({
    ...place,
    ...times,
    forwardSeconds: seconds,
    encodeSeconds: seconds,
    /** Of the step before in the same round; absent at the first. */
    previous: afterGradient.optional(),
  }),
  gradient: z.object({ ...place, loss: z.number() }),
  /** Closes a device's round. A device that holds the whole model tells of all its steps here. */
  adapters: z.object({
    round: z.int().min(0),
    ...times,
    previous: afterGradient.optional(),
    /** Coding of the adapters on their way down and up. */
    exchange: z.object({ decodeSeconds: seconds, encodeSeconds: seconds }).optional(),
    localSteps: z.array(localStep).optional(),
  }),
  /** All an optimizer remembers, as of the start of a round. */
  state: z.object({ round: z.int().min(0), steps: z.int().min(0) }),
  finished: z.object({ rounds: z.int().min(0) }),
} satisfies Partial<Record<MessageKind, z.ZodType>>;

export type StepKind = keyof typeof headers;
export type StepHeader<K extends StepKind> = z.output<(typeof headers)[K]>;

export function stepMessage<K extends StepKind>(kind: K, header: StepHeader<K>, body: Uint8Array): Message {
  return { kind, header, body };
}

/** The header of a message that must be of `kind`. Throws `ProtocolError` saying what is wrong. */
export function expectStep<K extends StepKind>(message: Message, kind: K): StepHeader<K> {
  if (message.kind !== kind) throw new ProtocolError(`expected ${kind}, found ${message.kind}`);
  const parsed = headers[kind].safeParse(message.header);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ProtocolError(`header of ${kind}: ${problems.join('; ')}`);
  }
  return parsed.data as StepHeader<K>;
}

/** Throws `ProtocolError` unless a message belongs to the round and step that are due. */
export function expectPlace(
  found: { readonly round: number; readonly step?: number },
  due: { readonly round: number; readonly step?: number },
): void {
  if (found.round !== due.round || found.step !== due.step) {
    throw new ProtocolError(`round ${found.round}, step ${found.step} came where ${due.round}, ${due.step} was due`);
  }
}
