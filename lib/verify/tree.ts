import { boxesRefute, readBoxes } from './boxes.js';
import { refutes, refutesEach, type Evidence, type OpenChoices } from './dual.js';
import { readPrices, readWitnesses, type Witnesses } from './price.js';
import { CertificateError, type Reader } from './reader.js';
import type { Statement } from './statement.js';

/**
 * Verifies that no admissible plan has T ≤ `seconds` (aggregation apart). A node of the list is one of
 *
 * - `split`: one device's open choices in two parts, each with a child;
 * - `drop`: choices that no such plan can have, by evidence as a leaf's; its child goes on without them;
 * - `leaf`: evidence that no such plan is left.
 *
 * Node 0 is the root; children stand behind their parent and have one parent only, so that every plan ends in exactly one leaf.
 *
 * @returns The number of leaves.
 * @throws CertificateError naming the node that proves nothing.
 */
export function verifyTree(nodes: readonly Reader[], statement: Statement, seconds: number): { leaves: number } {
  if (nodes.length === 0) throw new CertificateError('claims.bound.nodes', 'none is given');
  const seen = new Uint8Array(nodes.length);
  const root = statement.devices.map((device) => (device.optional ? [-1, ...device.admissible] : device.admissible));
  const stack: { index: number; open: OpenChoices }[] = [{ index: 0, open: root }];
  let leaves = 0;
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { index, open } = entry;
    const node = nodes[index]!;
    if (seen[index]) node.fail('has two parents');
    seen[index] = 1;
    const child = (reader: Reader) => reader.integer(index + 1, nodes.length - 1);
    const { leaf, split, drop } = node.object(['leaf', 'split', 'drop'], ['leaf', 'split', 'drop']);
    if ([leaf, split, drop].filter((member) => !member.isNull).length !== 1) node.fail('is a leaf, a split or a drop');
    if (!leaf.isNull) {
      leaves++;
      if (!leafRefutes(leaf, statement, open, seconds))
        leaf.fail('does not prove that no plan here is within the claim');
    } else if (!split.isNull) {
      const { device, choices, inside, outside } = split.object(['device', 'choices', 'inside', 'outside']);
      const n = device.integer(0, open.length - 1);
      const chosen = new Set(choiceList(choices));
      const part = (keep: boolean) =>
        open.map((list, m) => (m === n ? list.filter((j) => chosen.has(j) === keep) : list));
      stack.push({ index: child(inside), open: part(true) }, { index: child(outside), open: part(false) });
    } else {
      const members = drop.object(['prices', 'witnesses', 'choices', 'next'], ['witnesses']);
      const dropped = members.choices.array(open.length).map(choiceList);
      if (!refutesEach(statement, open, seconds, readEvidence(members, statement, open), dropped)) {
        drop.fail('does not prove that no plan within the claim has one of these choices');
      }
      const left = open.map((list, n) => {
        const gone = new Set(dropped[n]);
        return gone.size === 0 ? list : list.filter((j) => !gone.has(j));
      });
      stack.push({ index: child(members.next), open: left });
    }
  }
  return { leaves };
}

function choiceList(reader: Reader): number[] {
  return reader.array().map((choice) => choice.integer(-1));
}

function leafRefutes(leaf: Reader, statement: Statement, open: OpenChoices, seconds: number): boolean {
  const { kind } = leaf.object(['kind', ...leafMembers], leafMembers);
  if (kind.oneOf(['threshold', 'boxes']) === 'boxes') {
    return boxesRefute(statement, seconds, readBoxes(leaf, statement, open));
  }
  const members = leaf.object(['kind', 'prices', 'witnesses'], ['witnesses']);
  return refutes(statement, open, seconds, readEvidence(members, statement, open));
}

const leafMembers = ['prices', 'witnesses', 'form', 'lower', 'upper', 'replacedBy', 'parts'] as const;

function readEvidence(
  members: { readonly prices: Reader; readonly witnesses: Reader },
  statement: Statement,
  open: OpenChoices,
): Evidence {
  const counts = open.map((list) => (list[0] === -1 ? list.length - 1 : list.length));
  const witnesses: Witnesses[] = members.witnesses.isNull
    ? counts.map((count) => noWitnesses(count))
    : members.witnesses.array(open.length).map((device, n) => readWitnesses(device, counts[n]!));
  return { prices: readPrices(members.prices, statement), witnesses };
}

function noWitnesses(count: number): Witnesses {
  const none = new Float64Array(count).fill(NaN);
  return { at: none, mixture: none, tooSmall: none, stage: none };
}
