"""Trains the small tokenizers of this folder and writes what HuggingFace's own library makes of texts.

    pip install tokenizers==0.23.3
    python3 make.py OUT TEXTS FILE...

writes OUT/NAME.tokenizer.json, trained on the files, OUT/texts.json with so many texts, and OUT/NAME.ids.json with the ids of each. A tokenizer
has the parts of the model family that it is called after: normalizer, pre-tokenizer, kind of vocabulary. Its words are few, so that the files stay
small. The files here came of 200 texts, README.md, ARCHITECTURE.md and four times corpus.txt.
"""

import json
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer

WORDS = 420  # beside the 256 bytes

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
METASPACE = "\u2581"

LETTERS = {
    "latin": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "accents": "éèêëàâäöüßñçøåæœÉÀÖÜŁłğİıſK",
    "marks": "e\u0301o\u0308n\u0303a\u030a\u0323\u0307q\u0307\u0323",
    "cyrillic": "приветмирПРИВЕТ",
    "chinese": "你好世界今天天气很好测试",
    "japanese": "こんにちはカタカナテスト日本語",
    "korean": "안녕하세요\u1112\u1161\u11ab",
    "arabic": "مرحباالعالم",
    "devanagari": "नमस्तेदुनिया",
    "thai": "สวัสดีชาวโลก",
    "digits": "0123456789",
    "numbers": "①②Ⅷ½٣٤٥¾৪",
    "punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "symbols": "€£¥©®™→∞≠±×÷°§¶…–—“”‘’«»",
    "emoji": "🎉🚀👩\u200d👩\u200d👧🇩🇪😀\ufe0f",
    "space": " ",
    "spaces": " \t\n\r\u000b\u000c\u0085\u00a0\u1680\u2003\u2028\u3000\u200b",
    "lines": "\n",
    "compatible": "ﬁﬂ①ｶﾞＡＢ\u00c5\u212b",
    "controls": "\x00\x01\x1f\x7f\u00ad\ufeff",
}
PHRASES = [
    "don't", "DON'T", "I'll", "WE'VE", "they're", "it's", "I'm", "he'd", "'s", "'S", "'ſ", "'tis", "o'clock", "''ll", " 's", "1's",
    "   ", "\n\n", " \n ", "\r\n", "\t\t", "  x", "x  ", "x   y", "\n  x", "x \n\n y", " .", "...", " ...\n", "/path/to", "a//b", "1234567", "3.14", "x1y2",
    "HelloWorld", "XMLHttpRequest", "camelCase", "UPPERlower", "ǅ", "日本語123", "<|end|>", "<|start|>user", " <|end|> ", "<mask>", "a <mask> b", "wordy", "word", "a word.", "naïve",
    "</s>", "<s>", "▁", "a▁b", "▁▁", "<0x41>", "<unk>",
]


def texts(count, corpus):
    rng = random.Random(1)
    out = ["", " ", "  ", "a", " a", "a ", "\n", "Hello, world!", "Hello big world"] + PHRASES
    kinds = sorted(LETTERS)
    while len(out) < count:
        parts = []
        for _ in range(rng.randint(1, 8)):
            which = rng.random()
            if which < 0.35:
                parts.append(rng.choice(PHRASES))
            elif which < 0.6:
                at = rng.randrange(len(corpus))
                parts.append(corpus[at : at + rng.randint(1, 60)])
            else:
                letters = LETTERS[rng.choice(kinds)]
                parts.append("".join(rng.choice(letters) for _ in range(rng.randint(1, 9))))
            if rng.random() < 0.5:
                parts.append(" ")
        out.append("".join(parts))
    return out[:count]


def byte_level(use_regex=True, prefix=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=use_regex)


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def families():
    sequence = pre_tokenizers.Sequence
    yield "gpt2", None, byte_level(), {}
    yield "roberta", None, byte_level(prefix=True), {}
    yield "starcoder", None, sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()]), {}
    yield "llama3", None, sequence([split(LLAMA3), byte_level(False)]), {"ignore_merges": True}
    yield "qwen2", normalizers.NFC(), sequence([split(QWEN2), byte_level(False)]), {}
    yield "gpt-oss", None, sequence([split(O200K), byte_level(False)]), {}
    yield "deepseek", normalizers.Sequence([]), sequence(
        [split(r"\p{N}{1,3}"), split(r"[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK), byte_level(False)]
    ), {}
    fallback = {"byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>"}
    marked = normalizers.Sequence([normalizers.Prepend(METASPACE), normalizers.Replace(" ", METASPACE)])
    yield "llama2", marked, None, fallback
    yield "mistral", None, pre_tokenizers.Metaspace(METASPACE, prepend_scheme="first", split=False), fallback
    yield "metaspace", normalizers.NFKC(), pre_tokenizers.Metaspace(METASPACE, prepend_scheme="always", split=True), {"unk_token": "<unk>", "fuse_unk": True}
    yield "gemma", normalizers.Replace(" ", METASPACE), pre_tokenizers.Split(" ", "merged_with_previous"), fallback


def train(normalizer, pre_tokenizer, options, corpus):
    """Trains on lines, since a tokenizer without a pre-tokenizer takes all of a text for one word."""
    tokenizer = Tokenizer(BPE(**options))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    metaspace = "unk_token" in options
    words = pre_tokenizer if not metaspace else pre_tokenizers.Metaspace(METASPACE, prepend_scheme="always", split=True)
    tokenizer.pre_tokenizer = words
    specials = ["<unk>", "<s>", "</s>"] if metaspace else []
    if options.get("byte_fallback"):
        specials += [f"<0x{b:02X}>" for b in range(256)]
    alphabet = [] if metaspace else pre_tokenizers.ByteLevel.alphabet()
    trainer = BpeTrainer(
        vocab_size=WORDS + 256 + len(specials[:3]), special_tokens=specials, initial_alphabet=alphabet, limit_alphabet=180 if metaspace else 256, show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    parts = json.loads(tokenizer.to_str())
    if options.get("byte_fallback"):
        parts["added_tokens"] = parts["added_tokens"][:3]  # bytes are no special tokens
    parts["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(parts))
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.add_special_tokens(["<|start|>", "<|end|>", AddedToken("<mask>", lstrip=True, rstrip=True)])
    tokenizer.add_tokens([AddedToken("word", single_word=True), AddedToken("Na\u00efve", normalized=True)])
    if not metaspace:
        start = tokenizer.token_to_id("<|start|>")
        tokenizer.post_processor = TemplateProcessing(single="<|start|> $A", special_tokens=[("<|start|>", start)])
    return tokenizer


def write_list(f, items):
    f.write("[\n" + ",\n".join(json.dumps(item, separators=(",", ":")) for item in items) + "\n]\n")


def main():
    out, count, files = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    corpus = "".join(open(f, encoding="utf-8").read() for f in files)
    corpus += "".join("".join(LETTERS[k]) + " " for k in sorted(LETTERS) if k not in ("controls", "spaces")) * 4
    samples = texts(count, corpus)
    with open(f"{out}/texts.json", "w", encoding="utf-8") as f:
        write_list(f, samples)
    for name, normalizer, pre_tokenizer, options in families():
        tokenizer = train(normalizer, pre_tokenizer, options, corpus.splitlines(keepends=True))
        parts = json.loads(tokenizer.to_str())
        if name in ("gpt2", "llama2"):  # as files of some years ago have them
            parts["model"]["merges"] = [" ".join(pair) for pair in parts["model"]["merges"]]
        with open(f"{out}/{name}.tokenizer.json", "w", encoding="utf-8") as f:
            json.dump(parts, f, ensure_ascii=False, separators=(",", ":"))
            f.write("\n")
        again = Tokenizer.from_str(json.dumps(parts))
        with open(f"{out}/{name}.ids.json", "w", encoding="utf-8") as f:
            write_list(f, [again.encode(t, add_special_tokens=False).ids for t in samples])


main()
