"""The page in a real browser. Needs Playwright's Python package and a Chromium on the machine; else it says so and skips."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from fake_studio import Studio, wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
SIZES = {"phone": (390, 844), "desk": (1920, 1080)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, studio: Studio) -> Iterator[Any]:
    """The page, driving. Whatever the browser complains about (an error, a blocked resource) fails the test."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("requestfailed", lambda request: complaints.append(request.url))
    opened.goto(studio.url)
    until(opened, "document.body.dataset.tick > 0 && document.getElementById('curtain').hidden")
    yield opened
    assert complaints == []
    opened.close()


def until(page: Any, expression: str) -> None:
    """Wait until a JavaScript expression holds. Playwright's own waiting evaluates text inside the page, which its Content
    Security Policy forbids, as it should."""
    wait_for(lambda: page.evaluate(f"() => Boolean({expression})"), seconds=30.0)


def test_the_page_shows_the_drive(page: Any) -> None:
    until(page, "Number(document.getElementById('speed').textContent) > 10")
    assert page.inner_text("#limit") == "50"
    assert page.inner_text("#responsible") == "system"
    assert page.locator("#eyes canvas").count() == 4
    until(page, "document.querySelectorAll('#latency tr').length >= 7")
    until(page, "document.querySelector('#log li b')?.textContent === 'ran a red light'")
    assert "system" in page.inner_text("#log li >> nth=0")


@pytest.mark.parametrize("canvas", ["view", "map"])
def test_the_pictures_are_drawn_and_move(page: Any, canvas: str) -> None:
    look = f"document.getElementById('{canvas}').toDataURL('image/png')"
    wait_for(lambda: len(page.evaluate(look)) > 5_000)  # an empty canvas has fewer
    first = page.evaluate(look)
    wait_for(lambda: page.evaluate(look) != first)


def test_the_carpet_lies_on_the_picture(page: Any) -> None:
    """The ring's pictures have no turquoise of their own."""
    share = """() => {
        const canvas = document.getElementById('view');
        const { data } = canvas.getContext('2d').getImageData(0, canvas.height * 0.6, canvas.width, canvas.height * 0.3);
        let count = 0;
        for (let at = 0; at < data.length; at += 4) count += data[at + 1] > data[at] + 60;
        return (4 * count) / data.length;
    }"""
    until(page, f"({share})() > 0.01")


def test_everything_can_be_done_with_the_keyboard(page: Any) -> None:
    page.keyboard.press("Space")
    until(page, "document.getElementById('pause').getAttribute('aria-pressed') === 'true'")
    page.wait_for_timeout(300)
    at = int(page.evaluate("document.body.dataset.tick"))
    page.keyboard.press("s")
    until(page, f"document.body.dataset.tick == {at + 1}")
    page.keyboard.press("Space")
    until(page, f"document.body.dataset.tick > {at + 2}")
    page.keyboard.press("/")
    page.keyboard.type("stop here s")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('told').textContent === '“stop here s”'")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    assert page.get_attribute("#whole", "aria-pressed") == "true"
    page.click("#take-back")
    until(page, "document.getElementById('told').hidden")


def test_what_became_of_words_stands_below_them(page: Any) -> None:
    page.fill("#words", "stop here")
    page.press("#words", "Enter")
    until(page, "document.querySelectorAll('#model .reply:not([hidden])').length === 3")
    rows = page.evaluate("[...document.querySelectorAll('#model .fact')].slice(0, 4).map((row) => row.innerText.replaceAll('\\n', ' '))")
    assert rows[0] == "told stop here" and rows[1] == "sat-nav heard no turn"
    assert rows[2] == "driver like “stop here” (stop)" and "instead of" in rows[3]
    page.click("#take-back")
    until(page, "document.querySelectorAll('#model .reply:not([hidden])').length === 0")


def test_another_drive_can_be_chosen(page: Any) -> None:
    page.fill("#seed", "5")
    page.select_option("#weather", "night")
    until(page, "Number(document.body.dataset.tick) < 10")
    assert page.input_value("#seed") == "5" and page.input_value("#weather") == "night"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_phone_and_desk_by_day_and_night(browser: Any, studio: Studio, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(studio.url)
    until(page, "document.body.dataset.tick > 0")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")
    assert ground > 200 if scheme == "light" else ground < 50
    if size == "desk":
        assert page.evaluate("document.documentElement.scrollHeight") <= height, "the whole page is seen without scrolling"
    page.close()


def test_every_control_has_a_name(page: Any) -> None:
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, input, select, canvas')]
        .filter((element) => !(element.textContent.trim() || element.getAttribute('aria-label') || element.labels?.length))
        .map((element) => element.outerHTML)"""
    )
    assert nameless == []
