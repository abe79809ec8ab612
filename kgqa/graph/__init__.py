"""The knowledge graph: sources in, questions answered by queries, statements derived, checked and shown.

From sources to a folder:  :mod:`build` (:mod:`load`, :mod:`parsing`, :mod:`obo`, :mod:`tables`, :mod:`xmlsafe`), the schema
(:mod:`describe`, :mod:`schema`, :mod:`naming`), :mod:`rules` and :mod:`closure`, :mod:`shapes`, :mod:`remarks`, :mod:`excerpts`.

The folder, open:  :mod:`store` (:mod:`adjacency` for hops, :mod:`names` for look-ups, :mod:`worker` behind :mod:`guard` for
SPARQL), :mod:`view` for what somebody may see, :mod:`sheet` and :mod:`verbalise` for showing it.

Entities in a question:  :mod:`linking` (:mod:`mentions`, :mod:`variants`, :mod:`misspelt`, :mod:`dense`, :mod:`context`).

A question as a query:  :mod:`answer` reads (:mod:`question`, :mod:`times`, :mod:`cues`), lists queries (:mod:`candidates`),
ranks them (:mod:`ranking` by :mod:`scorer`, :mod:`memory` and :mod:`likeness`) and runs the best (:mod:`operations`).

:mod:`kgqa.graph.extraction` reads statements from passages.
"""
