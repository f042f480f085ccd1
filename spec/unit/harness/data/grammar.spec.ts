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
      expect(await every.values(k)).toEqual(words);
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

  it('can be told apart in some 94 of 100 cases: by the likelihood of a text given topic and style', async () => {
    const set = drawn('fine-tuning', 'class', 9, 1500);
    const pairs = set.classNames.map((name) => name.match(/\d+/gu)!.map(Number) as [number, number]);
    let right = 0;
    for (let k = 0; k < set.length; k++) {
      const sentences = sentencesOf((await set.values(k)) as Int32Array);
      const scores = pairs.map(([topic, style]) =>
        sentences.reduce((sum, words) => sum + Math.log(sentenceLikelihood(words, topic, style)), 0),
      );
      if (scores.indexOf(Math.max(...scores)) === set.labels[k]) right++;
    }
    expect(right / set.length).toBeGreaterThan(0.9);
    expect(right / set.length).toBeLessThan(0.95);
  });

  it('of pre-training and fine-tuning share no class, and refuse what is none', async () => {
    const [before, after] = [drawn('pre-training', 'class'), drawn('fine-tuning', 'class')];
    expect(before.classNames.filter((name) => after.classNames.includes(name))).toEqual([]);
    await expect(after.values(400)).rejects.toThrow('no text 400');
    expect(() => drawn('fine-tuning', 'class', 1, 0)).toThrow('length');
  });
});

/** First word of each part of speech. */
const parts = [
  ['D', 1],
  ['J', 7],
  ['N', 31],
  ['V', 71],
  ['B', 95],
  ['P', 107],
  ['.', 115],
] as const;

type Word = readonly [part: string, number: number];

/** The words between marks; of the last sentence there may be a piece. */
function sentencesOf(text: Int32Array): Word[][] {
  const sentences: Word[][] = [[]];
  for (const word of text.subarray(1)) {
    const [part, first] = parts.filter(([, from]) => from <= word).at(-1)!;
    sentences.at(-1)!.push([part, word - first]);
    if (part === '.') sentences.push([]);
  }
  return sentences.filter((words) => words.length > 0);
}

/** With this probability a noun of the texts with classes is of the topic, an adjective of the style. */
const clarity = 0.9;

/** Up to a factor that is the same for every topic and style: words that rules give or all may say are left out. */
function sentenceLikelihood(words: readonly Word[], topic: number, style: number): number {
  return ['DNVDO.', 'DJNV.', 'NVPDN.', 'DJNVBDO.'].reduce((sum, kind, k) => {
    const fits = words.every(([part], at) => kind[at]?.replace('O', 'N') === part);
    const start = fits ? (style % 4 === k ? 0.5 : 0) + 0.5 / 4 : 0;
    return (
      sum +
      words.reduce((product, [, number], at) => {
        if (kind[at] === 'J')
          return product * ((Math.floor(number / 4) === style ? clarity / 4 : 0) + (1 - clarity) / 24);
        if (kind[at] === 'N')
          return product * ((Math.floor(number / 5) === topic ? clarity / 5 : 0) + (1 - clarity) / 40);
        return product;
      }, start)
    );
  }, 0);
}
