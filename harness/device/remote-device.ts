import { ConnectionError, join, JoinError, type Accepted, type Connection, type Facts } from '../transport/index.js';
import { ProtocolError } from '../protocol/index.js';

export interface RemoteDeviceOptions {
  readonly name: string;
  readonly token: string;
  readonly facts: Facts;
  readonly connect: () => Promise<Connection>;
  /** How long it tries to find the server (again), s. */
  readonly rejoinSeconds: number;
  readonly note?: (text: string) => void;
  /**
   * Serves over a connection until the training has ended; called anew after each loss. Throws `ConnectionError` or
   * `ProtocolError` when the connection is of no more use.
   */
  readonly serve: (connection: Connection, accepted: Accepted) => Promise<void>;
  /** The server's incarnation that this device remembers something of. */
  readonly incarnation: () => string | undefined;
}

const joinSeconds = 30;
/** Waits between two attempts, s: doubled from the first to the last. */
const firstPause = 0.2;
const longestPause = 3;

/**
 * Joins a server and does its part until the training has ended; joins again when the connection is lost. Throws
 * `JoinError` when it is refused, `ConnectionError` when the server cannot be found for too long.
 */
export async function joinAndServe(options: RemoteDeviceOptions): Promise<void> {
  const { rejoinSeconds, note } = options;
  let lostAt = performance.now();
  let pause = firstPause;
  for (;;) {
    try {
      const connection = await options.connect();
      const accepted = await ask(options, connection);
      note?.('joined');
      pause = firstPause;
      try {
        await options.serve(connection, accepted);
        connection.close('the training has ended');
        return;
      } catch (error) {
        connection.close(error instanceof Error ? error.message : String(error));
        lostAt = performance.now();
        throw error;
      }
    } catch (error) {
      const isTemporary = error instanceof ConnectionError || error instanceof ProtocolError;
      if (!isTemporary && !(error instanceof JoinError && error.isTemporary)) throw error;
      if (performance.now() - lostAt > rejoinSeconds * 1000) throw error;
      note?.(`${error.message}; trying again`);
      await new Promise((resolve) => setTimeout(resolve, pause * 1000));
      pause = Math.min(longestPause, 2 * pause);
    }
  }
}

async function ask(options: RemoteDeviceOptions, connection: Connection): Promise<Accepted> {
  const { name, token, facts } = options;
  const incarnation = options.incarnation();
  try {
    const more = incarnation === undefined ? {} : { more: { incarnation } };
    return await join(connection, { device: name, token, facts, ...more }, joinSeconds);
  } catch (error) {
    connection.close('not joined');
    throw error;
  }
}
