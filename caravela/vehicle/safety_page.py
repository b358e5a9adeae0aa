"""The tables of docs/safety.md, from a run: clauses with what was measured, and faults with what came of them. The prose around them is
written by hand; between the marks nothing is."""

import re
from collections.abc import Sequence
from typing import Any

from caravela.core.errors import CaravelaError
from caravela.vehicle.clauses import Bound, Finding, Source
from caravela.vehicle.rehearsal import Outcome

SOURCE_LETTERS = {Source.QUOTED: "a", Source.SUMMARISED: "b", Source.LISTED: "c"}


def clause_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [
        {
            "text": finding.clause.text,
            "number": finding.clause.number,
            "asks": finding.clause.asks,
            "bound": str(finding.clause.bound),
            "limit": finding.clause.limit,
            "unit": finding.clause.unit,
            "measured": round(finding.measured, 4),
            "met": finding.met,
            "source": str(finding.clause.source),
        }
        for finding in findings
    ]


def fault_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Outcomes as JSON."""
    return [
        {key: [str(item) for item in value] if isinstance(value, tuple) else value for key, value in vars(outcome).items()}
        for outcome in outcomes
    ]


def clause_table(findings: Sequence[Finding]) -> str:
    """A Markdown table."""
    lines = ["| text | clause | what it asks | limit | measured | met | source |", "|---|---|---|---|---|---|---|"]
    for finding in findings:
        clause = finding.clause
        holds = clause.bound is Bound.HOLDS
        limit = "holds" if holds else f"{clause.bound} {clause.limit:,g} {clause.unit}"
        measured = ("yes" if finding.met else "no") if holds else f"{finding.measured:,.4g} {clause.unit}"
        letter = SOURCE_LETTERS[clause.source]
        lines.append(
            f"| {clause.text} | {clause.number} | {clause.asks} | {limit} | {measured} | {'yes' if finding.met else '**no**'} | {letter} |"
        )
    return "\n".join(lines)


def fault_table(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table."""
    lines = [
        "| fault | mode | driver | named after | told | ends | stands after | braked at most | answers at the end | right |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in outcomes:
        named = "never" if row.ticks_to_name is None else "at once" if row.ticks_to_name == 0 else f"{0.1 * row.ticks_to_name:.1f} s"
        stands = "–" if row.stopped_after is None else f"{row.stopped_after:.1f} s"
        braked = f"{row.deceleration:.1f} m/s²" if row.deceleration else "–"
        told = ", ".join(row.alerts) or "–"
        end = f"{row.end_mode}, {row.end_author}"
        lines.append(
            f"| {row.injection} | {row.mode} | {row.driver or '–'} | {named} | {told} | {end} | {stands} | {braked} | {row.responsible} | "
            f"{'yes' if row.right else '**no**'} |"
        )
    return "\n".join(lines)


def filled(page: str, tables: dict[str, str]) -> str:
    """`page` with every table put between its marks. Raises CaravelaError for a page without them."""
    for name, table in tables.items():
        found = re.search(rf"(<!-- {name}: begin[^>]*-->\n)(?:.*?\n)?(<!-- {name}: end -->)", page, re.DOTALL)
        if found is None:
            raise CaravelaError(
                f"the page has no marks '<!-- {name}: begin -->' and '<!-- {name}: end -->'; put them where the table belongs."
            )
        page = page[: found.start()] + found.group(1) + table + "\n" + found.group(2) + page[found.end() :]
    return page
