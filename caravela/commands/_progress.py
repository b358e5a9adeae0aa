"""How far a run is, on stderr: a sentence, or a bar."""

import sys


def progress(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


class Bar:
    """How far a run is, on stderr."""

    def __enter__(self) -> "Bar":
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"))
        self._progress = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True))
        self._progress.start()
        self._done, self._good = 0, 0
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def stage(self, what: str, *, total: int) -> None:
        """Something new begins."""
        self._done = self._good = 0
        self._task = self._progress.add_task(what, total=total, said="")

    def advance(self, count: int, *, success: int = 0) -> None:
        """`count` more are done, `success` of them well."""
        self._done, self._good = self._done + count, self._good + success
        said = f"{self._good / self._done:.0%} well" if self._good else ""
        self._progress.update(self._task, advance=count, said=said)
