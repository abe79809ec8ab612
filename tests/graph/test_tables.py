"""Tables as triples, as kb.toml says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.config import read_config
from kgqa.graph.tables import ColumnMapping, TableFault, TableMapping, read_table

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"


def triples(text: str, *columns: ColumnMapping, encoding: str = "utf-8", **more: object) -> set[tuple[str, str, str]]:
    mapping = TableMapping("t.csv", "ex:disease/{name}", columns=columns, prefixes=(("ex", EX),), **more)  # type: ignore[arg-type]
    return {
        (t.subject.value.removeprefix(EX), t.predicate.value.removeprefix(EX), t.object.value.removeprefix(EX))
        for t in read_table(text.encode(encoding), mapping)
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5"])
def test_chinese_cells_in_any_encoding(encoding: str) -> None:
    row = "肺炎,發燒 咳嗽 呼吸困難" if encoding == "big5" else "肺炎,发烧 咳嗽 呼吸困难"
    text = f"name,symptom\n{row}\n" + "".join(f"病{n},無\n" for n in "甲乙丙丁")
    found = triples(text, ColumnMapping("symptom", "ex:symptom", separator=" "), encoding=encoding)
    assert {o for s, _, o in found if s == "disease/肺炎"} == set(row.split(",")[1].split())


def test_cells_are_cleaned_split_and_rewritten() -> None:
    drugs = ColumnMapping("drug", "ex:drug", split=r"[\s、]+", drop=r"\[详细\]|\.\.\.")
    spread = ColumnMapping(
        "spread", "ex:contagious", values={"(无|非).*": "false", "暂无.*": "", ".+": "true"}, datatype="xsd:boolean"
    )
    text = "name,drug,spread\n甲,青霉素、阿司匹林... [详细],无传染性\n乙, ,飞沫传播\n丙,,暂无资料\n"
    assert triples(text, drugs, spread) == {
        ("disease/甲", "drug", "青霉素"),
        ("disease/甲", "drug", "阿司匹林"),
        ("disease/甲", "contagious", "false"),
        ("disease/乙", "contagious", "true"),
    }


def test_names_of_predicates_and_classes_become_a_vocabulary() -> None:
    column = ColumnMapping(
        "symptom",
        "ex:symptom",
        object="ex:symptom/{value}",
        type="ex:Symptom",
        names={"zh": ["症状", "表现"], "en": "symptom"},
        type_names={"zh": "症状"},
        comment={"zh": "列出全部"},
        language="zh",
    )
    found = triples("name,symptom\n甲,发热\n", column, type="ex:Disease", names={"zh": "疾病"})
    assert {
        ("symptom", RDFS + "label", "症状"),
        ("symptom", SKOS + "altLabel", "表现"),
        ("symptom", RDFS + "label", "symptom"),
        ("symptom", RDFS + "domain", "Disease"),
        ("symptom", RDFS + "range", "Symptom"),
        ("symptom", RDFS + "comment", "列出全部"),
        ("Disease", RDFS + "label", "疾病"),
        ("Symptom", RDFS + "label", "症状"),
        ("disease/甲", "symptom", "symptom/发热"),
        ("symptom/发热", RDFS + "label", "发热"),
    } <= found


def test_a_wrong_pattern_is_named() -> None:
    with pytest.raises(TableFault, match=r"'symptom'.*no regular expression"):
        triples("name,symptom\n甲,发热\n", ColumnMapping("symptom", "ex:symptom", split="["))


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters='\0\r\n",'), min_size=1), min_size=1, max_size=5)
)
def test_any_values_come_through_once_each(values: list[str]) -> None:
    cell = "|".join(value.replace("|", "") for value in values)
    wanted = {value.strip() for value in cell.split("|") if value.strip()}
    found = triples(f"name,v\n甲,{cell}\n", ColumnMapping("v", "ex:v", separator="|"))
    assert {o for _, p, o in found if p == "v"} == {w.removeprefix(EX) for w in wanted}


def test_kb_toml_says_all_of_this(tmp_path) -> None:
    (tmp_path / "graph").mkdir()
    (tmp_path / "kb.toml").write_text(
        '[prefixes]\nex = "http://example.org/"\n[[tables]]\nfile = "t.csv"\nsubject = "ex:{name}"\ntype = "ex:D"\n'
        'names = { zh = ["病"] }\n[[tables.columns]]\ncolumn = "传染"\npredicate = "ex:c"\ndatatype = "xsd:boolean"\n'
        'values = { "无.*" = "false", ".+" = "true" }\nnames = { zh = "传染性" }\n',
        encoding="utf-8",
    )
    (table,) = read_config(tmp_path).tables
    assert table.names == {"zh": ["病"]}
    assert table.columns[0].values == {"无.*": "false", ".+": "true"}
