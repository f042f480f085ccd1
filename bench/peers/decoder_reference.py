"""Logits and gradients of decoders by Hugging Face's transformers and PEFT in float64, for spec/unit/harness/decoder-parity.spec.ts.

python bench/peers/decoder_reference.py > spec/fixtures/decoder-reference.json

Needs torch, transformers and peft from PyPI (written with torch 2.15, transformers 5.24, peft 0.21). The weights are a formula.
"""

import json
import math
import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
sys.stdout.reconfigure(newline="\n")

VOCABULARY, TOKENS, WIDTH, BLOCKS, HEADS, MLP = 13, 7, 24, 3, 6, 40


def formula(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Smooth numbers that any language gives alike; the sum of the name's bytes tells tensors apart."""
    shift = sum(name.encode())
    values = torch.tensor([0.2 * math.sin(0.7 * k + shift) for k in range(tensor.numel())]).float().double()
    is_norm = ("norm" in name or "ln_" in name) and name.endswith("weight")
    return (values + 1 if is_norm else values).reshape(tensor.shape)


def fill(model: torch.nn.Module) -> None:
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            tensor.copy_(formula(name, tensor))


IDS = torch.tensor([[(5 * k + 3 * row) % VOCABULARY for k in range(TOKENS)] for row in range(2)])
# Next token; the first two are a prompt and not judged, nor is what follows the last.
LABELS = torch.cat([IDS[:, 1:], torch.full((2, 1), -1)], 1)
LABELS[:, :2] = -1


def rounded(tensor: torch.Tensor) -> list[float]:
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def loss_of(logits: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(logits.reshape(-1, VOCABULARY), LABELS.reshape(-1), ignore_index=-1)


def run(model: torch.nn.Module, cut_block: torch.nn.Module) -> dict:
    held = {}

    def keep(_module, _inputs, output):
        tensor = output[0] if isinstance(output, tuple) else output
        tensor.retain_grad()
        held["cut"] = tensor

    cut_block.register_forward_hook(keep)
    logits = model(input_ids=IDS, use_cache=False).logits
    loss = loss_of(logits)
    loss.backward()
    return {
        "logits": rounded(logits.detach()),
        "loss": float(f"{loss.item():.12g}"),
        "gradientAfterBlock1": rounded(held["cut"].grad),
    }


def gpt2_config() -> GPT2Config:
    return GPT2Config(
        vocab_size=VOCABULARY, n_positions=TOKENS + 2, n_embd=WIDTH, n_layer=BLOCKS, n_head=HEADS, n_inner=MLP,
        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, attn_implementation="eager",
    )  # fmt: skip


def llama_config() -> LlamaConfig:
    return LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=BLOCKS, num_attention_heads=HEADS,
        num_key_value_heads=2, intermediate_size=MLP, rms_norm_eps=1e-5, tie_word_embeddings=False,
        attn_implementation="eager",
    )  # fmt: skip


def gpt2() -> dict:
    model = GPT2LMHeadModel(gpt2_config()).double()
    fill(model)
    return run(model.eval(), model.transformer.h[0])


def llama() -> dict:
    model = LlamaForCausalLM(llama_config()).double()
    fill(model)
    targets = ["q_proj", "k_proj", "o_proj", "gate_proj", "down_proj"]
    lora = get_peft_model(model, LoraConfig(r=2, lora_alpha=6, target_modules=targets, lora_dropout=0.0)).double().eval()
    with torch.no_grad():
        for name, tensor in lora.named_parameters():
            if "lora_" in name:
                short = name.replace("base_model.model.", "").replace(".default", "")
                tensor.copy_(formula(short, tensor))
    out = run(lora, lora.base_model.model.model.layers[0])
    out["adapterGradients"] = {
        name.replace("base_model.model.model.layers.", "").replace(".default.weight", ""): rounded(tensor.grad)
        for name, tensor in lora.named_parameters()
        if "lora_" in name
    }
    return out


if __name__ == "__main__":
    print(json.dumps({"gpt2": gpt2(), "llama": llama()}, separators=(",", ":")))
