"""Which of a few requests a sentence is nearest to: the frozen encoder through which words reach the driver. It runs offline.
Run: python examples/what_words_mean.py "my stomach hurts" """

import sys

from caravela.words import SentenceEncoder

REQUESTS = ("hurry up", "drive gently", "save energy", "stop here")


def main() -> None:
    encoder = SentenceEncoder()
    requests = encoder.encode(REQUESTS)  # (4, EMBEDDING), unit length
    for words in sys.argv[1:] or ("my stomach hurts", "the battery is low", "I'm late"):
        likeness = requests @ encoder.encode([words])[0]  # (4,) cosines
        print(f"{words}: nearest to “{REQUESTS[int(likeness.argmax())]}” ({likeness.max():.2f})")


if __name__ == "__main__":
    main()
