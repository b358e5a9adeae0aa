"""The page's tables: complete, in every language, and everything that the page says is in them."""

import json
import re
import string

import pytest

from caravela.cockpit.clients.scope import Scope
from caravela.cockpit.offers import SERVICES
from caravela.cockpit.tool import Place
from caravela.cockpit.tools.body import COLOURS
from caravela.core.modes import Alert, Mode, Phase
from caravela.core.responsibility import Role
from caravela.studio.driving.body import PLANS
from caravela.studio.driving.simulated import traffics, weathers
from caravela.studio.web.server import STATIC
from caravela.vehicle.conduct import NoteKind
from caravela.world.kernels.events import NAMES

LANGUAGES = ("en", "de", "zh")
TABLES = {name: json.loads((STATIC / "words" / f"{name}.json").read_text()) for name in LANGUAGES}
SCRIPTS = {file.name: file.read_text() for file in STATIC.glob("*.js")}
PAGE = (STATIC / "index.html").read_text()


def test_every_table_has_the_same_keys_in_the_same_order() -> None:
    assert list(TABLES["de"]) == list(TABLES["en"]) == list(TABLES["zh"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_says_something_and_has_the_same_gaps(language: str) -> None:
    for key, text in TABLES[language].items():
        assert text.strip() == text != "", key
        assert gaps(text) == gaps(TABLES["en"][key]), key


def test_what_the_page_says_is_in_the_tables() -> None:
    used = set(re.findall(r'data-t(?:-label|-title|-placeholder)?="([^"]+)"', PAGE))
    for text in SCRIPTS.values():
        used |= set(re.findall(r'\bt\("([\w.]+)"', text)) | set(re.findall(r'"data-t(?:-label)?": "([\w.]+)"', text))
        used |= {key for pair in re.findall(r'\? "([a-z_.]+)" : "([a-z_.]+)"(?=[,)])', text) for key in pair if "." in key}
    used |= set(re.findall(r'#say\("([\w.]+)"', SCRIPTS["voice.js"])) | {"voice.opening", "voice.listening"}
    used |= set(re.findall(r'\[\[.*?\], "(key\.\w+)"\]', SCRIPTS["app.js"]))
    used |= {f"gauge.{key}" for key in re.findall(r'key: "(\w+)"', SCRIPTS["gauges.js"])}
    used |= {f"aboard.{name}" for name in re.findall(r'"(\w+)"', re.search(r"ABOARD = \[(.*?)\]", SCRIPTS["cabin.js"]).group(1))}
    used |= {f"tab.{name}" for name in re.findall(r'"(\w+)"', re.search(r"TABS = \[(.*?)\]", SCRIPTS["tabs.js"]).group(1))}
    assert len(used) > 120 and used - set(TABLES["en"]) == set()


def test_what_the_car_names_is_in_the_tables() -> None:
    named = {
        "event": {*NAMES, *NoteKind, "words", "route", "heard", "new_drive"},
        "alert": {*Alert} - {Alert.NONE},
        "role": {*Role},
        "scope": {*Scope},
        "seat": {*Place},
        "service": {service.name for service in SERVICES},
        "weather": set(weathers()),
        "traffic": set(traffics()),
        "colour": set(COLOURS),
        "plan": set(PLANS),
        "who": {Mode.MANUAL, Mode.L2, Mode.L4},
    }
    missing = {f"{kind}.{name}" for kind, names in named.items() for name in names} - set(TABLES["en"])
    assert missing == set()
    assert all(f'"{phase}"' in SCRIPTS["who.js"] for phase in (Phase.MANOEUVRE, Phase.STOPPED))


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
