export { CodecError, type CodecErrorCode } from './errors.js';
export {
  type CodecSettings,
  type CodecSettingsInput,
  codecSettingsSchema,
  defaultCodecSettings,
  levelsPerSide,
  losslessSettings,
  resolveCodecSettings,
} from './settings.js';
export {
  type QuantizedFloats,
  type QuantizedHalves,
  type QuantizedLevels,
  type QuantizedTensor,
  denseLevels,
  dequantize,
  quantize,
} from './quantize.js';
export {
  type DecodeLimits,
  type DecodedTensor,
  FORMAT_VERSION,
  type TensorInput,
  decode,
  decodeMessage,
  decodeQuantizedMessage,
  encode,
  encodeMessage,
  encodeQuantizedMessage,
} from './container/message.js';
export { type DecodedPiece, MessageDecoder, MessageEncoder, joinPieces } from './container/stream.js';
export { type MessageSummary, type TensorSummary, inspectMessage } from './container/inspect.js';
export type { OutlierChannels } from './outliers.js';
export { ErrorFeedback } from './error-feedback.js';
export { keptCount, scaleGroups } from './layout.js';
export { HALF_MAX, fromHalfBits, toHalfBits } from './half.js';
