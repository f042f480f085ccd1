"""Logits and gradients of decoders with every option, in PyTorch's float64, for spec/unit/harness/decoder-options.spec.ts.

python bench/peers/decoder_options_reference.py ../shared/data/llama2-260k/tinystories_260k_v1.bin > spec/fixtures/decoder-options-reference.json

Needs torch from PyPI (written with torch 2.15). The model is written here by torch.nn.functional alone and differentiated by
torch.autograd; weights and adapters are a formula of their names. Settings meet in pairs: each value of an option with each of every
other. The last case is stories260K as its file has it, with rotary positions of neighbouring entries. `float32` is how far the same
in PyTorch's float32 is apart.
"""

import itertools
import json
import math
import random
import struct
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
sys.stdout.reconfigure(newline="\n")

Tensors = dict[str, torch.Tensor]
VOCABULARY, TOKENS, WIDTH, BLOCKS, HEADS, MLP, CLASSES = 11, 6, 16, 2, 4, 20, 5
RANK, ALPHA = 2, 6
# Of logits and gradients the first value and every so manieth after it is kept.
STEP = 3
OPTIONS = {
    "norm": ["layer", "rms"],
    "activation": ["gelu", "gelu-tanh", "silu"],
    "gatedMlp": [False, True],
    "biases": [False, True],
    "positions": ["learned", 10000, 500],
    "keyValueHeads": [1, 2, 4],
    "head": ["tied", "untied", "classifier"],
    "causal": [True, False],
}


def covering() -> list[dict]:
    """Settings in which any two values of different options meet."""
    names = list(OPTIONS)
    pairs = {
        ((a, x), (b, y)) for a, b in itertools.combinations(names, 2) for x in OPTIONS[a] for y in OPTIONS[b]
    }
    draw, chosen = random.Random(1), []
    while pairs:
        tried = [{name: draw.choice(OPTIONS[name]) for name in names} for _ in range(200)]
        met = lambda one: pairs & set(itertools.combinations(one.items(), 2))
        best = max(tried, key=lambda one: len(met(one)))
        if met(best):
            chosen.append(best)
            pairs -= met(best)
    return chosen


def config_of(one: dict) -> dict:
    learned = one["positions"] == "learned"
    head = one["head"]
    return {
        "vocabulary": VOCABULARY, "tokens": TOKENS, "width": WIDTH, "blocks": BLOCKS, "heads": HEADS, "mlpWidth": MLP,
        "learnedPositions": TOKENS + 2 if learned else 0,
        **({} if learned else {"rotaryBase": one["positions"]}),
        **{key: one[key] for key in ("norm", "activation", "gatedMlp", "biases", "keyValueHeads", "causal")},
        "normEpsilon": 1e-5,
        "head": {"kind": "classifier", "classes": CLASSES} if head == "classifier" else {"kind": "language-model", "tied": head == "tied"},
    }  # fmt: skip


def formula(name: str, shape: list[int]) -> torch.Tensor:
    shift, count = sum(name.encode()), math.prod(shape)
    values = torch.tensor([0.2 * math.sin(0.7 * k + shift) for k in range(count)]).float().double()
    is_norm = "norm" in name and name.endswith("weight")
    return (values + 1 if is_norm else values).float().double().reshape(shape)


def weights_of(config: dict) -> Tensors:
    width, shared = config["width"], config["width"] // config["heads"] * config["keyValueHeads"]
    shapes: dict[str, list[int]] = {"token_embed.weight": [config["vocabulary"], width]}
    if config["learnedPositions"]:
        shapes["pos_embed"] = [1, config["learnedPositions"], width]

    def norm(name: str) -> None:
        shapes[f"{name}.weight"] = [width]
        if config["norm"] == "layer":
            shapes[f"{name}.bias"] = [width]

    def layer(name: str, outputs: int, inputs: int) -> None:
        shapes[f"{name}.weight"] = [outputs, inputs]
        if config["biases"]:
            shapes[f"{name}.bias"] = [outputs]

    for block in range(config["blocks"]):
        at = f"blocks.{block}"
        norm(f"{at}.norm1")
        norm(f"{at}.norm2")
        layer(f"{at}.attn.qkv", width + 2 * shared, width)
        layer(f"{at}.attn.proj", width, width)
        layer(f"{at}.mlp.fc1", config["mlpWidth"], width)
        layer(f"{at}.mlp.fc2", width, config["mlpWidth"])
        if config["gatedMlp"]:
            layer(f"{at}.mlp.gate", config["mlpWidth"], width)
    norm("norm")
    if config["head"]["kind"] == "classifier":
        shapes["head.weight"] = [config["head"]["classes"], width]
        shapes["head.bias"] = [config["head"]["classes"]]
    elif not config["head"]["tied"]:
        shapes["head.weight"] = [config["vocabulary"], width]
    return {name: formula(name, shape) for name, shape in shapes.items()}


def adapters_of(config: dict, targets: list[str], rank: int) -> Tensors:
    width, mlp, shared = config["width"], config["mlpWidth"], config["width"] // config["heads"] * config["keyValueHeads"]
    sizes = {
        "query": (width, width), "key": (width, shared), "value": (width, shared), "output": (width, width),
        "gate": (width, mlp), "up": (width, mlp), "down": (mlp, width),
    }  # fmt: skip
    found = {}
    for block, target in itertools.product(range(config["blocks"]), targets):
        inputs, outputs = sizes[target]
        found[f"{block}.{target}.down"] = formula(f"{block}.{target}.down", [inputs, rank])
        found[f"{block}.{target}.up"] = formula(f"{block}.{target}.up", [rank, outputs])
    return found


def rotary(x: torch.Tensor, base: float, neighbours: bool) -> torch.Tensor:
    """[batch, heads, tokens, size] as complex numbers: entries k and k + half, or neighbours, turn by position · base^(−2k/size)."""
    size, tokens = x.shape[-1], x.shape[-2]
    angles = torch.outer(torch.arange(tokens).double(), base ** (-2 * torch.arange(size // 2).double() / size))
    turn = torch.polar(torch.ones_like(angles), angles).to(torch.promote_types(x.dtype, torch.complex64))
    if neighbours:
        return torch.view_as_real(torch.view_as_complex(x.reshape(*x.shape[:-1], size // 2, 2)) * turn).flatten(-2)
    turned = torch.complex(x[..., : size // 2], x[..., size // 2 :]) * turn
    return torch.cat((turned.real, turned.imag), -1)


def forward(config: dict, weights: Tensors, adapters: Tensors, scale: float, ids: torch.Tensor, neighbours: bool = False):
    """Logits of every token, and the output of the first block."""
    heads, kv, width = config["heads"], config["keyValueHeads"], config["width"]
    batch, tokens = ids.shape

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        gain, epsilon = weights[f"{name}.weight"], config["normEpsilon"]
        if config["norm"] == "layer":
            return F.layer_norm(x, (width,), gain, weights[f"{name}.bias"], epsilon)
        return F.rms_norm(x, (width,), gain, epsilon)

    def added(block: int, target: str, x: torch.Tensor) -> torch.Tensor | float:
        key = f"{block}.{target}"
        return scale * (x @ adapters[f"{key}.down"] @ adapters[f"{key}.up"]) if f"{key}.down" in adapters else 0.0

    def paired(delta: torch.Tensor | float, count: int) -> torch.Tensor | float:
        """An adapter's output, whose entries k and k + half of a head belong together, as neighbours."""
        if not neighbours or isinstance(delta, float):
            return delta
        return delta.unflatten(-1, (count, 2, width // heads // 2)).transpose(-1, -2).flatten(-3)

    def split(x: torch.Tensor, count: int) -> torch.Tensor:
        return x.reshape(batch, tokens, count, width // heads).transpose(1, 2)

    activate = {
        "gelu": F.gelu,
        "gelu-tanh": lambda x: F.gelu(x, approximate="tanh"),
        "silu": F.silu,
    }[config["activation"]]
    x = F.embedding(ids, weights["token_embed.weight"])
    if config["learnedPositions"]:
        x = x + weights["pos_embed"][:, :tokens]
    first = None
    for block in range(config["blocks"]):
        at = f"blocks.{block}"
        linear = lambda name, x: F.linear(x, weights[f"{at}.{name}.weight"], weights.get(f"{at}.{name}.bias"))
        inner = norm(f"{at}.norm1", x)
        shared = width // heads * kv
        q, k, v = linear("attn.qkv", inner).split([width, shared, shared], -1)
        q = split(q + paired(added(block, "query", inner), heads), heads)
        k = split(k + paired(added(block, "key", inner), kv), kv)
        v = split(v + added(block, "value", inner), kv)
        if "rotaryBase" in config:
            q, k = (rotary(each, config["rotaryBase"], neighbours) for each in (q, k))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=config["causal"], enable_gqa=True)
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, width)
        x = x + linear("attn.proj", mixed) + added(block, "output", mixed)
        inner = norm(f"{at}.norm2", x)
        up = linear("mlp.fc1", inner) + added(block, "up", inner)
        hidden = activate(linear("mlp.gate", inner) + added(block, "gate", inner)) * up if config["gatedMlp"] else activate(up)
        x = x + linear("mlp.fc2", hidden) + added(block, "down", hidden)
        if block == 0:
            first = x
    x = norm("norm", x)
    if config["head"]["kind"] == "classifier":
        # The trained copy of a head is inputs × classes.
        return x @ adapters["head.weight"] + adapters["head.bias"], first
    return F.linear(x, weights["token_embed.weight" if config["head"]["tied"] else "head.weight"]), first


def rounded(tensor: torch.Tensor, step: int = 1) -> list[float]:
    return [float(f"{value:.8g}") for value in tensor.detach().flatten()[::step].tolist()]


def outcome(config: dict, weights: Tensors, adapters: Tensors, scale: float, ids, labels, step: int, neighbours: bool = False) -> dict:
    def run(dtype: torch.dtype):
        own = {name: tensor.detach().clone().to(dtype).requires_grad_(True) for name, tensor in adapters.items()}
        logits, first = forward(config, {name: tensor.to(dtype) for name, tensor in weights.items()}, own, scale, ids, neighbours)
        first.retain_grad()
        loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-1)
        loss.backward()
        return logits.detach(), loss.item(), {"cut": first.grad, **{name: tensor.grad for name, tensor in own.items()}}

    logits, loss, gradients = run(torch.float64)
    _, _, single = run(torch.float32)
    figure = lambda value: float(f"{value:.9g}")
    return {
        "logits": rounded(logits, step),
        "range": figure((logits.max() - logits.min()).item()),
        "loss": float(f"{loss:.12g}"),
        "gradients": {
            name: {
                "largest": figure(gradient.abs().max().item()),
                "float32": float(f"{((single[name] - gradient).abs().max() / gradient.abs().max()).item():.3g}"),
                "values": rounded(gradient, step),
            }
            for name, gradient in gradients.items()
        },
    }  # fmt: skip


def of_options(one: dict) -> dict:
    config = config_of(one)
    weights = weights_of(config)
    targets = ["query", "key", "value", "output", *(["gate"] if config["gatedMlp"] else []), "up", "down"]
    adapters = adapters_of(config, targets, RANK)
    ids = torch.tensor([[(5 * k + 3 * row) % VOCABULARY for k in range(TOKENS)] for row in range(2)])
    labels = torch.cat([ids[:, 1:], torch.full((2, 1), -1)], 1)
    labels[:, :2] = -1
    if config["head"]["kind"] == "classifier":
        adapters["head.weight"] = weights["head.weight"].T.clone()
        adapters["head.bias"] = weights["head.bias"].clone()
        labels = torch.full((2, TOKENS), -1)
        labels[:, -1] = torch.tensor([1, 3])
    found = outcome(config, weights, adapters, ALPHA / RANK, ids, labels, STEP)
    return {"options": one, "config": config, "targets": targets, "labels": labels.flatten().tolist(), "step": STEP, **found}


def stories(path: Path) -> dict:
    """The file: a byte, a name with its length, seven sizes, `tied`; at 256 words with score and length; then float32 weights."""
    data = path.read_bytes()
    width, mlp, tokens, vocabulary, blocks, heads, kv = struct.unpack_from("<7i", data, 10)
    at = 256
    for _ in range(vocabulary):
        at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    flat = torch.frombuffer(bytearray(data[at:]), dtype=torch.float32).double()
    position = 0

    def read(*shape: int) -> torch.Tensor:
        nonlocal position
        count = math.prod(shape)
        position += count
        return flat[position - count : position].reshape(shape)

    shared = width // heads * kv
    weights: Tensors = {"token_embed.weight": read(vocabulary, width)}
    kinds = {
        "norm1": [width], "q": [width, width], "k": [shared, width], "v": [shared, width], "attn.proj": [width, width],
        "norm2": [width], "mlp.gate": [mlp, width], "mlp.fc1": [mlp, width], "mlp.fc2": [width, mlp],
    }  # fmt: skip
    for name, shape in kinds.items():
        for block in range(blocks):
            weights[f"blocks.{block}.{name}.weight"] = read(*shape)
    weights["norm.weight"] = read(width)
    assert position == len(flat)
    for block in range(blocks):
        parts = [weights[f"blocks.{block}.{part}.weight"] for part in "qkv"]
        weights[f"blocks.{block}.attn.qkv.weight"] = torch.cat(parts)
    config = {
        "vocabulary": vocabulary, "tokens": tokens, "width": width, "blocks": blocks, "heads": heads, "mlpWidth": mlp,
        "learnedPositions": 0, "rotaryBase": 10000, "norm": "rms", "normEpsilon": 1e-5, "activation": "silu", "gatedMlp": True,
        "biases": False, "keyValueHeads": kv, "causal": True, "head": {"kind": "language-model", "tied": True},
    }  # fmt: skip
    told = [1]
    while len(told) < 33:
        logits, _ = forward(config, weights, {}, 1, torch.tensor([told]), True)
        told.append(int(logits[0, -1].argmax()))
    ids, labels = torch.tensor([told[:-1]]), torch.tensor([told[1:]])
    targets = ["query", "key", "value", "down"]
    found = outcome(config, weights, adapters_of(config, targets, 4), 0.25, ids, labels, 7, True)
    return {"ids": told, "targets": targets, "step": 7, **found}


if __name__ == "__main__":
    cases = [of_options(one) for one in covering()]
    print(json.dumps({"cases": cases, "stories260K": stories(Path(sys.argv[1]))}, separators=(",", ":")))
