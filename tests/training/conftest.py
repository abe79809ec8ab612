"""A tiny base model (two layers, 32 wide, random weights) and its tokenizer: real files, quick to train."""

import json

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import BartConfig, BartForConditionalGeneration, BertConfig, BertModel

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


@pytest.fixture(scope="session")
def seq2seq(tmp_path_factory):
    """A tiny random sequence-to-sequence model: what it says is nonsense, but it is really run."""
    folder = tmp_path_factory.mktemp("seq2seq")
    words = ["<s>", "<pad>", "</s>", "<unk>", "where", "does", "anna", "live", "who", "is", "in", "rome", "药", "?"]
    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.add_special_tokens(words[:4])
    made.save(str(folder / "tokenizer.json"))
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 32, **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    torch.manual_seed(1)
    BartForConditionalGeneration(
        BartConfig(
            vocab_size=len(words), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
            decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=32,
            pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2,
        )
    ).save_pretrained(folder)  # fmt: skip
    return folder
