import { ConnectionError, FramedConnection } from './connection.js';
import { defaultFrameLimitBytes } from './frame.js';

/** Two ends of a connection within this process. Frames are written and read as over a socket. */
export function connectionPair(limitBytes = defaultFrameLimitBytes): [FramedConnection, FramedConnection] {
  const ends: FramedConnection[] = [];
  const end = (k: number) =>
    new FramedConnection(
      {
        write: async (frame) => {
          // The other side reads in a turn of its own, as it would from a socket.
          await Promise.resolve();
          ends[1 - k]!.arrived(frame);
        },
        shutdown: (reason) => queueMicrotask(() => ends[1 - k]!.end(new ConnectionError('closed', reason))),
      },
      limitBytes,
    );
  ends.push(end(0), end(1));
  return [ends[0]!, ends[1]!];
}
