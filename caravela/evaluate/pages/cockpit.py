"""The section of docs/results.md on the cockpit's head: what it understands from both its inputs, and from each alone."""

from typing import Any

Result = dict[str, Any]


def page_of(result: Result) -> list[str]:
    """The lines of the section."""
    parts = [
        f"The head that reads requests is trained on token vectors of the frozen sentence encoder and on a hashed bag of word pieces. Trained anew on one of the "
        f"two alone ({result['epochs']} epochs, seed {result['seed']}), it understands of {result['sayings']} phrasings that nothing was trained on:\n",
        "| reads | meaning | meaning and operation | place |",
        "|---|---|---|---|",
    ]
    for name, row in result["ablation"].items():
        parts.append(f"| {name} | {row['meaning']:.1%} | {row['meaning_and_operation']:.1%} | {row['place']:.1%} |")
    return [*parts, ""]
