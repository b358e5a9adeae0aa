"""`caravela vehicle safety`: every clause measured, every fault rehearsed, and the page that tells of both."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caravela.commands._writing import writable
from caravela.core.errors import CaravelaError


@dataclass(frozen=True)
class SafetyOptions:
    """Measure every clause, rehearse every fault, and write both down. Ends with exit code 1 where a clause is unmet or a fault ended wrong."""

    out: Path = Path("results/vehicle.json")
    """The figures; what else the file holds stays."""
    page: Path | None = None
    """A page whose tables are filled as well, such as docs/safety.md."""


def run_safety(options: SafetyOptions) -> dict[str, Any]:
    """Measure, rehearse, write."""
    import json

    from caravela.vehicle import safety_page
    from caravela.vehicle.clauses import measure_all
    from caravela.vehicle.rehearsal import rehearse_all

    try:
        page = None if options.page is None else safety_page.filled(options.page.read_text(), {"clauses": "", "faults": ""})
        before = json.loads(options.out.read_text()) if options.out.is_file() else {}
    except (OSError, ValueError) as error:
        raise CaravelaError(
            f"cannot read --page or --out ({error}); give a page with its marks and a result that a command wrote."
        ) from error
    writable(options.out)
    _say("measuring the clauses …")
    findings = measure_all()
    _say("rehearsing the faults …")
    outcomes = list(rehearse_all())
    result = before | {
        "clauses": safety_page.clause_rows(findings),
        "faults": safety_page.fault_rows(outcomes),
        "clauses_met": sum(finding.met for finding in findings),
        "faults_right": sum(outcome.right for outcome in outcomes),
    }
    try:
        options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        if options.page is not None and page is not None:
            tables = {"clauses": safety_page.clause_table(findings), "faults": safety_page.fault_table(outcomes)}
            options.page.write_text(safety_page.filled(page, tables))
    except OSError as error:
        raise CaravelaError(
            f"cannot write '{error.filename}' ({error.strerror}); give --out and --page files that you can write."
        ) from error
    return {
        "clauses": len(findings),
        "clauses_met": result["clauses_met"],
        "faults": len(outcomes),
        "faults_right": result["faults_right"],
        "wrong": [f"{outcome.injection}, {outcome.mode}" for outcome in outcomes if not outcome.right],
        "out": str(options.out),
        "page": None if options.page is None else str(options.page),
        "unmet": [finding.clause.key for finding in findings if not finding.met],
    }


def safety_code(result: dict[str, Any]) -> int:
    """1 where a clause is unmet or a fault did not end as its mode wants."""
    return 1 if result["unmet"] or result["wrong"] else 0


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
