"""Small tokenisers and the ids that sentencepiece and Hugging Face's tokenizers (Rust) give, for spec/unit/harness/data/tokenizer.spec.ts.

python bench/peers/tokenizer_reference.py spec/fixtures/tokenizers [SmolLM2.gguf] [tinystories_260k_v1.bin]

Needs sentencepiece, protobuf, tokenizers and gguf from PyPI (written with 0.2.3, 6.33, 0.23.3, 0.19). The vocabularies are trained
on docs/*.md and the texts below. Of the two large files only ids are kept.
"""

import json
import pathlib
import random
import struct
import sys
import tempfile

import gguf
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
ROOT = pathlib.Path(__file__).parents[2]
CORPUS = "\n".join(path.read_text() for path in sorted(ROOT.glob("docs/*.md")))
TEXTS = [
    "Once upon a time, there was a little girl named Lily.", " leading and trailing ", "two  spaces,   three", "a\nb\n\n c\t\td\r\ne",
    "I'll don't we've they'RE IT'S", "2024-11-30 3.14159 1,000,000 x86_64", "naïve café Ünïcödé", "日本語のテキスト 中文 한국어",
    "emoji 🙂👩‍👩‍👧 flags 🇨🇭", "½ ¾ ٣٤ Ⅷ", "e\u0301 combining \u200b zero width \u00a0 nbsp", "aaaaaaaaaaaaaaaaaaaaaaaa", "ababababa banana bananas",
    "def f(x):\n    return x**2  # code", "<0x0A> <|im_start|>user\nhi<|im_end|>", "▁ under ▁▁ bars", "\ufeffbom", "x" * 300, "", " ", "\n",
    "__proto__ constructor toString",
]  # fmt: skip
rng = random.Random(1)
ALPHABET = list("abcdeth in  onrsl\n.,'0123") + ["é", "日", "🙂", "th", "ing ", " the"]
TEXTS += ["".join(rng.choice(ALPHABET) for _ in range(rng.randrange(1, 60))) for _ in range(80)]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def cut(name: str) -> pre_tokenizers.PreTokenizer:
    level = pre_tokenizers.ByteLevel
    if name == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), level(add_prefix_space=False)])
    if name == "llama-bpe":
        return pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(LLAMA3), "isolated"), level(add_prefix_space=False, use_regex=False)]
        )
    return level(add_prefix_space=False)


SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def write_gguf(path: pathlib.Path, model: str, tokens: list[str], kinds: list[int], **more) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    for key, value in more.items():
        getattr(writer, f"add_{key}")(value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def byte_level(name: str) -> list[list[int]]:
    tokenizer = Tokenizer(models.BPE(ignore_merges=name == "llama-bpe"))
    tokenizer.pre_tokenizer = cut(name)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([CORPUS], trainer)
    state = json.loads(tokenizer.to_str())["model"]
    ids = state["vocab"]
    tokens = sorted(ids, key=ids.get)
    merges = [" ".join(merge) for merge in state["merges"]]
    kinds = [3 if token in SPECIAL else 1 for token in tokens]
    write_gguf(
        FOLDER / f"{name}.gguf", "gpt2", tokens, kinds, tokenizer_pre=name, token_merges=merges, eos_token_id=0, add_bos_token=False
    )  # fmt: skip
    if name == "gpt-2":
        tokenizer.save(str(FOLDER / "tokenizer.json"), pretty=False)
        config = {"eos_token": "<|endoftext|>", "tokenizer_class": "GPT2Tokenizer"}
        (FOLDER / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]


def pieces() -> list[list[int]]:
    with tempfile.TemporaryDirectory() as folder:
        corpus = pathlib.Path(folder) / "corpus"
        corpus.write_text("\n".join([CORPUS, *TEXTS]))
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus), model_prefix=f"{folder}/model", model_type="bpe", vocab_size=700, byte_fallback=True,
            normalization_rule_name="identity", remove_extra_whitespaces=False, character_coverage=0.995,
            minloglevel=2, num_threads=1, max_sentence_length=100_000,
        )  # fmt: skip
        processor = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/model.model")
    size = processor.get_piece_size()
    tokens = [processor.id_to_piece(k) for k in range(size)]
    scores = [processor.get_score(k) for k in range(size)]
    kinds = [2 if processor.is_unknown(k) else 3 if processor.is_control(k) else 6 if processor.is_byte(k) else 1 for k in range(size)]
    write_gguf(FOLDER / "pieces.gguf", "llama", tokens, kinds, token_scores=scores, bos_token_id=1, eos_token_id=2)
    with open(FOLDER / "tokenizer.bin", "wb") as file:
        # As export.py of llama2.c writes it.
        texts = [token.replace("▁", " ").encode() for token in tokens]
        texts[1:3] = [b"\n<s>\n", b"\n</s>\n"]
        file.write(struct.pack("<i", max(map(len, texts))))
        for text, score in zip(texts, scores):
            file.write(struct.pack("<fI", score, len(text)) + text)
    return [processor.encode(text) for text in TEXTS]


def smollm2(path: str) -> list[list[int]]:
    fields = gguf.GGUFReader(path).fields
    tokens, kinds, merges = (fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "token_type", "merges"))
    vocabulary = {token: k for k, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(merge.split(" ")) for merge in merges]))
    tokenizer.pre_tokenizer = cut("smollm")
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token, kind in zip(tokens, kinds) if kind == 3])
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]


def stories(path: str) -> list[list[int]]:
    data = pathlib.Path(path).read_bytes()
    model = proto.ModelProto()
    offset = 256
    for k in range(512):
        score, length = struct.unpack_from("<fI", data, offset)
        piece = data[offset + 8 : offset + 8 + length].decode()
        offset += 8 + length
        kind = 2 if k == 0 else 3 if k < 3 else 6 if piece.startswith("<0x") else 1
        model.pieces.add(piece=piece, score=score, type=kind)
    model.trainer_spec.model_type = proto.TrainerSpec.BPE
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.vocab_size = 512
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.remove_extra_whitespaces = False
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
    return [processor.encode(text) for text in TEXTS]


reference = {name: byte_level(name) for name in ("gpt-2", "smollm", "llama-bpe")}
reference["pieces"] = pieces()
for path in sys.argv[2:]:
    reference |= {"smollm2": smollm2(path)} if path.endswith(".gguf") else {"stories260K": stories(path)}
lines = [f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'), ensure_ascii=True)}" for key, value in (("texts", TEXTS), *reference.items())]
(FOLDER / "reference.json").write_text("{" + ",\n".join(lines) + "}\n", newline="\n")
