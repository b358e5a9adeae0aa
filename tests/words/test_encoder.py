"""What the sentence encoder promises: paraphrases are near, numbers never change, odd input is met with one sentence."""

import subprocess
import sys
import time

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.words import EMBEDDING, SentenceEncoder

INTENTS = (
    ("turn left at the lights", "at the traffic lights, go left", "take a left at the signal"),
    ("please drive more gently, I feel sick", "slow and smooth please, I'm nauseous", "I feel sick, take it easy"),
    ("pull over here", "stop at the kerb, please", "park on the side of the road"),
    ("we are late, hurry up", "go faster", "drive a bit quicker, we're in a rush"),
    ("save energy", "drive economically", "use less battery"),
    ("turn the music up", "play some jazz", "louder radio please"),
    ("take the second exit at the roundabout", "leave the roundabout at exit two", "at the roundabout, second exit"),
)


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


def test_paraphrases_are_nearer_than_unrelated_sentences(encoder, capsys):
    intents = np.repeat(np.arange(len(INTENTS)), 3)
    vectors = encoder.encode([text for intent in INTENTS for text in intent])
    near = vectors @ vectors.T
    same = intents[:, None] == intents[None, :]
    right = []
    for row in range(len(intents)):
        paraphrases = near[row, same[row] & (np.arange(len(intents)) != row)]
        right.append(paraphrases[:, None] > near[row, ~same[row]][None, :])
    share = float(np.mean(right))
    with capsys.disabled():
        print(f"\n  a paraphrase is nearer than an unrelated request in {share:.1%} of {np.size(right)} comparisons")
    assert share > 0.8  # measured 86 %, chance 50 %; requests to stop and about music are the encoder's weak ones


def test_sentence_vectors_have_unit_length_and_case_does_not_matter(encoder):
    vectors = encoder.encode(["Turn LEFT", "turn left", "café"])
    assert vectors.shape == (3, EMBEDDING) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_a_text_gets_the_same_bits_alone_in_a_batch_and_in_another_encoder(encoder):
    texts = ["turn right", "a much longer request about the weather in the hills behind the town", ""]
    np.testing.assert_array_equal(encoder.encode(texts)[0], SentenceEncoder().encode(texts[:1])[0])
    vectors, mask = encoder.encode_tokens(texts)
    again, _ = SentenceEncoder(cache=0).encode_tokens(texts[:1])
    np.testing.assert_array_equal(vectors[0], again[0])
    assert mask.sum(axis=1).tolist() == [4, 15, 0]


def test_nothing_said_is_zeros_and_masked(encoder):
    assert not encoder.encode(["", "  \n"]).any()
    vectors, mask = encoder.encode_tokens([""])
    assert vectors.shape == (1, 24, EMBEDDING) and not vectors.any() and not mask.any()
    assert encoder.encode([]).shape == (0, EMBEDDING)


def test_word_pieces_follow_bert(encoder):
    assert encoder.tokens("Roundabout: 2nd exit!") == ["[CLS]", "roundabout", ":", "2nd", "exit", "!", "[SEP]"]
    assert encoder.tokens("overtaking tram") == ["[CLS]", "over", "##taking", "tram", "[SEP]"]
    assert encoder.tokens("[SEP]") == ["[CLS]", "[", "sep", "]", "[SEP]"]  # what is typed never becomes a control token
    assert len(encoder.tokens("left " * 50)) == 24


def test_long_texts_are_cut_and_huge_ones_refused(encoder):
    long = "turn left " * 300
    np.testing.assert_array_equal(encoder.encode([long]), encoder.encode([long[:2_000]]))
    with pytest.raises(CaravelaError, match="100,000 bytes"):
        encoder.encode(["x" * 100_000])
    with pytest.raises(CaravelaError, match="too long"):
        encoder.encode_tokens(["ü" * 50_000])


def test_odd_characters_are_survived(encoder):
    for text in ["\ud800", "\x00", "🚗💨", "左に曲がって", "a" * 1_999]:
        assert np.isfinite(encoder.encode([text])).all()


def test_changing_a_result_does_not_change_the_next(encoder):
    first = encoder.encode(["go"])
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(encoder.encode(["go"]), kept)


def test_import_loads_no_model():
    code = "import sys, caravela.words; assert not {'onnxruntime', 'tokenizers', 'torch'} & set(sys.modules), sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_latency_of_a_request(encoder, capsys):
    encoder.encode_tokens(["warm up"])
    took = []
    for number in range(20):
        began = time.perf_counter()
        encoder.encode_tokens([f"turn left at junction {number}, then gently"])
        took.append(time.perf_counter() - began)
    with capsys.disabled():
        print(f"\n  a new request takes {1e3 * float(np.median(took)):.1f} ms (median), {1e3 * max(took):.1f} ms (slowest)")
    assert np.median(took) < 0.1  # one tick: a request must not cost the plan its turn
