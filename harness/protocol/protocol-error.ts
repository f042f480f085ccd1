/** The other side said something that does not fit the protocol or what was agreed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code = 'protocol';
}
