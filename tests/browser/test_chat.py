"""The chat page in a real Chromium."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.conftest import CHROMIUM
from tests.serving import serving

pytestmark = pytest.mark.browser

# Without these Chromium looks for its maker's services at every start.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ASKED = "What are virtual school heads not being asked to do?"


@pytest.fixture(scope="module")
def address(data):
    with serving(data) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser, address):
    opened = browser.new_page()
    opened.outside = []
    opened.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "data:", "blob:", address.replace("http", "ws")))
            else opened.outside.append(request.url)
        ),
    )
    opened.goto(f"{address}/chat")
    opened.wait_for_selector("#question textarea")
    yield opened
    assert opened.outside == []
    opened.close()


def ask(page, text):
    page.fill("#question textarea", text)
    page.click("#ask")


def test_a_question_is_answered_and_its_citation_opens_the_place(page, address):
    expect(page.locator(".safety").first).to_contain_text("call 999")
    ask(page, ASKED)
    expect(page.locator(".answer")).to_contain_text("answer requests from parents or carers")
    expect(page.locator(".question")).to_contain_text(ASKED)
    href = page.locator(".citations a").first.get_attribute("href")
    page.goto(address + href)
    target = page.locator(".passage:target")
    expect(target).to_contain_text("answer requests from parents or carers")
    assert target.bounding_box()["y"] < page.viewport_size["height"]
    expect(page.locator(".safety").first).to_contain_text("call 999")


def test_an_example_fills_the_box_and_enter_asks(page):
    page.get_by_text("Which children does the extended role cover?").click()
    expect(page.locator("#question textarea")).to_have_value("Which children does the extended role cover?")
    page.press("#question textarea", "Enter")
    expect(page.locator(".answer")).to_contain_text("0 up to 18")


def test_danger_shows_the_panel_first_and_it_stays(page):
    ask(page, "a girl in my class says her stepdad hits her")
    expect(page.locator(".safety.now")).to_contain_text("0800 1111")
    ask(page, ASKED)
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".safety.now")).to_be_visible()


def test_the_nation_is_kept_to(page):
    page.get_by_label("Scotland", exact=True).check()
    ask(page, "What are the training responsibilities?")
    expect(page.locator(".citations li").first).to_contain_text("Scotland")
    expect(page.locator(".citations")).not_to_contain_text("Worcestershire")


def test_personal_details_do_not_stay_on_the_page(page):
    ask(page, "Lacey-Mae Thornber, 03/09/2012. How many VSHTs did McIver interview?")
    expect(page.locator(".answer")).to_contain_text("Personal details were removed")
    assert "Thornber" not in page.content()


def test_a_question_about_one_child_does_not_stay_on_the_page(page):
    ask(page, "should wee Struan be on mornings only?")
    expect(page.locator(".answer")).to_contain_text("cannot give advice about one child")
    assert "Struan" not in page.content()


def test_trouble_is_said_and_the_question_is_kept(page):
    ask(page, "?!")
    expect(page.locator("#trouble")).to_contain_text("The question is empty")
    expect(page.locator("#question textarea")).to_have_value("?!")
    page.click("#clear")
    expect(page.locator(".turn")).to_have_count(0)


def test_the_page_reads_at_320_pixels(browser, address):
    narrow = browser.new_page(viewport={"width": 320, "height": 640})
    narrow.goto(f"{address}/sources/celcis-2021-roles-responsibilities")
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 320
    narrow.close()
