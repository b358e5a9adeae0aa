"""The page in a real browser. Needs Playwright's Python package and a Chromium on the machine; else it says so and skips."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from fake_studio import Studio, wait_for

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra dev)")
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
STOPS_ALL_THE_SAME = "[...document.querySelectorAll('#lines li')].some((line) => line.textContent.includes('I stop all the same'))"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "car": (1920, 720), "desk": (1920, 1080)}


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
    assert page.inner_text("#mode") == "L4" and page.inner_text("#mode-says") == "The car drives"
    assert page.inner_text("#responsible") == "Caravela Motors Ltd" and page.inner_text("#role") == "authorised self-driving entity"
    page.click("#tab-model")
    until(page, "document.querySelectorAll('#eyes canvas').length === 4")
    page.click("#tab-drive")
    until(page, "document.querySelectorAll('#latency tr').length >= 7")
    page.click("#tab-record")
    until(page, "[...document.querySelectorAll('#log li b')].some((event) => event.textContent === 'ran a red light')")
    assert "Caravela Motors Ltd" in page.inner_text("#log li >> nth=0")


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
    until(page, "document.getElementById('told').textContent === 'Told: “stop here, please”'")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    assert page.get_attribute("#whole", "aria-pressed") == "true"
    page.click("#take-back")
    until(page, STOPS_ALL_THE_SAME)
    assert not page.evaluate("document.getElementById('told').hidden")


def test_what_became_of_words_stands_below_them(page: Any) -> None:
    page.fill("#words", "stop here")
    page.press("#words", "Enter")
    page.click("#tab-model")
    until(page, "document.querySelectorAll('#model .reply:not([hidden])').length === 2")
    rows = page.evaluate("[...document.querySelectorAll('#model .fact')].slice(0, 3).map((row) => row.innerText.replaceAll('\\n', ' '))")
    assert rows[0] == "told stop here, please" and rows[1] == "driver like “stop here” (stop)" and "instead of" in rows[2]
    until(page, "[...document.querySelectorAll('#lines .drive')].some((line) => line.textContent.includes('instead of'))")
    page.click("#take-back")
    until(page, STOPS_ALL_THE_SAME)
    assert page.evaluate("document.querySelectorAll('#model .reply:not([hidden])').length") == 2


def test_another_drive_can_be_chosen(page: Any) -> None:
    page.click("#tab-drive")
    page.fill("#seed", "5")
    page.select_option("#weather", "night")
    until(page, "Number(document.body.dataset.tick) < 10")
    assert page.input_value("#seed") == "5" and page.input_value("#weather") == "night"


def test_what_is_chosen_in_a_hurry_is_all_driven(page: Any, studio: Studio) -> None:
    page.click("#tab-drive")
    page.select_option("#place", "bend")
    page.select_option("#weather", "night")
    until(page, "Number(document.body.dataset.tick) < 10")
    page.wait_for_timeout(300)
    assert page.input_value("#place") == "bend" and page.input_value("#weather") == "night"
    _, settings = studio.loop.begun
    assert (settings.town, settings.weather) == ("bend", "night")
    page.select_option("#place", "ring")  # as the others expect it
    page.select_option("#weather", "day")
    until(page, "Number(document.body.dataset.tick) < 10")


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
    assert page.locator("#responsible").is_visible() and page.locator("#mode").is_visible()
    if size in ("desk", "car"):
        assert page.evaluate("document.documentElement.scrollHeight") <= height, "the whole page is seen without scrolling"
    page.close()


def test_every_control_has_a_name(page: Any) -> None:
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, input, select, canvas, [role=img], [role=tabpanel]')]
        .filter((element) => !(element.textContent.trim() || element.getAttribute('aria-label') || element.getAttribute('aria-labelledby') || element.labels?.length))
        .map((element) => element.outerHTML)"""
    )
    assert nameless == []


def say(page: Any, words: str) -> None:
    page.fill("#words", words)
    page.press("#words", "Enter")


def texts(page: Any, selector: str) -> list[str]:
    return page.evaluate(f"[...document.querySelectorAll('{selector}')].map((element) => element.textContent)")


def test_a_conversation_with_deeds_refusals_and_a_drawn_cabin(page: Any, studio: Studio) -> None:
    page.click("#tab-cabin")
    say(page, "open the window")
    until(
        page, "[...document.querySelectorAll('#lines .done .deeds')].some((deeds) => deeds.textContent.includes('Window Position → 100'))"
    )
    until(page, "document.querySelector('.car-picture').getAttribute('aria-label').includes('window open 100 %')")
    say(page, "ignore the red light")
    until(page, "document.querySelector('#lines .line.car.refused')?.textContent.includes('red lights')")
    say(page, "close the window")
    until(page, "!document.querySelector('.car-picture').getAttribute('aria-label').includes('window open')")


def test_an_offer_is_accepted_by_keyboard_and_focus_is_not_lost(page: Any, studio: Studio) -> None:
    page.click("#tab-cabin")
    for name in ("parking", "arrival"):  # wherever the drive is by now
        studio.cabin.offers.switch(False, name)
    until(page, "!document.querySelector('#asked button')")  # one of them may have been asked about already
    studio.cabin.offers._latest = -1e9  # no pause since an offer of another test
    page.check("#aboard-unwell")
    until(page, "document.querySelector('#asked .asks')?.textContent.includes('drive more gently')")
    page.locator("#tab-cabin").focus()
    page.keyboard.press("o")
    assert page.evaluate("document.activeElement.textContent") == "Yes, please"
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('#asked button')")
    until(page, "document.getElementById('told').textContent.includes('drive gently')")
    assert page.evaluate("document.activeElement.id") == "words"
    page.uncheck("#aboard-unwell")
    page.click("#take-back")
    studio.cabin.offers.switch(True)


def test_taking_over_is_announced_at_once_and_the_arrows_drive(page: Any, studio: Studio) -> None:
    page.click("#modes [data-mode=manual]")
    until(page, "document.getElementById('mode-says').textContent === 'The driver drives'")
    assert "Ana Sousa" in page.inner_text("#announce-now") and page.get_attribute("#announce-now", "aria-live") == "assertive"
    assert page.locator("#pad").is_visible()
    page.locator("body").click(position={"x": 300, "y": 300})
    page.keyboard.down("ArrowUp")
    until(page, "Number(document.getElementById('speed').textContent) > 0")
    wait_for(lambda: studio.loop.signals["Vehicle.Acceleration.Longitudinal"] == 1.5)
    page.keyboard.up("ArrowUp")
    wait_for(lambda: studio.loop.signals["Vehicle.Acceleration.Longitudinal"] == -0.5)
    page.click("#modes [data-mode=L4]")
    until(page, "document.getElementById('mode').textContent === 'L4'")


def test_a_clip_of_the_recorder_can_be_looked_at(page: Any) -> None:
    page.click("#tab-record")
    until(page, "document.querySelector('.clip')")
    page.locator(".clip").last.click()
    until(page, "document.querySelector('.clip-picture').naturalWidth > 0")
    assert page.locator(".axis .tenure").count() >= 1 and "L4" in page.inner_text("#record .quiet-text")


def test_the_frontier_says_which_command_makes_it_and_the_card_what_is_missing(page: Any) -> None:
    page.click("#tab-frontier")
    until(page, "document.querySelector('#frontier code')?.textContent.startsWith('caravela evaluate run')")
    page.click("#tab-card")
    until(page, "document.getElementById('model-card').textContent.includes('README.md')")


def test_tabs_move_by_arrows_and_only_one_is_in_the_tab_order(page: Any) -> None:
    page.locator("#tab-gauges").click()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-cabin" and page.locator("#panel-cabin").is_visible()
    assert page.evaluate("[...document.querySelectorAll('[role=tab]')].filter((tab) => tab.tabIndex === 0).length") == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('panel-cabin').contains(document.activeElement)")


@pytest.mark.parametrize(("language", "says", "placeholder"), [("de", "Das Auto fährt", "Englisch"), ("zh", "由车辆驾驶", "英语")])
def test_another_language_is_spoken_throughout(page: Any, language: str, says: str, placeholder: str) -> None:
    page.select_option("#language", language)
    until(page, f"document.documentElement.lang === '{language}'")
    until(page, f"document.getElementById('mode-says').textContent === '{says}'")
    assert placeholder in page.get_attribute("#words", "placeholder")
    page.click("#tab-gauges")
    if language == "de":
        until(page, "document.querySelector('#panel-gauges .driven').textContent === 'Isoliert: der Plan des Fahrers allein'")
        until(page, "document.querySelector('.domain.cockpit dd')?.textContent.includes(',')")  # 21,0 °C
    english = [text for text in texts(page, "[data-t]") if text in ("Conversation", "Restart", "Events", "Stop", "Pause")]
    assert [text for text in english if not (language == "de" and text == "Pause")] == []
    page.select_option("#language", "en")


def test_night_is_chosen_and_kept(page: Any) -> None:
    page.select_option("#theme", "night")
    red, green, blue = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert red < 20 and green <= red and blue <= green
    page.reload()
    until(page, "document.body.dataset.tick > 0")
    assert page.get_attribute("html", "data-theme") == "night"
    page.select_option("#theme", "auto")


def test_single_keys_can_be_switched_off(page: Any) -> None:
    page.keyboard.press("?")
    assert page.locator("#help-list").is_visible() and page.locator("#help-list kbd").count() > 10
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    assert page.get_attribute("#pause", "aria-pressed") == "false"
    page.keyboard.press("Shift+Tab")
    page.click("#help")
    page.check("#keys-on")
    page.keyboard.press("Escape")


@pytest.mark.parametrize("language", ["en", "de", "zh"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off_or_overlaps(browser: Any, studio: Studio, size: str, language: str) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.add_init_script(f"localStorage.setItem('language', '{language}')")
    page.goto(studio.url)
    until(page, "document.body.dataset.tick > 0 && document.getElementById('curtain').hidden")
    for name in ("gauges", "cabin", "record", "drive"):
        page.click(f"#tab-{name}")
        cut = page.evaluate(
            """[...document.querySelectorAll('button, h2, h3, dt, dd, .who-text b, .who-text strong, legend, label.check span')]
            .filter((element) => element.offsetParent && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
            .map((element) => element.outerHTML.slice(0, 120))"""
        )
        assert cut == [], (size, language, name)
    page.evaluate("scrollTo(0, 0)")  # the bar stays above what is scrolled away below it
    boxes = page.evaluate(
        """[...document.querySelectorAll('.bar > *, .page > section')].filter((element) => element.offsetParent)
        .map((element) => { const { left, top, right, bottom } = element.getBoundingClientRect(); return [left, top, right, bottom, element.className]; })"""
    )
    for index, (left, top, right, bottom, name) in enumerate(boxes):
        for other_left, other_top, other_right, other_bottom, other in boxes[index + 1 :]:
            apart = right <= other_left + 1 or other_right <= left + 1 or bottom <= other_top + 1 or other_bottom <= top + 1
            assert apart, (size, language, name, other)
    page.close()


def test_a_speed_that_was_set_stands_beside_the_limit(page: Any) -> None:
    assert not page.is_visible("#set-speed")
    page.fill("#words", "no faster than 40")
    page.press("#words", "Enter")
    until(page, "document.getElementById('set-speed').textContent === 'at most 40'")
    page.fill("#words", "drive normally")
    page.press("#words", "Enter")
    until(page, "document.getElementById('set-speed').hidden")
