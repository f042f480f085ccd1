import { resolveShape } from '../resolve/index.js';
import { nearest } from '../units/index.js';
import type { IssuePath, RawIssue } from '../source/index.js';
import type { CheckedSections } from './sections.js';

/** What must fit together in the model, the adapters and the split. */
export function checkModel({ model, lora, split, training }: CheckedSections): RawIssue[] {
  if (model === undefined) return [];
  const issues: RawIssue[] = [];
  const shape = resolveShape(model);
  const add = (path: IssuePath, message: string) => issues.push({ path, message });
  if (
    typeof model !== 'string' &&
    'preset' in model &&
    model.classes !== undefined &&
    shape.embedding.kind === 'tokens'
  ) {
    add(['model', 'classes'], `${model.preset} has no classifier; give an explicit shape to put one on it`);
  }
  if (shape.width % shape.heads !== 0) {
    add(['model', 'heads'], `must divide the width ${shape.width}`);
  } else if (shape.heads % shape.keyValueHeads !== 0) {
    add(['model', 'keyValueHeads'], `must divide the ${shape.heads} heads`);
  }
  if (shape.embedding.kind === 'tokens' && shape.embedding.positions > 0 && shape.tokens > shape.embedding.positions) {
    add(['model', 'tokens'], `must be at most the ${shape.embedding.positions} learned positions of the model`);
  }
  if (shape.embedding.kind === 'patches' && shape.head.kind === 'language-model') {
    add(['model', 'head', 'kind'], 'a language model needs an embedding of tokens');
  }
  const gate = lora?.targets.indexOf('gate') ?? -1;
  if (gate >= 0 && !shape.gatedMlp) add(['lora', 'targets', gate], 'this model has no gate in its MLP');
  const twice = lora?.targets.findIndex((target, index) => lora.targets.indexOf(target) !== index) ?? -1;
  if (twice >= 0) add(['lora', 'targets', twice], 'listed twice');
  if (training?.trainedHead && shape.head.kind === 'language-model') {
    add(['training', 'trainedHead'], 'needs a classifier or a pooler, found a language model');
  }
  if (split) {
    const { minimum, maximum } = split;
    if (minimum > shape.blocks) add(['split', 'minimum'], `must be at most the ${shape.blocks} blocks of the model`);
    if (maximum !== undefined && maximum > shape.blocks) {
      add(['split', 'maximum'], `must be at most the ${shape.blocks} blocks of the model`);
    }
    if (maximum !== undefined && minimum > maximum) add(['split', 'minimum'], `must be at most the maximum ${maximum}`);
  }
  return issues;
}

/** Suggests the nearest of some names. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return near === undefined ? ` (there are: ${candidates.join(', ')})` : `; did you mean \`${near}\`?`;
}
