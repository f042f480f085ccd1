#!/usr/bin/env bash
# Packs the project, installs the tarball into an empty directory as a user would, and uses it: every sub-path, the
# declaration files, and both commands.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$root"
npm pack --pack-destination "$work" > "$work/pack.log" 2>&1 || {
  cat "$work/pack.log" >&2
  exit 1
}
tarball=$(ls "$work"/sft-opt-*.tgz)

mkdir "$work/user"
cd "$work/user"
printf '{ "name": "user", "version": "1.0.0", "type": "module", "private": true }\n' > package.json
npm install --silent --prefer-offline --no-audit --no-fund "$tarball"

cat > use.mjs <<'JS'
import { readFileSync } from 'node:fs';
const { name, exports } = JSON.parse(readFileSync('node_modules/sft-opt/package.json', 'utf8'));
for (const path of Object.keys(exports)) {
  const attributes = path.endsWith('.json') ? { with: { type: 'json' } } : undefined;
  const loaded = await import(`${name}${path.slice(1)}`, attributes);
  if (Object.keys(loaded).length === 0) throw new Error(`${path} exports nothing`);
}
const { parseProblemFile } = await import('sft-opt/io');
const { solvePlan } = await import('sft-opt/plan');
const { problem } = parseProblemFile(readFileSync('node_modules/sft-opt/examples/minimal.yaml', 'utf8'));
const report = solvePlan(problem, { baselines: false, whatIf: 'never' });
if (report.status !== 'solved') throw new Error(report.message);
console.log(`imported ${Object.keys(exports).length} paths; ${report.message}`);
JS
node use.mjs

cat > use.ts <<'TS'
import { parseProblemFile, type ProblemFile } from 'sft-opt/io';
import { solvePlan, type PlanReport } from 'sft-opt/plan';
export const report = (text: string): PlanReport => solvePlan(parseProblemFile(text).problem);
export const seed = (file: ProblemFile): number => file.seed;
TS
"$root/node_modules/.bin/tsc" --strict --noEmit --skipLibCheck --target es2022 --module nodenext use.ts

version=$(npx --no-install sft-opt --version)
npx --no-install sft-opt init cell.yaml
npx --no-install sft-opt check cell.yaml > /dev/null
npx --no-install sft-opt solve node_modules/sft-opt/examples/minimal.yaml --json --no-baselines --no-what-if > plan.json
node -e "const p = JSON.parse(require('fs').readFileSync('plan.json', 'utf8')); if (p.status !== 'solved') throw new Error(p.message)"
echo "package sft-opt $version installs, imports and runs"
