import { describe, expect, it } from 'vitest';
import { keepDoor, type TrainingServer } from '../../../harness/server/index.js';
import {
  connectionPair,
  ConnectionError,
  protocolVersion,
  type Connection,
  type Listener,
} from '../../../harness/transport/index.js';

const none = new Uint8Array(0);

/** A door that so many knock at, one after the other. */
async function noted(knocks: number, token: string): Promise<string[]> {
  const said: string[] = [];
  let knocked = 0;
  const listener: Listener = {
    address: '',
    close: () => Promise.resolve(),
    accept: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (knocked++ === knocks) throw new ConnectionError('closed', 'the listener has been closed');
      const [near, far] = connectionPair();
      const header = { device: 'one', token, facts: {}, protocolVersion };
      await near.send({ kind: 'join', header, body: none });
      return far;
    },
  };
  const server = {
    incarnation: 'x',
    isPresent: () => false,
    attach: (_: number, connection: Connection) => connection.close('done'),
  };
  await keepDoor(listener, server as unknown as TrainingServer, {
    token: 'secret',
    names: ['one'],
    facts: {},
    assignment: () => ({}),
    note: (text) => said.push(text),
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  return said;
}

describe('what a door says', () => {
  it('of strangers is no log that they could fill', async () => {
    const said = await noted(500, 'guess');
    expect(said.filter((text) => text.includes('wrong token')).length).toBe(16);
    expect(said.length).toBe(17);
    expect(said.at(-1)).toBe('what more is turned away is counted');
  });

  it('of those that come in is told each time', async () => {
    expect(await noted(40, 'secret')).toEqual(Array.from({ length: 40 }, () => 'one has joined'));
  });
});
