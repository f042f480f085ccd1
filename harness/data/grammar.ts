import { createHash } from 'node:crypto';
import { randomStream, type RandomStream } from '../../lib/random/index.js';
import { DatasetError, type Dataset } from './dataset.js';
import { meantIndices } from './fingerprint.js';

/** Words of each part of speech, numbered in this order from 1; 0 begins a text. */
const sizes = { determiner: 6, adjective: 24, noun: 40, verb: 24, adverb: 12, preposition: 8, mark: 3 };
type PartOfSpeech = keyof typeof sizes;
const parts = Object.keys(sizes) as PartOfSpeech[];

/** Words of the language. */
export const grammarVocabulary = 1 + parts.reduce((sum, part) => sum + sizes[part], 0);
/** Words of a text that a model is given. */
export const grammarTokens = 32;

const topics = 8;
const styles = 6;
/** A style's own sentence is that of its number; `O` is a noun that its verb chooses. */
const sentences = ['DNVDO.', 'DJNV.', 'NVPDN.', 'DJNVBDO.'];
/** With this probability a word that a rule governs is the one it gives, and the kind of a sentence its style's own. */
const [obeyed, ownKind] = [0.9, 0.5];
/** With this probability a free word is of the topic or style. Where these are to be learned they show more clearly. */
const characteristic = { class: 0.9, 'next-word': 0.5, 'every-word': 0.5 };

/**
 * Which half of the 48 pairs of topic and style; they share every topic and every style but no pair. Which object a verb
 * has differs between them too, so that a model pre-trained on one has something to learn on the other.
 */
export type GrammarClasses = 'pre-training' | 'fine-tuning';

export interface GrammarOptions {
  readonly classes: GrammarClasses;
  /**
   * `class`: the pair of topic and style after the last word. `next-word`: the words that a rule governs. `every-word`: all.
   */
  readonly task: 'class' | 'next-word' | 'every-word';
  readonly length: number;
  readonly seed: number;
}

const pairs = Array.from({ length: topics * styles }, (_, k) => ({ topic: k % topics, style: Math.floor(k / topics) }));

/**
 * Texts of 32 words drawn from a grammar. In each sentence the subject chooses the verb, the verb its object and adverb,
 * and the first determiner the mark at the end; the topic favours nouns, the style adjectives and a kind of sentence.
 * Text `k` depends on the seed and `k` alone, and is drawn when it is asked for.
 */
export function grammarDataset(options: GrammarOptions): Dataset {
  const { classes, task, length, seed } = options;
  if (!Number.isSafeInteger(length) || length < 1) throw new DatasetError(`length must be from 1 on, found ${length}`);
  const own = pairs.filter(({ topic, style }) => ((topic + style) % 2 === 0) === (classes === 'pre-training'));
  const labelOrder = randomStream(seed, 'grammar.labels');
  const labels = Int32Array.from({ length }, () => labelOrder.integer(own.length));
  const rules = languageRules(classes);
  const text = (index: number): Promise<DrawnText> => {
    const pair = own[labels[index] ?? -1];
    if (!pair) return Promise.reject(new DatasetError(`there is no text ${index}`));
    return Promise.resolve(drawText(pair, rules, characteristic[task], randomStream(seed, `grammar.text.${index}`)));
  };
  return {
    name: `grammar (${classes}, ${task})`,
    classNames: task === 'class' ? own.map(({ topic, style }) => `topic ${topic} style ${style}`) : [],
    shape: [grammarTokens],
    length,
    labels,
    fingerprint: (indices) => {
      const drawn = [classes, task, length, seed, meantIndices(length, indices)];
      return Promise.resolve(createHash('sha256').update(JSON.stringify(drawn)).digest('hex'));
    },
    values: async (index) => (await text(index)).words.slice(0, grammarTokens),
    targets: async (index) => {
      const { words, isGoverned } = await text(index);
      const targets = new Int32Array(grammarTokens).fill(-1);
      if (task === 'class') targets[grammarTokens - 1] = labels[index]!;
      else {
        for (let k = 0; k < grammarTokens; k++) {
          if (task === 'every-word' || isGoverned[k + 1]) targets[k] = words[k + 1]!;
        }
      }
      return targets;
    },
  };
}

/** Word of `to` that a word of `from` asks for, by their numbers within their parts of speech. */
type Rules = Readonly<Record<'verb' | 'object' | 'adverb' | 'mark', Int32Array>>;

function languageRules(classes: GrammarClasses): Rules {
  const rule = (name: string, from: PartOfSpeech, to: PartOfSpeech) => {
    const random = randomStream(0, `grammar.rule.${name}`);
    return Int32Array.from({ length: sizes[from] }, () => random.integer(sizes[to]));
  };
  return {
    verb: rule('verb', 'noun', 'verb'),
    object: rule(`object.${classes}`, 'verb', 'noun'),
    adverb: rule('adverb', 'verb', 'adverb'),
    mark: rule('mark', 'determiner', 'mark'),
  };
}

interface DrawnText {
  /** One more than a model is given. */
  readonly words: Int32Array;
  readonly isGoverned: readonly boolean[];
}

function drawText(
  { topic, style }: (typeof pairs)[number],
  rules: Rules,
  clarity: number,
  random: RandomStream,
): DrawnText {
  const words = [0];
  const isGoverned = [false];
  const say = (part: PartOfSpeech, number: number, governed = false): number => {
    words.push(wordNumber(part, number));
    isGoverned.push(governed);
    return number;
  };
  const any = (part: PartOfSpeech) => random.integer(sizes[part]);
  const favoured = (part: PartOfSpeech, group: number, groups: number) => {
    const share = sizes[part] / groups;
    return random.uniform() < clarity ? share * group + random.integer(share) : any(part);
  };
  const governed = (part: PartOfSpeech, wanted: number) =>
    say(part, random.uniform() < obeyed ? wanted : any(part), true);
  while (words.length <= grammarTokens) {
    const kind = random.uniform() < ownKind ? style : random.integer(sentences.length);
    let [determiner, noun, verb] = [-1, 0, 0];
    for (const symbol of sentences[kind % sentences.length]!) {
      if (symbol === 'D') {
        const found = say('determiner', any('determiner'));
        if (determiner < 0) determiner = found;
      } else if (symbol === 'J') say('adjective', favoured('adjective', style, styles));
      else if (symbol === 'N') noun = say('noun', favoured('noun', topic, topics));
      else if (symbol === 'V') verb = governed('verb', rules.verb[noun]!);
      else if (symbol === 'O') governed('noun', rules.object[verb]!);
      else if (symbol === 'B') governed('adverb', rules.adverb[verb]!);
      else if (symbol === 'P') say('preposition', any('preposition'));
      else governed('mark', rules.mark[determiner]!);
    }
  }
  return { words: Int32Array.from(words.slice(0, grammarTokens + 1)), isGoverned };
}

function wordNumber(part: PartOfSpeech, number: number): number {
  const before = parts.slice(0, parts.indexOf(part));
  return 1 + number + before.reduce((sum, other) => sum + sizes[other], 0);
}
