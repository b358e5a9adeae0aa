"""The text head: a word never depends on later ones, an answer stops, and the exported file says the same."""

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
    said, chance = answer(head, thought, question, start=1)
    assert said.shape == (4, LONGEST) and (0.0 < chance).all() and (chance <= 1.0).all()
    assert all((row[int(row.argmin()) :] == 0).all() for row in said if (row == 0).any())


def test_the_file_says_the_same_and_is_small(head, tmp_path):
    path = tmp_path / "text.onnx"
    export_text(head, path, CARD)
    words, thought, question = inputs(3)
    session = onnxruntime.InferenceSession(str(path))
    (chances,) = session.run(None, {"words": words.numpy(), "thought": thought.numpy(), "question": question.numpy()})
    assert torch.allclose(torch.from_numpy(chances), head(words, thought, question).softmax(-1), atol=2e-3)
    assert path.stat().st_size < 1_500_000
    assert TextCard.from_metadata(session.get_modelmeta().custom_metadata_map, source="it") == CARD
