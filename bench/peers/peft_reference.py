"""Adapters of decoders between PEFT and this project, both ways, for spec/unit/harness/training/peft-decoders.spec.ts.

npx tsx scripts/write-peft-fixtures.ts && python bench/peers/peft_reference.py spec/fixtures/peft

Needs torch, transformers and peft from PyPI (written with torch 2.15, transformers 5.24, peft 0.21). The models are those of
decoder_reference.py. `peft-*` are folders that PEFT saves here, `own-*` those that this project wrote and PEFT loads; the logits
of both are in float64.
"""

import json
import pathlib
import sys
import warnings

import torch
from decoder_reference import IDS, fill, formula, gpt2_config, llama_config, rounded
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    GPT2ForTokenClassification,
    GPT2LMHeadModel,
    LlamaForCausalLM,
    LlamaForTokenClassification,
)

FOLDER = pathlib.Path(sys.argv[1])
CLASSES = 4


def filled(model: torch.nn.Module) -> torch.nn.Module:
    model = model.double()
    fill(model)
    return model.eval()


def base(name: str) -> torch.nn.Module:
    if name.endswith("classifier"):
        config = gpt2_config() if "gpt2" in name else llama_config()
        config.num_labels = CLASSES
        return filled((GPT2ForTokenClassification if "gpt2" in name else LlamaForTokenClassification)(config))
    return filled(GPT2LMHeadModel(gpt2_config()) if "gpt2" in name else LlamaForCausalLM(llama_config()))


def logits(model: torch.nn.Module) -> list[float]:
    with torch.no_grad():
        return rounded(model.eval()(input_ids=IDS, use_cache=False).logits)


def saved(name: str, targets: list[str]) -> list[float]:
    """PEFT's own adapters, saved as PEFT does."""
    lora = get_peft_model(base(name), LoraConfig(r=2, lora_alpha=6, lora_dropout=0.0, target_modules=targets, fan_in_fan_out="gpt2" in name))
    with torch.no_grad():
        for key, tensor in lora.named_parameters():
            if "lora_" in key:
                tensor.copy_(formula(key.replace(".default", ""), tensor))
    found = logits(lora)
    lora.float().save_pretrained(FOLDER / name)
    (FOLDER / name / "README.md").unlink()
    return found


def loaded(name: str) -> list[float]:
    """This project's adapters, as PEFT loads them: nothing may be missing or left over."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = PeftModel.from_pretrained(base(name), FOLDER / name).double()
    assert not any("keys" in str(warning.message) for warning in caught), [str(warning.message) for warning in caught]
    touched = sum(tensor.abs().sum().item() > 0 for key, tensor in model.named_parameters() if "lora_B" in key)
    assert touched == sum("lora_B" in key for key, _ in model.named_parameters()) > 0
    return logits(model)


reference = {
    "peft-gpt2": saved("peft-gpt2", ["c_attn", "attn.c_proj", "c_fc", "mlp.c_proj"]),
    "peft-llama": saved("peft-llama", ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "gate_proj", "down_proj"]),
} | {path.name: loaded(path.name) for path in sorted(FOLDER.glob("own-*"))}
(FOLDER / "reference.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n", newline="\n")
