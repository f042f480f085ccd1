import { scaleGroups, shapeSize } from '../layout.js';
import type { CodecSettings } from '../settings.js';
import { Allowance, type DecodeLimits, FORMAT_VERSION, forEachRecord } from './message.js';

/** What is known of one tensor or chunk of a message. */
export interface TensorSummary {
  /** Name of the tensor, as given to the encoder. */
  readonly name: string;
  /** Sizes, slowest index first. */
  readonly shape: readonly number[];
  /** How it was encoded. */
  readonly settings: CodecSettings;
  /** Whether the record is one chunk of a tensor that was sent in several. */
  readonly chunk: boolean;
  /** Bytes of the record, header and checksum included. */
  readonly bytes: number;
  /** Elements, those that are not zero, and scales. */
  readonly elements: number;
  /** Values kept. */
  readonly nonzeros: number;
  /** Scales of quantization. */
  readonly scales: number;
  /** Bits sent for each element, and float32 bits over bits sent. */
  readonly bitsPerElement: number;
  /** Bytes of the values as float32 over those of its record. */
  readonly ratio: number;
}

/** What is known of a message. */
export interface MessageSummary {
  /** Version of the format. */
  readonly version: number;
  /** Length of the message. */
  readonly bytes: number;
  /** In the order of the message. */
  readonly tensors: readonly TensorSummary[];
}

/**
 * Describes a message, whose checksums and contents are checked on the way. Throws `CodecError`.
 *
 * @param bytes - The message, whole.
 * @param limits - Most bytes and tensors that the decoder may allocate.
 * @throws CodecError for bytes that are no message or need more than the limits allow.
 * @example
 * ```ts
 * import { encode, inspectMessage } from 'sft-opt/codec';
 *
 * const message = encode(Float32Array.of(1, 2, 0, 0), [4], { selection: 'all', values: 'float32' });
 * console.log(inspectMessage(message).tensors[0]!.elements); // 4
 * ```
 */
export function inspectMessage(bytes: Uint8Array, limits?: DecodeLimits): MessageSummary {
  const tensors: TensorSummary[] = [];
  forEachRecord(bytes, new Allowance(limits), ({ header, tensor, chunk, recordBytes }) => {
    const elements = shapeSize(header.shape);
    const entries = tensor.kind === 'levels' ? tensor.keptLevels : tensor.words;
    let nonzeros = 0;
    for (const entry of entries) if (entry !== 0) nonzeros++;
    if (tensor.kind === 'levels') for (const word of tensor.outliers?.words ?? []) if (word !== 0) nonzeros++;
    tensors.push({
      name: header.name,
      shape: header.shape,
      settings: header.settings,
      chunk,
      bytes: recordBytes,
      elements,
      nonzeros,
      scales: tensor.kind === 'levels' ? scaleGroups(header.shape, header.settings).count : 0,
      bitsPerElement: elements === 0 ? 0 : (8 * recordBytes) / elements,
      ratio: (4 * elements) / recordBytes,
    });
  });
  return { version: FORMAT_VERSION, bytes: bytes.length, tensors };
}
