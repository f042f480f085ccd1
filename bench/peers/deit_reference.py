"""Logits and gradients of vision transformers by timm in float64, for spec/unit/harness/timm-parity.spec.ts.

python bench/peers/deit_reference.py [weights.safetensors] > spec/fixtures/timm-reference.json

Needs torch and timm from PyPI (written with torch 2.15, timm 1.0.31). Without weights only the small model is computed, whose
weights are a formula.
"""

import json
import math
import sys

import timm
import torch
from safetensors.torch import load_file
from timm.models.vision_transformer import VisionTransformer

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
sys.stdout.reconfigure(newline="\n")


def formula(name: str, count: int) -> torch.Tensor:
    """Smooth numbers that any language gives alike; the sum of the name's bytes tells tensors apart."""
    shift = sum(name.encode())
    values = torch.tensor([0.2 * math.sin(0.7 * k + shift) for k in range(count)])
    # As float32, which is what the other side computes with.
    values = values.float().double()
    return values + 1 if "norm" in name and name.endswith("weight") else values


def synthetic(side: int) -> torch.Tensor:
    planes = torch.tensor([(i % 251) / 125 - 1 for i in range(3 * side * side)]).float().double()
    return planes.reshape(1, 3, side, side)


def rounded(tensor: torch.Tensor) -> list[float]:
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def small() -> dict:
    model = VisionTransformer(
        img_size=32, patch_size=8, embed_dim=24, depth=3, num_heads=3, mlp_ratio=2, num_classes=5
    ).double()
    state = {name: formula(name, t.numel()).reshape(t.shape) for name, t in model.state_dict().items()}
    model.load_state_dict(state, strict=True)
    model.eval()
    held = {}
    model.blocks[0].register_forward_hook(lambda _m, _i, output: held.setdefault("cut", output).retain_grad())
    logits = model(synthetic(32))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([3]))
    loss.backward()
    return {
        "logits": rounded(logits.detach()),
        "loss": float(f"{loss.item():.12g}"),
        "activationsAfterBlock1": rounded(held["cut"].detach()),
        "gradientAfterBlock1": rounded(held["cut"].grad),
    }


def deit(path: str) -> dict:
    model = timm.create_model("deit_tiny_patch16_224", pretrained=False).double()
    model.load_state_dict({name: t.double() for name, t in load_file(path).items()}, strict=True)
    model.eval()
    with torch.no_grad():
        return {"logits": rounded(model(synthetic(224)))}


result = {"made": f"torch {torch.__version__.split('+')[0]}, timm {timm.__version__}, float64", "small": small()}
if len(sys.argv) > 1:
    result["deitTiny"] = deit(sys.argv[1])
json.dump(result, sys.stdout, indent=None, separators=(",", ":"))
print()
