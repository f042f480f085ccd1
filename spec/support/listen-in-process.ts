import {
  ConnectionError,
  connectionPair,
  Mailbox,
  type Connection,
  type Listener,
} from '../../harness/transport/index.js';

/** A listener within this process and the function that connects to it. */
export function listenInProcess(limitBytes: number): {
  readonly listener: Listener;
  readonly connect: () => Promise<Connection>;
} {
  const arrivals = new Mailbox<Connection>();
  let isOpen = true;
  return {
    listener: {
      address: 'in-process',
      accept: (timeoutSeconds) => arrivals.take(timeoutSeconds),
      close: () => {
        isOpen = false;
        arrivals.fail(new ConnectionError('closed', 'the listener has been closed'));
        return Promise.resolve();
      },
    },
    connect: () => {
      if (!isOpen) return Promise.reject(new ConnectionError('unreachable', 'nobody listens'));
      const [near, far] = connectionPair(limitBytes);
      arrivals.put(far);
      return Promise.resolve(near);
    },
  };
}
