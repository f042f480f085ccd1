/** Writes what happens as JSON, one object a line. */
export type Log = (level: 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Lines with their time to a stream; JSON escapes whatever a client sends. */
export function jsonLog(stream: { write(text: string): unknown }): Log {
  return (level, event, fields = {}) => {
    stream.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
  };
}
