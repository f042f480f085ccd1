#!/bin/sh
# Installs the packages that tests and benches compare with: Python's into .cache/peers (a virtual environment), npm's
# into .cache/peers-node. Everything that uses them is skipped, with the reason, where they are missing. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
environment=.cache/peers
python=$environment/bin/python3
if [ ! -x "$python" ]; then
  mkdir -p .cache
  python3 -m venv "$environment"
fi
for package in mpmath numpy scipy pyomo casadi daqp quadprog pyscipopt piqp clarabel; do
  if "$python" -c "import $package" 2>/dev/null; then
    continue
  fi
  "$python" -m pip install --quiet --disable-pip-version-check "$package" ||
    echo "setup-peers: $package could not be installed; comparisons with it are skipped" >&2
done
npm install --silent --no-audit --no-fund --no-save --prefix .cache/peers-node quadprog nlopt-js highs ||
  echo "setup-peers: the npm packages could not be installed; comparisons with them are skipped" >&2
"$python" -c "import pyomo; print('pyomo', pyomo.__version__)" || true
