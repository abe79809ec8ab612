"""Which way a relation is walked, and that no answer is borrowed from a neighbour."""

import pytest
from conftest import Asker

TURTLE = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix w: <http://example.org/works#> .
@prefix x: <http://example.org/thing/> .

w:Work a owl:Class ; rdfs:label "work" .
w:Opera a owl:Class ; rdfs:label "opera" ; rdfs:subClassOf w:Work .
w:Revision a owl:Class ; rdfs:label "revision" ; rdfs:subClassOf w:Work .
w:House a owl:Class ; rdfs:label "house" .
w:Region a owl:Class ; rdfs:label "region" .
w:revises a owl:ObjectProperty ; rdfs:label "revises" ; rdfs:domain w:Revision .
w:follows a owl:ObjectProperty ; rdfs:label "follows" .
w:house a owl:ObjectProperty ; rdfs:label "is staged at" ; rdfs:range w:House .
w:ticketPrice a owl:DatatypeProperty ; rdfs:label "ticket price" ; rdfs:range xsd:integer .
w:within a owl:ObjectProperty ; rdfs:label "is located in" ; rdfs:domain w:Region ; rdfs:range w:Region .
w:homeOf a owl:ObjectProperty ; rdfs:label "comes from" ; rdfs:range w:Region .

x:orfeo a w:Opera ; rdfs:label "Orfeo in Selva" ; w:house x:fenice ; w:homeOf x:veneto .
x:armida a w:Opera ; rdfs:label "Armida" ; w:house x:fenice ; w:ticketPrice 90 ; w:homeOf x:bavaria .
x:second a w:Revision ; rdfs:label "Second Orfeo" ; w:revises x:orfeo .
x:third a w:Revision ; rdfs:label "Third Orfeo" ; w:follows x:orfeo ; w:revises x:armida .
x:fenice a w:House ; rdfs:label "Fenice" .
x:europe a w:Region ; rdfs:label "Europa" .
x:italy a w:Region ; rdfs:label "Italia" ; w:within x:europe .
x:germany a w:Region ; rdfs:label "Germania" ; w:within x:europe .
x:veneto a w:Region ; rdfs:label "Veneto" ; w:within x:italy .
x:bavaria a w:Region ; rdfs:label "Bavaria" ; w:within x:germany .
"""


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    return Asker(tmp_path_factory.mktemp("works"), TURTLE)


def test_a_property_is_not_borrowed_from_a_thing_that_shares_something(works):
    assert works.answers("What is the ticket price of Armida?") == {"90"}
    assert works.answers("What ticket price has Orfeo in Selva where staged?") is None


def test_a_preposition_before_a_name_says_which_way_a_relation_is_walked(works):
    assert works.answers("Which region is located in Italia?") == {"Veneto"}
    assert works.answers("Which operas come from a region located in Italia?") == {"Orfeo in Selva"}
    assert works.answers("In which region is Veneto located?") == {"Italia"}


def test_the_name_of_a_wider_class_names_what_a_relation_leads_to(works):
    assert works.answers("Which work does Second Orfeo revise?") == {"Orfeo in Selva"}
