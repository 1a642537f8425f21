"""tokenizer.py OUT: writes Qwen3's tokenizer, for Hugging Face's libraries, from dashscope's vocabulary."""

import importlib.util
import json
import pathlib
import sys

from transformers.convert_slow_tokenizer import TikTokenConverter

# How Qwen2 and Qwen3 split a text before byte-pair encoding.
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

out = pathlib.Path(sys.argv[1])
package = importlib.util.find_spec("dashscope").submodule_search_locations[0]
tokenizer = TikTokenConverter(
    vocab_file=f"{package}/resources/qwen.tiktoken",
    pattern=PATTERN,
    extra_special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
).converted()
out.mkdir()
tokenizer.save(str(out / "tokenizer.json"))
names = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>",
         "pad_token": "<|endoftext|>"}
(out / "tokenizer_config.json").write_text(json.dumps(names))
config = {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "vocab_size": 151936,
          "max_position_embeddings": 40960}
(out / "config.json").write_text(json.dumps(config))
