"""Small GGUF files and what PyPI's gguf and transformers read in them, for spec/unit/harness/gguf-model.spec.ts and spec/unit/io/gguf.spec.ts.

python bench/peers/gguf_reference.py spec/fixtures/gguf

Needs torch, transformers and gguf from PyPI (written with torch 2.15, transformers 5.24, gguf 0.19). The weights are a formula.
`dequantized` holds the SHA-256 of each tensor's float32 values by gguf; `logits` are in float64.
"""

import hashlib
import json
import math
import pathlib
import sys

import gguf
import numpy
import torch
from transformers import AutoModelForCausalLM, GPT2Config

FOLDER = pathlib.Path(sys.argv[1])
VOCABULARY, TOKENS, WIDTH, BLOCKS, HEADS, MLP = 40, 12, 32, 2, 4, 64
IDS = [(7 * k + 3) % VOCABULARY for k in range(TOKENS)]
TYPES = {
    "token_embd": "Q8_0", "position_embd": "F16", "output": "Q4_1", "attn_qkv": "Q4_1",
    "attn_q": "Q4_1", "attn_k": "Q4_0", "attn_v": "F16", "attn_output": "BF16",
    "ffn_gate": "Q4_1", "ffn_up": "Q4_0", "ffn_down": "Q8_0",
}  # fmt: skip
torch.set_num_threads(1)


def formula(name: str, *shape: int) -> numpy.ndarray:
    shift = sum(name.encode())
    values = numpy.array([0.3 * math.sin(0.7 * k + shift) for k in range(math.prod(shape))], dtype=numpy.float32)
    return (values + 1 if "norm" in name and name.endswith("weight") else values).reshape(shape)


def write(architecture: str, tensors: dict[str, tuple[int, ...]], metadata: dict) -> pathlib.Path:
    path = FOLDER / f"{architecture}.gguf"
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(BLOCKS)
    writer.add_context_length(2 * TOKENS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(MLP)
    writer.add_head_count(HEADS)
    writer.add_vocab_size(VOCABULARY)
    for key, value in metadata.items():
        getattr(writer, f"add_{key}")(value)
    for name, shape in tensors.items():
        kind = gguf.GGMLQuantizationType.F32
        if name.endswith(".weight") and len(shape) > 1:
            kind = gguf.GGMLQuantizationType[TYPES[name.split(".")[-2]]]
        writer.add_tensor(name, gguf.quantize(formula(name, *shape), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def llama() -> pathlib.Path:
    tensors = {"token_embd.weight": (VOCABULARY, WIDTH), "output_norm.weight": (WIDTH,), "output.weight": (VOCABULARY, WIDTH)}
    for block in range(BLOCKS):
        shapes = {
            "attn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH // 2, WIDTH), "attn_v": (WIDTH // 2, WIDTH),
            "attn_output": (WIDTH, WIDTH), "ffn_norm": (WIDTH,), "ffn_gate": (MLP, WIDTH), "ffn_up": (MLP, WIDTH),
            "ffn_down": (WIDTH, MLP),
        }  # fmt: skip
        tensors |= {f"blk.{block}.{name}.weight": shape for name, shape in shapes.items()}
    metadata = {
        "head_count_kv": 2, "rope_freq_base": 5000.0, "rope_dimension_count": WIDTH // HEADS, "layer_norm_rms_eps": 1e-5,
    }  # fmt: skip
    return write("llama", tensors, metadata)


def gpt2() -> pathlib.Path:
    tensors = {
        "token_embd.weight": (VOCABULARY, WIDTH), "position_embd.weight": (2 * TOKENS, WIDTH),
        "output_norm.weight": (WIDTH,), "output_norm.bias": (WIDTH,),
    }  # fmt: skip
    for block in range(BLOCKS):
        layers = {"attn_qkv": (3 * WIDTH, WIDTH), "attn_output": (WIDTH, WIDTH), "ffn_up": (MLP, WIDTH), "ffn_down": (WIDTH, MLP)}
        for name, shape in layers.items():
            tensors |= {f"blk.{block}.{name}.weight": shape, f"blk.{block}.{name}.bias": shape[:1]}
        for name in ("attn_norm", "ffn_norm"):
            tensors |= {f"blk.{block}.{name}.weight": (WIDTH,), f"blk.{block}.{name}.bias": (WIDTH,)}
    return write("gpt2", tensors, {"layer_norm_eps": 1e-5})


def read(path: pathlib.Path) -> dict:
    hashes = {}
    for tensor in gguf.GGUFReader(path).tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype("<f4")
        hashes[tensor.name] = hashlib.sha256(values.tobytes()).hexdigest()
    # Of a GPT-2, transformers looks for these sizes in a tokeniser.
    sizes = GPT2Config(
        vocab_size=VOCABULARY, n_positions=2 * TOKENS, n_embd=WIDTH, n_layer=BLOCKS, n_head=HEADS, n_inner=MLP,
    )  # fmt: skip
    config = {"config": sizes} if path.stem == "gpt2" else {}
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32, **config).double().eval()
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([IDS]), use_cache=False).logits
    return {"dequantized": hashes, "logits": [float(f"{value:.9g}") for value in logits.flatten().tolist()]}


reference = {path.stem: read(path) for path in (llama(), gpt2())}
(FOLDER / "reference.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n", newline="\n")
