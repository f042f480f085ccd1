#!/usr/bin/env bash
# Puts what the compiler leaves out beside the compiled files.
set -euo pipefail
cd "$(dirname "$0")/.."
cp harness/data/embedded-vit.safetensors dist/harness/data/
