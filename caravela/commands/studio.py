"""`caravela studio`: the page of `caravela drive`, with the drive waiting until somebody lets it go."""

from dataclasses import dataclass
from typing import Any

from caravela.commands import drive
from caravela.commands._drive_options import PORT, settings_of
from caravela.commands._drive_options import Options as DriveOptions
from caravela.commands._drivers import open_policy

HELP = "open the live page and let the car wait"


@dataclass(frozen=True)
class Options:
    """Open the live page with the car standing at its start. Choose there where and how it drives; "Go on" lets it go."""

    port: int = PORT
    """Port of the page on this machine; 0 takes a free one."""
    browser: bool = True
    """Open a browser where there is a display."""


def run(options: Options) -> dict[str, Any]:
    """Serve until Ctrl-C. Raises CaravelaError as `drive`."""
    from caravela.commands._drive_live import drive_live

    choices = DriveOptions(port=options.port, browser=options.browser)
    policy = open_policy(None)
    return drive_live(choices, settings=settings_of(choices), policy=policy, seconds=None, paused=True)


show = drive.show
