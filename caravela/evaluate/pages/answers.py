"""The section of docs/results.md on answers in words: how often each kind of question is answered rightly, and by whom."""

from typing import Any

COLUMNS = {
    "head": "text head",
    "head_trained_phrasings": "asked in phrasings it knows",
    "today": "small heads and templates",
    "together": "as the car answers",
    "most_frequent": "most frequent answer",
    "whole_context": "a head on the whole context",
}
TOLD_NOTHING = ("today", "together")  # of the sides templates say that they cannot tell
ASKED = {
    "why": "why are you stopping? (where it stands or slows)",
    "going": "why are you stopping? (where it does neither)",
    "ahead": "what is ahead?",
    "left": "what is on the left?",
    "right": "what is on the right?",
    "light": "what does the light say?",
    "lead": "how far is the car ahead?",
    "clear": "is the road clear?",
    "speed": "how fast do we go?",
}


def page_of(result: dict[str, Any]) -> list[str]:
    """Lines of the section, from what `caravela train text` wrote."""
    rows = result["answers"]
    columns = {name: title for name, title in COLUMNS.items() if any(name in row for row in rows.values())}
    trust = ", ".join(f"{kind} from {chance:g}" for kind, chance in result["trust"].items()) or "nothing"
    parts = [
        f"A head of {result['parameters'] / 1e6:.2f} M parameters ({result['megabytes']:.2f} MB) reads the thoughts of the driver "
        f"{result['driver']} ({result['driver_sha256'][:12]}) and learned from {result['looks']:,} labelled looks; the driver stayed as it is. It was "
        f"asked about {result['asked_about']:,} looks of drives in {result['maps']}, in phrasings kept for this. Right: what is stated is so, and a "
        "distance is off by no more than 5 m or a factor of 1.6. In brackets the mean over what is true, by which saying always the same gains "
        f"nothing. The car believes the head of {trust} (chance of the "
        "whole answer), chosen on other such looks, and never of a kind of which it knows hardly more than who always says the same; else it "
        "answers as before.\n",
        "| asked | looks | " + " | ".join(columns.values()) + " | believed | right where believed |",
        "|---|---" + "|---" * (len(columns) + 2) + "|",
    ]
    for name, row in rows.items():
        mute = TOLD_NOTHING if name in ("left", "right") and name not in result["trust"] else ()
        cells = [_cell(row, column, mute=column in mute) for column in columns]
        sure = "–" if row["right_where_trusted"] is None else f"{row['right_where_trusted']:.1%}"
        parts.append(f"| {ASKED.get(name, name)} | {row['looks']:,} | " + " | ".join(cells) + f" | {row['trusted']:.1%} | {sure} |")
    return [*parts, ""]


def _cell(row: dict[str, Any], column: str, *, mute: bool) -> str:
    if mute:
        return "cannot tell"
    return f"{row[column]['right']:.1%} ({row[column]['balanced']:.1%})" if column in row else "–"
