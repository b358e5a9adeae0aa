"""The option `--weather`, which several commands take: its help lists every weather that the world knows, from where they are defined."""

from typing import Annotated

import tyro

from caravela.world.weather import PRESETS

Weather = Annotated[str, tyro.conf.arg(help=f"{', '.join(list(PRESETS)[:-1])} or {list(PRESETS)[-1]}.")]
