import { describe, expect, it } from 'vitest';
import {
  grammarDataset,
  grammarTokens,
  grammarVocabulary,
  type GrammarClasses,
} from '../../../../harness/data/index.js';

const drawn = (classes: GrammarClasses, task: 'class' | 'next-word' | 'every-word', seed = 1, length = 400) =>
  grammarDataset({ classes, task, length, seed });

describe('texts of the grammar', () => {
  it('depend on the seed and their number alone, and are told apart by a fingerprint', async () => {
    const [a, b, other] = [
      drawn('fine-tuning', 'class'),
      drawn('fine-tuning', 'class'),
      drawn('fine-tuning', 'class', 2),
    ];
    const late = await a.values(300);
    await b.values(2);
    expect(await b.values(300)).toEqual(late);
    expect(await other.values(300)).not.toEqual(late);
    expect(await a.fingerprint!()).toBe(await b.fingerprint!());
    expect(await a.fingerprint!()).not.toBe(await other.fingerprint!());
    expect(await a.fingerprint!([1, 2])).not.toBe(await a.fingerprint!([2, 1]));
  });

  it('hold words of the vocabulary alone, begin alike, and have their targets where the task says', async () => {
    const [classes, next, every] = [
      drawn('fine-tuning', 'class'),
      drawn('fine-tuning', 'next-word'),
      drawn('fine-tuning', 'every-word'),
    ];
    expect(classes.classNames.length).toBe(24);
    expect([next.classNames, every.classNames]).toEqual([[], []]);
    let judged = 0;
    for (let k = 0; k < 100; k++) {
      const words = await next.values(k);
      expect(words.length).toBe(grammarTokens);
      expect(words[0]).toBe(0);
      expect(words.slice(1).every((word) => word > 0 && word < grammarVocabulary)).toBe(true);
      expect(await classes.values(k)).toEqual(words);
      const label = await classes.targets!(k);
      expect(label.at(-1)).toBe(classes.labels[k]);
      expect(label.slice(0, -1).every((target) => target === -1)).toBe(true);
      const all = await every.targets!(k);
      expect([...all.slice(0, -1)]).toEqual([...words.slice(1)]);
      const some = await next.targets!(k);
      some.forEach((target, at) => expect([-1, all[at]]).toContain(target));
      judged += some.filter((target) => target >= 0).length;
    }
    expect(judged / 100).toBeGreaterThan(8);
    expect(judged / 100).toBeLessThan(20);
  });

  it('follow their rules in some nine of ten cases: the likeliest word after a pair, learned by counting, says so', async () => {
    // A verb follows its subject at once: what counting finds is the rule itself.
    const set = drawn('fine-tuning', 'next-word', 3, 3000);
    const [firstVerb, lastVerb] = [71, 94];
    const counts = new Map<number, Map<number, number>>();
    let [right, all] = [0, 0];
    for (let k = 0; k < set.length; k++) {
      const [words, targets] = [await set.values(k), await set.targets!(k)];
      for (let at = 0; at < grammarTokens; at++) {
        const target = targets[at]!;
        if (target < firstVerb || target > lastVerb) continue;
        const after = counts.get(words[at]!) ?? new Map<number, number>();
        counts.set(words[at]!, after.set(target, (after.get(target) ?? 0) + 1));
      }
    }
    for (const after of counts.values()) {
      right += Math.max(...after.values());
      all += [...after.values()].reduce((sum, count) => sum + count, 0);
    }
    expect(counts.size).toBe(40);
    // 0.9 + 0.1 / 24 of all, ± 4 deviations.
    expect(Math.abs(right / all - 0.904)).toBeLessThan(4 * Math.sqrt((0.904 * 0.096) / all) + 0.005);
  });

  it('of pre-training and fine-tuning share no class, and refuse what is none', async () => {
    const [before, after] = [drawn('pre-training', 'class'), drawn('fine-tuning', 'class')];
    expect(before.classNames.filter((name) => after.classNames.includes(name))).toEqual([]);
    await expect(after.values(400)).rejects.toThrow('no text 400');
    expect(() => drawn('fine-tuning', 'class', 1, 0)).toThrow('length');
  });
});
