"""`caravela studio`: the page of `caravela drive`, with the drive waiting until somebody lets it go."""

from dataclasses import dataclass
from typing import Any

from caravela.commands import drive

HELP = "open the live page and let the car wait"


@dataclass(frozen=True)
class Options:
    """Open the live page with the car standing at its start. Choose there where and how it drives; "Go on" lets it go."""

    port: int = drive.PORT
    """Port of the page on this machine; 0 takes a free one."""
    browser: bool = True
    """Open a browser where there is a display."""


def run(options: Options) -> dict[str, Any]:
    """Serve until Ctrl-C. Raises CaravelaError as `drive`."""
    from caravela.commands._drive_live import drive_live

    choices = drive.Options(port=options.port, browser=options.browser)
    policy = drive.open_policy(None)
    return drive_live(choices, settings=drive.settings_of(choices), policy=policy, seconds=None, paused=True)


show = drive.show
