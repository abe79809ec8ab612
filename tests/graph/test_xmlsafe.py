import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.graph.xmlsafe import XmlRefused, without_doctype

ROOT = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">%s</rdf:RDF>'


def doc(subset: str, body: str = "") -> bytes:
    return f'<?xml version="1.0"?>\n<!DOCTYPE rdf:RDF [\n{subset}\n]>\n{ROOT % body}'.encode()


def laughs(levels: int) -> bytes:
    lines = ['<!ENTITY a0 "lol">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels)]
    return doc("\n".join(lines), f"&a{levels - 1};")


@pytest.mark.parametrize(
    "data",
    [
        laughs(10),
        laughs(2),
        doc('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
        doc('<!ENTITY x PUBLIC "a" "http://example.org/x">', "&x;"),
        doc("<!ENTITY % p \"<!ENTITY x 'y'>\"> %p;"),
        doc('<!ENTITY x "%p;">', "&x;"),
        doc('<!ENTITY x "<evil/>">', "&x;"),
        doc(f'<!ENTITY x "{"y" * 3000}">', "&x;"),
        doc(f'<!ENTITY x "{"y" * 1900}">', "&x;" * 20_000),
        doc("<!ELEMENT a ANY>"),
        doc('<!ENTITY x "y"', "&x;"),
        doc("", "&undeclared;"),
        doc("\n".join(f'<!ENTITY e{n} "x">' for n in range(3000))),
        b'<!DOCTYPE rdf:RDF SYSTEM "http://example.org/x.dtd"><rdf:RDF/>',
        b'<?xml version="1.0"?><!doctype rdf:RDF [<!ENTITY a "b">]><!DOCTYPE x [<!ENTITY a "b">]><x/>',
        b'<?xml version="1.0" encoding="no-such-thing"?><!DOCTYPE x []><x/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x/>'.encode(
            "utf-16"
        ),
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x/>'.encode("utf-16-le"),
    ],
)
def test_what_a_dtd_can_do_is_refused(data):
    with pytest.raises(XmlRefused):
        without_doctype(data)


def test_simple_entities_are_expanded_and_lines_kept():
    data = doc(
        '<!ENTITY ex "http://example.org/?a=1&amp;b=&#50;">\n<!-- a note -->\n<!ENTITY q \'say "x"\'>',
        '<a b="&ex;&q;&lt;"/>',
    )
    out = without_doctype(data).decode()
    assert "DOCTYPE" not in out and "ENTITY" not in out
    assert 'b="http://example.org/?a=1&amp;b=&#50;say &quot;x&quot;&lt;"' in out
    assert out.count("\n") == data.decode().count("\n")


def test_cdata_and_comments_are_left_alone():
    out = without_doctype(doc('<!ENTITY x "y">', "<![CDATA[&x;]]><!-- &x; -->&x;")).decode()
    assert "<![CDATA[&x;]]><!-- &x; -->y" in out


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="&%<>\"'"), max_size=100))
def test_an_entity_is_its_text(value):
    out = without_doctype(doc(f'<!ENTITY x "{value}">', "[&x;]")).decode()
    assert f"[{value}]" in out


def test_the_billion_laughs_file_is_reported_by_the_loader(make):
    store, report = make({"laughs.rdf": laughs(10), "good.nt": "<http://a> <http://b> <http://c> ."})
    assert report.problems[0][0] == "laughs.rdf"
    assert "entity" in report.problems[0][1]
    assert len(store) == 1
