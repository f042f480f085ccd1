import type { Reader } from './reader.js';

/**
 * Nodes stand in the order in which a stack takes them, root first, and each is checked once: `divide` returns the parts into which a node
 * divides its own, all of whose points it refutes or passes on; none at a leaf. Returns the number of leaves.
 */
export function verifyTree<Part>(
  nodes: Reader,
  root: Part,
  divide: (node: Reader, part: Part) => readonly Part[],
): number {
  const count = nodes.list().length;
  const stack = [root];
  let [leaves, next] = [0, 0];
  while (stack.length > 0 && next < count) {
    const parts = divide(nodes.entry(next++), stack.pop()!);
    leaves += Number(parts.length === 0);
    stack.push(...parts);
  }
  nodes.require('every part refuted', stack.length === 0, 'a part is left without a node');
  if (next < count) nodes.fail('more nodes than parts');
  return leaves;
}
