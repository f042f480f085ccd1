"""Logits and LoRA gradients of SmolLM2-135M-Instruct by PyTorch in float64, for spec/unit/harness/smollm2.spec.ts and bench/harness/smollm2.ts.

python bench/peers/smollm2_reference.py .cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf spec/fixtures/smollm2-reference.json

Reads the same file: names and order by transformers, values by PyPI's gguf. Needs torch, transformers, peft, tokenizers, safetensors
and gguf (written with torch 2.15, transformers 5.24, peft 0.21, tokenizers 0.23, gguf 0.19); half a minute and 3 GB. The whole
arrays are written beside the model; the JSON file has every 97th value of each. How far PyTorch's own float32 is from its float64,
by the same measures, stands in both.
"""

import hashlib
import json
import math
import pathlib
import sys
from typing import NamedTuple

import gguf
import numpy
import torch
from peft import LoraConfig, get_peft_model
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM
from transformers.models.llama.modeling_llama import LlamaRMSNorm, LlamaRotaryEmbedding

FILE, OUT = (pathlib.Path(argument) for argument in sys.argv[1:3])
TEXT = "In 1969 the crew of Apollo 11 landed on the Moon: one small step for man."
PROMPT = 8
STEP = 97
torch.set_num_threads(1)


# transformers computes these two in float32 whatever the model's type is.
def exact_norm(self: LlamaRMSNorm, hidden: torch.Tensor) -> torch.Tensor:
    return self.weight * hidden * torch.rsqrt(hidden.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)


def exact_rotary(self: LlamaRotaryEmbedding, x: torch.Tensor, position_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    width = 2 * self.inv_freq.numel()
    base = self.config.rope_parameters["rope_theta"]
    frequencies = base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = position_ids[..., None].double() * torch.cat((frequencies, frequencies))
    return angles.cos(), angles.sin()


def ids() -> list[int]:
    fields = gguf.GGUFReader(FILE).fields
    tokens, merges = (fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "merges"))
    vocabulary = {token: k for k, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(merge.split(" ")) for merge in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    return tokenizer.encode(TEXT).ids


def formula(name: str, tensor: torch.Tensor) -> torch.Tensor:
    shift = sum(name.encode())
    values = [0.02 * math.sin(0.7 * k + shift) for k in range(tensor.numel())]
    return torch.tensor(values).float().double().reshape(tensor.shape)


def sampled(values: numpy.ndarray) -> list[float]:
    return [float(f"{value:.8g}") for value in values.flatten()[::STEP].tolist()]


def plain_logits(model: torch.nn.Module) -> numpy.ndarray:
    with torch.no_grad():
        return model(input_ids=TOKENS, use_cache=False).logits[0].numpy()


class Pass(NamedTuple):
    plain: numpy.ndarray
    loss: float
    gradients: dict[str, numpy.ndarray]


def adapted_pass(model: torch.nn.Module, plain: numpy.ndarray) -> Pass:
    """Loss and gradients with the formula's adapters, in the model's own type."""
    targets = ["q_proj", "v_proj", "down_proj"]
    config = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, target_modules=targets)
    lora = get_peft_model(model, config).to(model.dtype).eval()
    adapters = {
        name.replace("base_model.model.model.layers.", "").replace(".default", ""): tensor
        for name, tensor in lora.named_parameters()
        if "lora_" in name
    }
    with torch.no_grad():
        for name, tensor in adapters.items():
            tensor.copy_(formula(name, tensor))
    logits = lora(input_ids=TOKENS, use_cache=False).logits[0]
    loss = torch.nn.functional.cross_entropy(logits[PROMPT - 1 : -1], TOKENS[0, PROMPT:])
    loss.backward()
    return Pass(plain, loss.item(), {name: tensor.grad.numpy() for name, tensor in adapters.items()})


def load() -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(FILE.parent, gguf_file=FILE.name, dtype=torch.float32, attn_implementation="sdpa")


TOKENS = torch.tensor([ids()])
model = load()
assert model.config.num_hidden_layers == 30 and model.config.num_key_value_heads == 3, model.config
single = adapted_pass(model, plain_logits(model))
model = load().double().eval()
unchanged = plain_logits(model)
LlamaRMSNorm.forward = exact_norm
LlamaRotaryEmbedding.forward = exact_rotary
plain = plain_logits(model)
span = float(plain.max() - plain.min())
print(f"transformers' own float32 steps change the logits by {abs(plain - unchanged).max() / span:.2e} of their range")
exact = adapted_pass(model, plain)
gradients = exact.gradients
apart = {name: abs(value - single.gradients[name]) for name, value in gradients.items()}
errors = {name: float(value.max() / abs(gradients[name]).max()) for name, value in apart.items()}
norms = {name: float(numpy.linalg.norm(value) / numpy.linalg.norm(gradients[name])) for name, value in apart.items()}
largest = max(float(abs(value).max()) for value in gradients.values())
float32 = {
    "logits": float(abs(plain - single.plain).max() / span),
    "loss": abs(single.loss / exact.loss - 1),
    "ofAll": max(float(value.max()) for value in apart.values()) / largest,
    "ofOwn": list(errors.values()),
    "norms": list(norms.values()),
}
worst = max(errors, key=errors.__getitem__)
print(f"PyTorch in float32: logits {float32['logits']:.2e} of their range, loss {float32['loss']:.2e}, gradients")
print(f"{float32['ofAll']:.2e} of the largest of all, {errors[worst]:.2e} of their own largest at {worst}, in norm {max(norms.values()):.2e},")
print(f"{sum(error > 1e-5 for error in errors.values())} of {len(errors)} matrices above 1e-5 of their own largest")
save_file({"logits": plain, **gradients}, FILE.parent / "reference.safetensors")
reference = {
    "file": hashlib.sha256(FILE.read_bytes()).hexdigest(),
    "text": TEXT,
    "ids": TOKENS[0].tolist(),
    "prompt": PROMPT,
    "step": STEP,
    "range": span,
    "greedy": plain.argmax(1).tolist(),
    "logits": sampled(plain),
    "loss": float(f"{exact.loss:.12g}"),
    "float32": {
        key: [float(f"{each:.3g}") for each in value] if isinstance(value, list) else float(f"{value:.3g}")
        for key, value in float32.items()
    },
    "gradients": {name: {"largest": float(f"{abs(value).max():.8g}"), "values": sampled(value)} for name, value in gradients.items()},
}
OUT.write_text(json.dumps(reference, separators=(",", ":")) + "\n", newline="\n")
