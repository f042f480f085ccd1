"""A GGUF file with a tensor of each type that is read, and the SHA-256 of its float32 values by PyPI's gguf, for spec/unit/io/gguf.spec.ts.

python bench/peers/gguf_types_reference.py spec/fixtures/gguf

Needs gguf from PyPI (written with 0.19). What gguf cannot quantize itself are blocks of a formula's bytes with small scales.
"""

import hashlib
import json
import pathlib
import sys

import gguf
import numpy

FOLDER = pathlib.Path(sys.argv[1])
ROWS, WIDTH = 3, 512
# Places of the float16 scales in a block.
SCALES = {"Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}
TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", *SCALES]


def blocks(kind: gguf.GGMLQuantizationType) -> numpy.ndarray:
    values, size = gguf.GGML_QUANT_SIZES[kind]
    count = ROWS * WIDTH // values
    numbers = numpy.arange(count * size, dtype=numpy.uint64) * 2654435761 % 2**32 >> 13
    data = (numbers % 256).astype(numpy.uint8).reshape(count, size)
    for at in SCALES[kind.name]:
        halves = (0.001 * (1 + numpy.arange(count) % 7) * (-1) ** numpy.arange(count)).astype(numpy.float16)
        data[:, at : at + 2] = halves.view(numpy.uint8).reshape(count, 2)
    return data.reshape(ROWS, -1)


def main() -> None:
    writer = gguf.GGUFWriter(FOLDER / "types.gguf", "llama")
    plain = (0.3 * numpy.sin(0.7 * numpy.arange(ROWS * WIDTH))).astype(numpy.float32).reshape(ROWS, WIDTH)
    for name in TYPES:
        kind = gguf.GGMLQuantizationType[name]
        writer.add_tensor(name, blocks(kind) if name in SCALES else gguf.quantize(plain, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    hashes = {}
    for tensor in gguf.GGUFReader(FOLDER / "types.gguf").tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype("<f4")
        assert numpy.isfinite(values).all() and values.size == ROWS * WIDTH
        hashes[tensor.name] = hashlib.sha256(values.tobytes()).hexdigest()
    (FOLDER / "types.json").write_text(json.dumps(hashes, indent=1) + "\n", newline="\n")


main()
