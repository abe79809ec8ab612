"""A small knowledge base, built once with the built-in models, that many tests share read-only."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import kgqa

DOCUMENTS = {
    "gout.md": """---
title: Gout
date: 2022-03-01
---

# Gout

## Treatment

Colchicine is given at the first sign of a gout flare. The first dose is 1.2 mg.

## Prevention

Allopurinol lowers uric acid and prevents further flares. It must not be started without a check of kidney function.
""",
    "asthma.md": """---
title: Asthma
---

# Asthma

Asthma is a chronic inflammation of the airways. Propranolol must not be given to people with asthma.
The reliever is salbutamol, which was first sold in 1969.
""",
    "哮喘.md": """---
title: 哮喘
language: zh
---

# 哮喘

哮喘是气道的慢性炎症。首选缓解药物是沙丁胺醇。哮喘患者禁用普萘洛尔。\U00020000
""",
    "old-rule.md": """---
title: Speed rule
valid_from: 2000-01-01
valid_to: 2009-12-31
---

# Speed rule

The speed limit on the yard is 20 kilometres per hour.
""",
    "secret.md": """---
title: Board minutes
access: [board]
---

# Board minutes

The takeover of Zenith Ltd was approved for 12 million euros.
""",
    "contracts/lease.txt": """LEASE AGREEMENT

1. Term
This Lease runs for five (5) years from March 1, 2021 and expires on February 28, 2026.

2. Governing law
This Lease is governed by the law of Ireland.

3. Notice
Either party may stop the renewal by ninety (90) days' written notice.
""",
}

GRAPH = """
@prefix ex: <http://example.org/t/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
ex:Drug a owl:Class ; rdfs:label "drug"@en , "药物"@zh .
ex:Disease a owl:Class ; rdfs:label "disease"@en , "疾病"@zh .
ex:Contract a owl:Class ; rdfs:label "contract"@en .
ex:Party a owl:Class ; rdfs:label "party"@en .
ex:treats a owl:ObjectProperty ; rdfs:label "treats"@en , "治疗"@zh ; rdfs:domain ex:Drug ; rdfs:range ex:Disease .
ex:contraindicatedIn a owl:ObjectProperty ; rdfs:label "is contraindicated in"@en , "禁用于"@zh ;
  rdfs:domain ex:Drug ; rdfs:range ex:Disease .
ex:party a owl:ObjectProperty ; rdfs:label "has party"@en ; rdfs:domain ex:Contract ; rdfs:range ex:Party .
ex:colchicine a ex:Drug ; rdfs:label "colchicine"@en , "秋水仙碱"@zh ; ex:treats ex:gout .
ex:allopurinol a ex:Drug ; rdfs:label "allopurinol"@en , "别嘌醇"@zh ; ex:treats ex:gout .
ex:salbutamol a ex:Drug ; rdfs:label "salbutamol"@en , "沙丁胺醇"@zh ; skos:altLabel "albuterol"@en ; ex:treats ex:asthma .
ex:propranolol a ex:Drug ; rdfs:label "propranolol"@en , "普萘洛尔"@zh ; ex:contraindicatedIn ex:asthma .
ex:gout a ex:Disease ; rdfs:label "gout"@en , "痛风"@zh .
ex:asthma a ex:Disease ; rdfs:label "asthma"@en , "哮喘"@zh .
ex:lease a ex:Contract ; rdfs:label "Lease Agreement between Aran Ltd and Burren GmbH"@en ;
  dcterms:source "contracts/lease.txt" ; ex:party ex:aran , ex:burren .
ex:aran a ex:Party ; rdfs:label "Aran Ltd"@en .
ex:burren a ex:Party ; rdfs:label "Burren GmbH"@en .
"""


def write_sources(folder: Path) -> Path:
    """Write the sources of the small knowledge base into a folder."""
    for name, text in DOCUMENTS.items():
        path = folder / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "graph").mkdir()
    (folder / "graph" / "facts.ttl").write_text(GRAPH, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small knowledge base, with its index beside it; not to be changed."""
    folder = write_sources(tmp_path_factory.mktemp("shared") / "kb" / "small")
    kgqa.build(folder)
    return folder


@pytest.fixture(scope="session")
def small(built: Path):
    """The small knowledge base, open; not to be changed."""
    return kgqa.open(built)


@pytest.fixture
def own(built: Path, tmp_path: Path) -> Path:
    """A copy of the small knowledge base that a test may change."""
    root = tmp_path / "own"
    shutil.copytree(built.parent.parent, root)
    return root / "kb" / "small"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of outside data; the test is skipped where there is none."""
    place = os.environ.get("KGQA_DATA", "")
    if not place:
        pytest.skip("KGQA_DATA is not set")
    return Path(place)
