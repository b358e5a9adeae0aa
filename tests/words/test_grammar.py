"""Every fact can be said and read back, and no sentence means two things."""

import pytest

from caravela.words.grammar import FACTS, FORMS, KINDS, LONGEST, VOCABULARY, Fact, parse, sentence, spoken


@pytest.mark.parametrize("form", range(FORMS))
def test_what_is_said_can_be_read_back(form):
    for fact in FACTS:
        said = sentence(fact, form)
        assert parse(said) == fact and parse(spoken(said)) == fact
        assert "{" not in said and len(said.split()) < LONGEST and set(said.split()) <= set(VOCABULARY)


def test_no_two_facts_share_a_sentence():
    assert len({sentence(fact, form) for fact in FACTS for form in range(FORMS)}) == FORMS * len(FACTS)
    assert {fact.kind for fact in FACTS} == set(KINDS)


def test_what_is_no_sentence_of_ours_is_no_fact():
    assert parse("because the light is red and green") is None and parse("") is None and parse("i see a vehicle ahead") is None


def test_it_is_shown_as_people_write():
    assert spoken(sentence(Fact("why", "red"))) == "Because the light is red."
    assert spoken(sentence(Fact("clear", "vehicle"))) == "No, a vehicle is in the way."
    assert spoken(sentence(Fact("ahead", "person", 20))) == "I see a person ahead about twenty metres away."
