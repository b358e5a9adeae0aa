"""The text head: a word never depends on later ones, an answer stops, and the exported file says the same."""

import copy

import onnxruntime
import pytest
import torch

from caravela.core.text_card import TextCard
from caravela.model.text import TextConfig, TextHead, answer, export_text
from caravela.words.grammar import LONGEST, VOCABULARY

CARD = TextCard("0" * 64, VOCABULARY, LONGEST, {"why": 0.5}, {"looks": 1})


@pytest.fixture(scope="module")
def head():
    torch.manual_seed(0)
    return TextHead(TextConfig()).eval()


def inputs(size, *, tokens=4):
    generator = torch.Generator().manual_seed(1)
    words = torch.randint(0, len(VOCABULARY), (size, LONGEST), generator=generator)
    return words, torch.randn(size, tokens, 256, generator=generator), torch.randn(size, 384, generator=generator) / 384**0.5


def test_shapes_and_that_no_word_sees_a_later_one(head):
    words, thought, question = inputs(3)
    logits = head(words, thought, question)
    assert logits.shape == (3, LONGEST, len(VOCABULARY))
    changed = words.clone()
    changed[:, 5:] = 0
    assert torch.allclose(head(changed, thought, question)[:, :5], logits[:, :5], atol=1e-5)
    assert not torch.allclose(head(changed, thought, question)[:, 5:], logits[:, 5:], atol=1e-3)


def test_look_and_question_both_matter_and_more_tokens_may_be_given(head):
    words, thought, question = inputs(2)
    told = head(words, thought, question)
    assert not torch.allclose(told, head(words, thought.flip(0), question), atol=1e-3)
    assert not torch.allclose(told, head(words, thought, question.flip(0)), atol=1e-3)
    assert head(words, inputs(2, tokens=30)[1], question).shape == told.shape


def test_an_answer_ends_and_its_chance_is_that_of_its_words(head):
    _, thought, question = inputs(4)
    short = copy.deepcopy(head)
    with torch.no_grad():  # so that answers end: the stop is likeliest where the fourth word is said
        short.positions[3] += 10.0 * short.out.weight[0]
        said, chance = answer(short, thought, question, start=1)
        shown = torch.cat([torch.ones(4, 1, dtype=torch.long), said[:, :-1]], 1)
        chances = short(shown, thought, question).softmax(-1).gather(-1, said[..., None])[..., 0]
    assert said.shape == (4, LONGEST)
    ends = [int((row == 0).nonzero()[0]) for row in said]
    assert max(ends) <= 3 and all((row[end:] == 0).all() for row, end in zip(said, ends, strict=True))
    for row, end, told in zip(chances, ends, chance, strict=True):
        assert told == pytest.approx(float(row[: end + 1].prod()), rel=1e-4), "up to the stop, and not what follows it"


def test_the_file_says_the_same_and_is_small(head, tmp_path):
    path = tmp_path / "text.onnx"
    export_text(head, path, CARD)
    words, thought, question = inputs(3)
    session = onnxruntime.InferenceSession(str(path))
    (chances,) = session.run(None, {"words": words.numpy(), "thought": thought.numpy(), "question": question.numpy()})
    assert torch.allclose(torch.from_numpy(chances), head(words, thought, question).softmax(-1), atol=2e-3)
    assert path.stat().st_size < 1_500_000
    assert TextCard.from_metadata(session.get_modelmeta().custom_metadata_map, source="it") == CARD
