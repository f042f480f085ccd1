import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ServeLimits } from './limits.js';
import type { Metrics } from './metrics.js';

/**
 * Keeps strangers from taking all connections: what one address may hold is limited, so that others still get in, and a connection on
 * which nothing moves is closed.
 */
export function guardConnections(server: Server, limits: ServeLimits, metrics: Metrics): void {
  const held = new Map<string, number>();
  metrics.counter('sft_opt_connections_refused_total', 'Connections beyond what is allowed.');
  metrics.gauge('sft_opt_connections', 'Open connections.', () => [...held.values()].reduce((sum, n) => sum + n, 0));
  server.maxConnections = limits.connections;
  server.timeout = Math.max(70, limits.waitSeconds + 2 * limits.requestSeconds) * 1000;
  server.on('drop', () => metrics.count('sft_opt_connections_refused_total', { by: 'all' }));
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (held.get(address) ?? 0) + 1;
    if (count > limits.connectionsPerAddress) {
      metrics.count('sft_opt_connections_refused_total', { by: 'address' });
      socket.destroy();
      return;
    }
    held.set(address, count);
    socket.on('close', () => {
      const left = held.get(address)! - 1;
      if (left > 0) held.set(address, left);
      else held.delete(address);
    });
  });
}
