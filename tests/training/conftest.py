"""A tiny base model (two layers, 32 wide, random weights) and its tokenizer: real files, quick to train."""

import json

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

TEXT = """
[PAD] [UNK] [CLS] [SEP] [MASK] the a is in of and to at by on . , ? where who what when does live work city name
anna berta carl dora emil frieda paris rome oslo wien lima cairo baker doctor pilot judge likes red blue green 药 病
"""
WORDS = TEXT.split()


torch.set_num_threads(1)  # tiny matrices: threads that wait for each other cost more than they save


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    made = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    made.save(str(folder / "tokenizer.json"))
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64, **special}), encoding="utf-8"
    )
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=1300,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder
