"""Linear redundancy of the gradients of DeiT-Tiny before any coding: `python3 bench/tensors/gradient_redundancy.py`.

Needs numpy and .cache/codec-tensors.v1.safetensors, which `npx tsx bench/codec.ts sizes` makes. The figures are in
docs/codec.md.
"""

import json
import struct
from pathlib import Path

import numpy as np

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "codec-tensors.v1.safetensors"
RIDGE = 0.02
FOLDS = 8


def gradients(cut: int) -> np.ndarray:
    """16 samples x 65 tokens x 192 channels, each token of unit length."""
    data = CACHE.read_bytes()
    header_length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8 : 8 + header_length])[f"gradient.{cut}.0"]
    first, last = (8 + header_length + offset for offset in entry["data_offsets"])
    values = np.frombuffer(data[first:last], np.float32).reshape(entry["shape"]).astype(float)
    return values / np.linalg.norm(values, axis=2, keepdims=True)


def explained(tokens: np.ndarray, t: int) -> float:
    """R^2 of token t from the tokens before it; weights fitted to the other seven eighths of its own elements."""
    known, wanted = tokens[:t].T, tokens[t]
    fold = np.arange(wanted.size) % FOLDS
    predicted = np.zeros(wanted.size)
    for k in range(FOLDS):
        x, y = known[fold != k], wanted[fold != k]
        predicted[fold == k] = known[fold == k] @ np.linalg.solve(x.T @ x + RIDGE * np.eye(t), x.T @ y)
    return 1 - np.sum((wanted - predicted) ** 2) / np.sum(wanted**2)


for cut in (1, 2, 3, 4, 6, 8, 9, 11):
    tensor = gradients(cut)
    variance = np.quantile(np.mean(tensor.reshape(-1, 192) ** 2, axis=0) * 192, [0.05, 0.95])
    correlation = np.mean(np.sum(tensor[:, 2:] * tensor[:, 1:-1], axis=2))
    energies = [np.linalg.svd(sample, compute_uv=False) ** 2 for sample in tensor]
    share = np.mean([energy[:8].sum() / energy.sum() for energy in energies])
    r2 = np.mean([explained(sample, t) for sample in tensor for t in range(5, 65, 6)])
    bits = 0.5 * np.log2(1 / (1 - max(0.0, r2)))
    print(
        f"before block {cut}: channel variance {variance[0]:.2f}-{variance[1]:.2f}, correlation {correlation:.2f}, "
        f"share of 8 directions {share:.2f}, R2 {r2:.2f}, bits {bits:.2f}"
    )
