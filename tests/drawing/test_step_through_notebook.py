"""Steps wherever they are shown: light, dark, without motion, without scripts, and in notebooks, trusted or not."""

from __future__ import annotations

import io
import re
import shutil

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.step_through import step_through
from tests.drawing import test_browser as pictures
from tests.drawing.test_step_through_browser import TEXTS, lemma, opened

browser, page = pictures.browser, pictures.page

expect = pictures.playwright.expect


def test_motion_is_left_out_where_it_is_not_wanted(page, tmp_path):
    opened(page, lemma(), tmp_path)
    duration = "getComputedStyle(document.querySelector('.node .box')).transitionDuration"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(duration) == "0.25s, 0.15s"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(duration) == "0s"


@pytest.mark.parametrize(("scheme", "ground"), [("light", 1.0), ("dark", 0.0)])
def test_the_page_and_its_picture_are_light_or_dark_as_the_reader_has_it(page, tmp_path, scheme, ground):
    image = pytest.importorskip("matplotlib.image", reason="matplotlib is not installed")
    page.emulate_media(color_scheme=scheme)
    opened(page, lemma(), tmp_path)
    page.keyboard.press("End")
    for place in ("body", "#picture svg", "g.node.now"):
        pixels = image.imread(io.BytesIO(page.locator(place).first.screenshot()), format="png")[:, :, :3]
        inked = abs(pixels - ground).max(axis=2)
        assert (inked > 0.5).any()  # what is written stands out from the ground
        if place != "g.node.now":
            assert pixels[1, 1].tolist() == [ground] * 3


@pytest.fixture
def scriptless(browser):
    """A page of a browser whose scripts are off as a whole: those of a context alone would run in frames."""
    program = next(filter(None, map(shutil.which, pictures.CHROMIUM)), browser.browser_type.executable_path)
    arguments = [*pictures.ARGUMENTS, "--blink-settings=scriptEnabled=false"]
    chromium = browser.browser_type.launch(executable_path=program, args=arguments)
    yield chromium.new_context(offline=True, viewport={"width": 1200, "height": 900}).new_page()
    chromium.close()


def check_still(place):
    """That a page without scripts shows the whole picture, the table of all rows, and nothing that would not work."""
    expect(place.locator("noscript p")).to_be_visible()
    texts = ["a", "4", "grad 11", "b", "3", "grad 4", "v1 = +", "7", "grad 4", "v2 = ×", "28", "grad 1"]
    assert place.locator("g.node text").all_text_contents() == texts
    for text in place.locator("g.node text").all():
        expect(text).to_be_visible()
    rows = [row.cells()[:4] for row in ag.sweep_table(lemma()).rows]
    expect(place.locator("#sweep td")).to_have_text([cell for row in rows for cell in row])
    for gone in place.locator("button, input, select, #help").all():
        expect(gone).to_be_hidden()


def test_without_scripts_a_saved_page_is_a_still_picture_with_its_table(scriptless, tmp_path):
    check_still(opened(scriptless, lemma(), tmp_path))


# --- notebooks -----------------------------------------------------------------------------------------------------------


def check_steps(frame):
    """That the steps in a notebook's frame are those of the page."""
    for k, text in enumerate(TEXTS):
        if k:
            frame.get_by_role("button", name="One step forward").click()
        expect(frame.locator("#rule")).to_have_text(text)
    expect(frame.locator("g.node.now .box")).to_be_visible()


def test_in_a_notebook_the_frame_plays_and_the_image_stays_away(page):
    shown = step_through(lemma())._repr_html_()
    page.set_content(f"<body>{shown}{shown}</body>")  # the output of two cells
    for number in range(2):
        check_steps(page.frame_locator("iframe").nth(number))
        expect(page.locator("img").nth(number)).to_be_hidden()


def test_the_frame_keeps_the_page_from_the_notebook(page):
    page.set_content(step_through(lemma())._repr_html_())
    expect(page.frame_locator("iframe").locator("#rule")).to_have_text(TEXTS[0])
    frame = page.frames[1]
    assert frame.evaluate("origin") == "null"
    assert frame.evaluate("(() => { try { return parent.document.title } catch (error) { return error.name } })()") == (
        "SecurityError"
    )


def test_where_frames_and_styles_are_taken_away_the_image_is_left(page):
    """As JupyterLab does with the outputs of notebooks that are not trusted: its list of elements has neither."""
    shown = step_through(lemma())._repr_html_()
    left = re.sub(r"<(style|iframe)\b.*?</\1>", "", shown, flags=re.DOTALL)
    assert left.startswith("<img ")
    page.set_content(left)
    assert page.wait_for_selector("img").evaluate("async image => { await image.decode(); return image.naturalWidth }") > 100
    expect(page.locator("img")).to_be_visible()


def exported(tmp_path):
    """A saved notebook whose one cell shows the steps, through nbconvert to a file."""
    nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    data, metadata = formatters.DisplayFormatter().format(step_through(lemma()))
    assert data["text/plain"] == repr(step_through(lemma()))
    output = nbformat.v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)
    cell = nbformat.v4.new_code_cell("step_through(loss)", outputs=[output], execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "lesson.ipynb")
    source, _ = nbconvert.HTMLExporter().from_filename(str(tmp_path / "lesson.ipynb"))
    path = tmp_path / "lesson.html"
    path.write_text(source, encoding="utf-8")
    return path


def test_a_saved_notebook_that_nbconvert_makes_a_page_of_plays_the_same_steps(browser, tmp_path):
    context = browser.new_context(offline=True)
    page, errors = context.new_page(), []
    page.on("console", lambda message: "steps" in message.text and errors.append(message.text))
    page.goto(exported(tmp_path).as_uri(), wait_until="commit")  # nbconvert's page asks for scripts that no network brings
    check_steps(page.frame_locator("iframe"))
    expect(page.locator("img.autograd-lite-still")).to_be_hidden()
    context.close()
    assert errors == []


def test_of_that_page_without_scripts_a_still_picture_is_left(scriptless, tmp_path):
    scriptless.goto(exported(tmp_path).as_uri(), wait_until="commit")
    check_still(scriptless.frame_locator("iframe"))


# --- labels --------------------------------------------------------------------------------------------------------------


def test_a_hostile_label_runs_nothing_and_adds_nothing(page, tmp_path):
    leaves = [Value(1.0, label=label) for label in pictures.FIRING]
    output = ag.total(leaves)
    output.label = pictures.FIRING[-1]
    still = step_through(output)
    opened(page, output, tmp_path)
    for k in range(len(still.steps.steps)):
        page.evaluate("k => { go(k); pin(k % nodes.length) }", k)
        expect(page.locator("#rule")).to_have_text(re.sub(r"\s+", " ", still.steps.steps[k].text))
    page.locator("#search").fill("<")
    page.locator("#search").press("Enter")
    assert page.evaluate("document.querySelectorAll('script').length") == 2
    assert page.evaluate("document.querySelectorAll('img, a, iframe, image, foreignObject').length") == 0
    assert page.evaluate("document.querySelectorAll('svg').length") == 1
    page.goto("about:blank")
    page.set_content(still._repr_html_())
    expect(page.frame_locator("iframe").locator("#rule")).to_contain_text("the leaves have their numbers")
    assert page.evaluate("document.querySelectorAll('*').length") == 6  # html, head, body, style, frame, image
    assert [frame.evaluate("window.fired") for frame in page.frames] == [0, 0]
