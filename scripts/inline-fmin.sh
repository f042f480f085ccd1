#!/bin/sh
# Writes lib/direct/fmin.ts: the simplex search of fmin 0.0.2 (BSD-3-Clause) with what it needs. The package itself is not
# installed: its later release exports nothing under Node, and this one brings the tools it was built with along.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm pack fmin@0.0.2 --silent --pack-destination "$folder" >/dev/null
tar xzf "$folder/fmin-0.0.2.tgz" -C "$folder"
{
  printf '%s\n' '/* eslint-disable */' '// @ts-nocheck' '/*' ' * fmin 0.0.2, inlined by scripts/inline-fmin.sh.' ' *'
  sed 's/^/ * /; s/ *$//' "$folder/package/LICENSE"
  printf '%s\n' ' */'
  npx esbuild "$folder/package/src/nelderMead.js" --bundle --format=esm
} >lib/direct/fmin.ts
sed -i "s|^// .*src/|// fmin/src/|" lib/direct/fmin.ts
npx prettier --write lib/direct/fmin.ts >/dev/null
