#!/usr/bin/env bash
# Makes the native TensorFlow backend work on Linux x64 where its usual download is out of reach: the C library comes
# from PyPI's tensorflow-cpu wheel and the addon is built against it. Libraries are cached outside node_modules, so that
# a later run, after `npm ci` for example, takes seconds. Safe to run again at any time.
set -euo pipefail
cd "$(dirname "$0")/.."

wheel_version=2.21.0
# SHA-256 of the wheel for CPython 3.11 and of the two libraries inside it.
wheel_name="tensorflow_cpu-${wheel_version}-cp311-cp311-manylinux_2_27_x86_64.whl"
cache=".cache/tensorflow/${wheel_version}"
package="node_modules/@tensorflow/tfjs-node"

say() { printf 'setup:tensorflow: %s\n' "$*"; }
loads() { node -e "require('@tensorflow/tfjs-node')" >/dev/null 2>&1; }

if [ "$(uname -s)-$(uname -m)" != "Linux-x86_64" ]; then
  say "only Linux x64 is prepared here; elsewhere 'npm install' fetches the library itself"
  exit 0
fi
if loads; then
  say "the native backend already loads"
  exit 0
fi

# 1. The libraries and headers, from the wheel, once.
if [ ! -f "$cache/complete" ]; then
  say "fetching $wheel_name (274 MB) with pip"
  download=$(mktemp -d)
  trap 'rm -rf "$download"' EXIT
  python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_27_x86_64 --dest "$download" "tensorflow-cpu==${wheel_version}"
  echo "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c  $download/$wheel_name" | sha256sum --check --quiet
  mkdir -p "$cache"
  python3 - "$download/$wheel_name" "$cache" <<'PYTHON'
import sys, zipfile, pathlib
wheel, cache = sys.argv[1], pathlib.Path(sys.argv[2])
libraries = {'tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'}
headers = ('tensorflow/include/tensorflow/', 'tensorflow/include/xla/', 'tensorflow/include/tsl/')
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in libraries:
            target = cache / 'lib' / pathlib.Path(name).name
        elif name.startswith(headers) and not name.endswith('/'):
            target = cache / 'include' / pathlib.Path(name).relative_to('tensorflow/include')
        else:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(name))
PYTHON
  touch "$cache/complete"
else
  say "using the cached library in $cache"
fi

# 2. The package without its own download. npm does not install an optional peer of this package by name, so it is
#    installed apart; its dependencies stay its own, but for TensorFlow.js itself, of which there may be one only.
if [ ! -f "$package/package.json" ]; then
  say "installing @tensorflow/tfjs-node without its install script"
  range=$(node -p "require('./package.json').peerDependencies['@tensorflow/tfjs-node']")
  apart="$cache/package"
  if [ ! -f "$apart/node_modules/@tensorflow/tfjs-node/package.json" ]; then
    mkdir -p "$apart"
    printf '{ "private": true }\n' >"$apart/package.json"
    npm install --silent --no-save --ignore-scripts --prefix "$apart" "@tensorflow/tfjs-node@$range"
  fi
  rm -rf "$package"
  mkdir -p "$package"
  cp -r "$apart/node_modules/@tensorflow/tfjs-node/." "$package/"
  mkdir -p "$package/node_modules"
  for dependency in "$apart/node_modules"/* "$apart/node_modules/.bin"; do
    [ "$(basename "$dependency")" = '@tensorflow' ] || cp -r "$dependency" "$package/node_modules/"
  done
fi

# 3. Where the addon's build looks for them.
deps="$package/deps"
root=$(pwd)
rm -rf "$deps"
mkdir -p "$deps/lib"
ln -s "$root/$cache/include" "$deps/include"
for library in libtensorflow_cc.so.2 libtensorflow_framework.so.2; do ln -s "$root/$cache/lib/$library" "$deps/lib/$library"; done
ln -s libtensorflow_cc.so.2 "$deps/lib/libtensorflow.so"
ln -s libtensorflow_cc.so.2 "$deps/lib/libtensorflow.so.2.9.1"
ln -s libtensorflow_framework.so.2 "$deps/lib/libtensorflow_framework.so"

# 4. The addon: found in the cache if it was built for this Node before, else built with node-gyp.
addon="$cache/addon-$(node -p 'process.versions.modules')"
binding="$package/lib/napi-v8"
if [ -f "$addon/tfjs_binding.node" ]; then
  mkdir -p "$binding"
  cp "$addon/tfjs_binding.node" "$binding/"
else
  say "building the addon"
  # Node's own headers where it ships them: node-gyp would otherwise fetch them.
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [ -f "$prefix/include/node/node_api.h" ]; then export npm_config_nodedir="$prefix"; fi
  (cd "$package" && npm run install)
  mkdir -p "$addon"
  cp "$binding/tfjs_binding.node" "$addon/"
fi

loads || { say "the backend still does not load"; node -e "require('@tensorflow/tfjs-node')"; }
say "the native backend loads"
