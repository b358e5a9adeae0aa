"""Push to talk and the car's voice in a real browser, whose microphone plays a file; what is heard of it is the test's."""

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fake_hearing import Hum, hearing, quiet, tone
from fake_studio import Studio, serving, wait_for

from caravela.cockpit.languages import german_speech
from caravela.cockpit.languages.heard import Heard
from caravela.cockpit.voice.stages import Audio, Transcript
from caravela.studio.cabin.mouth import Mouth, wav

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]
HOLD_MS = 2500
PATIENCE_S = 240.0  # a browser, a drive and a cabin share this machine with whatever else runs on it
SAYS: list[Transcript] = []  # what is heard next


class Both:
    """Understands German too, and nothing in it."""

    def hear(self, text: str, asked: object, **_: object) -> Heard | None:
        return Heard("", (), german_speech) if "ü" in text or text.startswith("Guten") else None


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    made = hearing()
    made.recogniser.says = SAYS
    options = {"make_hearing": lambda: made, "mouth": Mouth(Hum, able=lambda: True), "make_languages": lambda understanding: Both()}
    with pytest.MonkeyPatch.context() as patch, serving(**options) as running:
        patch.setattr("caravela.studio.cabin.cabin.STALE_S", 600.0)  # a busy machine recognises late
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    sound = tmp_path_factory.mktemp("sound") / "syllables.wav"
    syllables = [
        part for pitch in (140.0, 200.0, 170.0, 260.0, 150.0, 230.0) for part in (tone(0.25, pitch=pitch, size=16_000), quiet(0.08))
    ]
    sound.write_bytes(wav(Audio(np.concatenate(syllables))))  # a steady tone is what browsers take for noise
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox", "--disable-gpu", *MICROPHONE, f"--use-file-for-fake-audio-capture={sound}"]
        opened = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, studio: Studio) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.set_default_timeout(1000.0 * PATIENCE_S)
    opened.goto(studio.url)
    until(opened, "document.body.dataset.tick > 0 && !document.getElementById('hold').hidden")
    yield opened
    assert complaints == []
    opened.close()


def until(page: Any, expression: str) -> None:
    wait_for(lambda: page.evaluate(f"() => Boolean({expression})"), seconds=PATIENCE_S)


LISTENS = "document.getElementById('hold').dataset.state === 'listening'"


def last_line(page: Any) -> str:
    return page.evaluate("[...document.querySelectorAll('#lines .line.car')].at(-1)?.textContent ?? ''")


def test_a_held_button_records_and_the_car_does_what_it_heard(page: Any, studio: Studio) -> None:
    SAYS.append(Transcript("open the window", 0.95))
    box = page.locator("#hold").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    until(page, LISTENS)
    assert "Listening" in page.inner_text("#hearing") and page.get_attribute("#hold", "aria-pressed") == "true"
    page.wait_for_timeout(HOLD_MS)
    page.mouse.up()
    until(page, "[...document.querySelectorAll('#lines .person')].some((line) => line.textContent.includes('heard like this'))")
    until(
        page, "[...document.querySelectorAll('#lines .done .deeds')].some((deeds) => deeds.textContent.includes('Window Position → 100'))"
    )
    assert page.locator("#hearing").is_hidden() and SAYS == []


def test_space_on_the_button_is_held_too_and_what_is_doubtful_is_asked(page: Any, studio: Studio) -> None:
    SAYS.append(Transcript("close the window", 0.6))
    page.locator("#hold").focus()
    page.keyboard.down("Space")
    until(page, LISTENS)
    page.wait_for_timeout(HOLD_MS)
    page.keyboard.up("Space")
    until(page, "document.querySelector('#asked q')?.textContent === 'close the window'")
    assert page.get_attribute("#pause", "aria-pressed") == "false", "space does nothing else"
    page.click("#asked .primary")
    until(page, "[...document.querySelectorAll('#lines .done .deeds')].some((deeds) => deeds.textContent.includes('Window Position → 0'))")
    until(page, "!document.querySelector('#asked button')")


def test_escape_drops_a_recording_and_a_click_says_how_to_speak(page: Any, studio: Studio) -> None:
    before = len(SAYS)
    page.locator("#hold").focus()
    page.keyboard.press("Enter")
    until(page, LISTENS)
    page.keyboard.press("Escape")
    until(page, "document.getElementById('hold').dataset.state === 'idle'")
    page.keyboard.down("Space")
    page.keyboard.up("Space")
    until(page, "document.getElementById('hearing').textContent.startsWith('Hold the button')")
    assert len(SAYS) == before and page.locator("#lines .pending").count() == 0


def test_answers_are_read_aloud_where_that_is_wanted(page: Any, studio: Studio) -> None:
    page.click("#aloud")
    page.fill("#words", "a bit warmer please")
    with page.expect_response(lambda answer: "/spoken/" in answer.url, timeout=1000.0 * PATIENCE_S) as answered:
        page.press("#words", "Enter")
    assert answered.value.ok and answered.value.headers["content-type"] == "audio/wav"
    page.click("#aloud")
    assert page.get_attribute("#aloud", "aria-pressed") == "false"


def test_the_page_tells_which_languages_the_car_understands(page: Any, studio: Studio) -> None:
    page.select_option("#language", "de")
    until(page, "document.getElementById('words').placeholder === 'Dem Auto etwas sagen …'")
    assert page.inner_text("#suggestions button >> nth=0") == "links abbiegen"
    page.fill("#words", "öffne die Tür für mich")
    page.press("#words", "Enter")
    until(page, "document.querySelector('#lines .car p[lang=de]')")
    page.select_option("#language", "zh")
    until(page, "document.getElementById('words').placeholder === '用英语对车辆说……'")
    assert page.inner_text("#suggestions button >> nth=0") == "turn left"
    page.select_option("#language", "en")
