"""A reader of the transformers library that reads Chinese by characters, as the ones on hubs do: configured, it reads and marks."""

from __future__ import annotations

from pathlib import Path

import pytest

import kgqa
from kgqa.models.making import make_reader
from kgqa.types import Passage

pytestmark = [
    pytest.mark.torch,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]
TEXTS = (
    ("通知期多长？", "甲方提前通知，通知期为三十日。违约金为五万元。", "三十日"),
    ("违约金是多少？", "甲方提前通知，通知期为三十日。违约金为五万元。", "五万元"),
    ("通知期多长？", "违约金为十万元，通知期为六十日。", "六十日"),
    ("违约金是多少？", "违约金为十万元，通知期为六十日。", "十万元"),
    ("通知期多长？", "乙方的通知期为九十日，违约金为二万元。", "九十日"),
    ("违约金是多少？", "乙方的通知期为九十日，违约金为二万元。", "二万元"),
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """Return the folder of a BERT of one layer that has learnt six questions by heart, with a tokenizer of characters."""
    torch = pytest.importorskip("torch")
    from transformers import BertConfig, BertForQuestionAnswering, BertTokenizerFast

    folder = tmp_path_factory.mktemp("hub") / "tiny-zh"
    folder.mkdir()
    letters = sorted({char for row in TEXTS for text in row for char in text})
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]), encoding="utf-8"
    )
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), tokenize_chinese_chars=True)
    torch.manual_seed(0)
    model = BertForQuestionAnswering(
        BertConfig(
            vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
        )
    )
    rows = tokenizer([q for q, _, _ in TEXTS], [c for _, c, _ in TEXTS], padding=True, return_tensors="pt")
    spots = [(context.index(answer), len(answer)) for _, context, answer in TEXTS]
    start = torch.tensor([rows.char_to_token(at, first, 1) for at, (first, _) in enumerate(spots)])
    end = torch.tensor([rows.char_to_token(at, first + size - 1, 1) for at, (first, size) in enumerate(spots)])
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(150):
        loss = model(**rows, start_positions=start, end_positions=end).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    return folder


def test_it_marks_chinese_answers_in_characters_of_the_document(checkpoint):
    reader = make_reader(str(checkpoint))
    passages = [Passage(str(at), "d", text, "zh", 7, 7 + len(text)) for at, (_, text, _) in enumerate(TEXTS)]
    found = reader.read([question for question, _, _ in TEXTS], [[one] for one in passages])
    assert [spans[0].text for spans in found] == [answer for _, _, answer in TEXTS]
    for one, (best, *_) in zip(passages, found, strict=True):
        assert one.text[best.start - 7 : best.end - 7] == best.text


@pytest.mark.parametrize(
    "text",
    [
        "𠮷田通知期为三十日。",
        "甲方提前通知。\n\n通知期为\u3000三十日\u3000！",
        "通知期为ＡＢＣ三十日㈱。",
        "😀" * 40 + "通知期为三十日。",
    ],
)
def test_offsets_hold_with_characters_that_it_has_never_seen(checkpoint, text):
    one = Passage("p", "d", text, "zh", 100, 100 + len(text))
    for span in make_reader(str(checkpoint)).read(["通知期多长？"], [[one]])[0]:
        assert text[span.start - 100 : span.end - 100] == span.text


def test_a_knowledge_base_answers_with_the_reader_that_it_names(checkpoint, tmp_path):
    folder = tmp_path / "kb" / "contracts"
    (folder / "documents").mkdir(parents=True)
    (folder / "documents" / "合同.txt").write_text(f"{TEXTS[0][1]}\n", encoding="utf-8")
    (folder / "kb.toml").write_text(f'[models]\nreader = "{checkpoint}"\n', encoding="utf-8")
    kgqa.build(folder)
    kb = kgqa.open(folder)
    answer = kb.ask("通知期多长？")
    assert str(checkpoint) in answer.models["reader"]
    marked = [one.items[0] for one in answer.alternatives] + list(answer.items)
    assert "三十日" in marked
    for evidence in answer.evidence:
        assert kb.document(evidence.passage.doc_id).text[evidence.start : evidence.end] == evidence.quote
