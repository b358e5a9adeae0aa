"""Words in: a frozen sentence encoder, so that paraphrases mean the same to the car without training a language model. Words out: the grammar
of what the car can say."""

from caravela.words.encoder import EMBEDDING, MAX_TOKENS, SentenceEncoder
from caravela.words.mirror import in_mirror

__all__ = ["EMBEDDING", "MAX_TOKENS", "SentenceEncoder", "in_mirror"]
