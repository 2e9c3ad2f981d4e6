"""Pictures people can publish, files of the tree, and the presentation size."""

import csv
import io
import json
import struct
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pydot
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_access import violations

SVG = "{http://www.w3.org/2000/svg}"
TITLE = "Heads <b>&amp; tails</b>"
PROMPT = "HTHH"


@pytest.fixture(name="owner")
def _owner(visitor: Observatory) -> Observatory:
    """Who has a tree of a coin open, fully grown, with markup in its title."""
    visitor.grow(PROMPT, rule="Fair coin")
    title = visitor.page.get_by_test_id("title")
    title.fill(TITLE)
    title.press("Enter")
    expect(visitor.page.get_by_test_id("undo")).to_be_enabled()
    visitor.settle()
    return visitor


def open_dialog(visitor: Observatory) -> Locator:
    visitor.page.get_by_test_id("pictures").click()
    expect(visitor.page.get_by_test_id("picture-dialog").locator("canvas")).to_be_visible()
    return visitor.page.get_by_test_id("picture-dialog")


def downloaded(visitor: Observatory, button: str) -> tuple[str, bytes]:
    """The file's name, and what is in it."""
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_test_id(button).click()
    arrived = waiting.value
    return arrived.suggested_filename, Path(arrived.path()).read_bytes()


def pixels(png: bytes) -> tuple[int, int]:
    """Width and height, as the first chunk says them."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert png[12:16] == b"IHDR"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def texts(svg: bytes) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


# -- pictures


@pytest.mark.parametrize(
    ("preset", "size"),
    [("slide", (1920, 1080)), ("column", (1051, 1261)), ("page", (2161, 1340))],
)
def test_a_png_has_the_pixels_of_the_chosen_size(
    owner: Observatory, preset: str, size: tuple[int, int]
) -> None:
    open_dialog(owner)
    owner.page.get_by_test_id("picture-preset").select_option(preset)
    name, png = downloaded(owner, "picture-png")
    assert name == "heads-b-amp-tails-b-worlds.png"
    assert pixels(png) == size


def test_a_size_of_ones_own_is_kept_to_and_one_beyond_bounds_is_refused(
    owner: Observatory,
) -> None:
    dialog = open_dialog(owner)
    width, height = (owner.page.get_by_test_id(f"picture-{side}") for side in ("width", "height"))
    width.fill("777")
    height.fill("555")
    expect(owner.page.get_by_test_id("picture-preset")).to_have_value("own")
    assert pixels(downloaded(owner, "picture-png")[1]) == (777, 555)

    width.fill("100000")
    expect(owner.page.get_by_test_id("picture-refusal")).to_contain_text("240 to 8,192")
    expect(owner.page.get_by_test_id("picture-png")).to_be_disabled()
    expect(owner.page.get_by_test_id("picture-svg")).to_be_disabled()
    width.fill("800")
    expect(dialog.locator("canvas")).to_be_visible()
    assert pixels(downloaded(owner, "picture-png")[1]) == (800, 555)


def test_an_svg_holds_the_worlds_the_key_and_all_that_made_it_as_text(owner: Observatory) -> None:
    open_dialog(owner)
    name, svg = downloaded(owner, "picture-svg")
    assert name.endswith(".svg")
    root = ElementTree.fromstring(svg)
    assert root.get("width") == "1920px"
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        *("svg", "title", "desc", "defs", "g", "path", "text"),
        *("pattern", "linearGradient", "stop", "clipPath"),
    }
    found = texts(svg)
    assert TITLE in found
    whole = "\n".join(found)
    for part in (
        f"Prompt: “{PROMPT}”",
        "Rule: Fair coin (fingerprint ",
        "Procedure: the rule itself. Seed 0.",
        f"each line is 1 of {owner.shown('lines')} equally likely worlds",
        "entropy",
    ):
        assert part in whole
    # Every line is there: as many baselines of running text as there are worlds in view.
    mono = [one for one in root.iter(f"{SVG}text") if "IBM Plex Mono" in one.get("font-family", "")]
    assert len({one.get("y") for one in mono}) >= owner.shown("lines")


def test_legend_and_caption_can_be_left_out(owner: Observatory) -> None:
    open_dialog(owner)
    owner.page.get_by_test_id("picture-caption").uncheck()
    owner.page.get_by_test_id("picture-key").uncheck()
    found = texts(downloaded(owner, "picture-svg")[1])
    assert TITLE not in found
    assert not any("Prompt" in text or "equally likely" in text for text in found)
    assert found


def test_paper_is_white_and_the_dark_one_is_dark(owner: Observatory) -> None:
    open_dialog(owner)
    grounds = {}
    for theme in ("paper", "light", "dark"):
        owner.page.get_by_test_id("picture-theme").select_option(theme)
        first = ElementTree.fromstring(downloaded(owner, "picture-svg")[1]).find(f"{SVG}path")
        assert first is not None
        grounds[theme] = first.get("fill")
    assert grounds == {"paper": "#ffffff", "light": "#f6f3ec", "dark": "#0d1017"}


def test_every_view_that_draws_can_be_a_picture(owner: Observatory) -> None:
    """Whatever a view draws with, an SVG must be able to say it."""
    for button in owner.page.get_by_role("radiogroup", name="View").get_by_role("radio").all():
        button.click()
        view = (button.get_attribute("data-testid") or "").removeprefix("view-")
        expect(button).to_have_attribute("aria-checked", "true")
        owner.page.wait_for_timeout(300)
        owner.page.get_by_test_id("pictures").click()
        dialog = owner.page.get_by_test_id("picture-dialog")
        expect(dialog).to_be_visible()
        if dialog.get_by_text("This view draws no picture").count() == 0:
            expect(dialog.locator("canvas")).to_be_visible()
            name, svg = downloaded(owner, "picture-svg")
            assert view in name
            assert f"Prompt: “{PROMPT}”" in texts(svg)
            assert pixels(downloaded(owner, "picture-png")[1]) == (1920, 1080)
            expect(dialog.get_by_role("alert")).to_have_count(0)
        owner.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


def test_a_page_that_is_read_is_a_picture_with_its_text_legend_and_caption(
    owner: Observatory,
) -> None:
    owner.page.get_by_test_id("view-read").click()
    tokens = owner.page.get_by_test_id("page-token")
    expect(tokens.first).to_be_visible()
    owner.page.keyboard.press("ArrowRight")
    text = "".join(tokens.all_inner_texts())
    assert len(text) > 6
    open_dialog(owner)
    name, svg = downloaded(owner, "picture-svg")
    assert name == "heads-b-amp-tails-b-read.svg"
    drawn = texts(svg)
    page = drawn[drawn.index(PROMPT) :]
    assert "".join(page).startswith(PROMPT + text)
    assert TITLE in drawn
    whole = "\n".join(drawn)
    for part in (
        f"Prompt: “{PROMPT}”",
        f"A trajectory of {len(text)} tokens",
        "surprisal",
        "0 – 10 bits",
        "paler: the prompt",
        "underlined: the selected token",
    ):
        assert part in whole
    assert "left out" not in whole
    png = downloaded(owner, "picture-png")[1]
    assert pixels(png) == (1920, 1080)
    assert len(png) > 20_000, "there is something on it"


def test_a_page_that_is_too_long_for_its_picture_says_what_is_left_out(
    visitor: Observatory,
) -> None:
    visitor.visit()
    ref = visitor.make(rule="coin", prompt="HT")
    visitor.ask(
        "POST",
        "/growths",
        {"state": {"node": 0}, "strategy": {"kind": "worlds", "lines": 1, "steps": 900}},
    )
    visitor.visit(f"/t/{ref}?v=1&view=read")
    page = visitor.page.get_by_test_id("read-page")
    visitor.wait_for(lambda: int(page.get_attribute("data-steps") or 0) >= 900, "all has grown")
    open_dialog(visitor)
    for side, length in (("width", 700), ("height", 700)):
        visitor.page.get_by_test_id(f"picture-{side}").fill(str(length))
    drawn = texts(downloaded(visitor, "picture-svg")[1])
    assert "…" in drawn
    (note,) = (text for text in drawn if "left out" in text)
    left = int(note.split(" tokens after")[0].split()[-1])
    # The prompt is there twice: as the title too.
    shown = sum(len(text) for text in drawn if set(text) <= {"H", "T"}) - 2 * len("HT")
    assert shown > 50
    assert shown + left == int(page.get_attribute("data-steps") or 0)


def test_a_picture_can_be_copied(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(permissions=["clipboard-read", "clipboard-write"])
    visitor.grow(PROMPT, rule="Fair coin")
    visitor.settle()
    dialog = open_dialog(visitor)
    visitor.page.get_by_test_id("picture-copy").click()
    expect(dialog.get_by_role("status")).to_have_text("The picture is on the clipboard.")
    kinds = visitor.page.evaluate(
        "async () => (await navigator.clipboard.read()).flatMap(({ types }) => types)"
    )
    assert kinds == ["image/png"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_in_the_dialog(new_visitor: NewVisitor, scheme: str) -> None:
    visitor = new_visitor(color_scheme=scheme)
    visitor.grow(PROMPT, rule="Fair coin")
    visitor.settle()
    open_dialog(visitor)
    assert violations(visitor.page) == []


# -- files


def test_a_reader_takes_pictures_and_files_by_the_keyboard(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    states = owner.tree()["states"]
    reader = new_visitor()
    reader.visit(f"/t/{owner.ref}")
    expect(reader.worlds).to_have_attribute("data-anchor", "0")
    reader.page.keyboard.press("Shift+P")
    expect(reader.page.get_by_test_id("picture-dialog").locator("canvas")).to_be_visible()
    assert pixels(downloaded(reader, "picture-png")[1]) == (1920, 1080)

    name, file = downloaded(reader, "file-json")
    assert name == "heads-b-amp-tails-b.json"
    told = json.loads(file)
    assert (told["name"], told["prompt"]["text"]) == (TITLE, PROMPT)
    assert len(told["nodes"]) == states
    _, file = downloaded(reader, "file-csv")
    assert len(list(csv.DictReader(io.StringIO(file.decode(), newline="")))) == states
    _, file = downloaded(reader, "file-graphml")
    assert len(nx.parse_graphml(file.decode())) == states
    _, file = downloaded(reader, "file-dot")
    (graph,) = pydot.graph_from_dot_data(file.decode()) or ()
    assert len(graph.get_edges()) == states - 1


# -- the presentation size


def height_of(text: Locator) -> float:
    box = text.bounding_box()
    assert box is not None
    return box["height"]


def test_the_presentation_size_makes_everything_larger_and_is_left_again(
    owner: Observatory,
) -> None:
    page = owner.page
    button, tab = page.get_by_test_id("another-draw"), page.get_by_test_id("view-worlds")
    before, lines = (height_of(button), height_of(tab)), owner.shown("lines")
    page.keyboard.press("p")
    expect(page.get_by_role("complementary", name="Inspector")).to_be_hidden()
    expect(page.get_by_role("complementary", name="Set up")).to_be_hidden()
    expect(owner.worlds).not_to_have_attribute("data-lines", str(lines))
    assert height_of(button) > 1.3 * before[0]
    assert height_of(tab) > 1.3 * before[1]
    # Text on the canvas grows as well: fewer lines fill its height, with as many pixels as shown.
    assert owner.shown("lines") < lines
    drawn = owner.worlds.evaluate(
        "(canvas) => canvas.width / canvas.getBoundingClientRect().width / devicePixelRatio"
    )
    assert drawn == pytest.approx(1, abs=0.01)

    owner.settle()
    owner.click_worlds(0.02, 0.25)
    expect(owner.worlds).not_to_have_attribute("data-anchor", "0")
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary", name="Inspector")).to_be_visible()
    expect(owner.worlds).not_to_have_attribute("data-anchor", "0")
    assert height_of(button) == pytest.approx(before[0], abs=1)


def test_the_presentation_size_shows_some_of_the_worlds_that_were_there(
    owner: Observatory,
) -> None:
    """What was prepared is what is shown: other lines would be known for a few steps only."""
    owner.wait_until_filled()
    owner.settle()
    lines, steps = owner.shown("lines"), owner.shown("steps")
    owner.page.keyboard.press("g")  # nothing grows meanwhile
    owner.page.keyboard.press("p")
    expect(owner.worlds).not_to_have_attribute("data-lines", str(lines))
    owner.settle()
    assert 2 * owner.shown("lines") == lines
    assert owner.shown("steps") >= steps > 10
    owner.page.reload()
    owner.settle()
    assert 2 * owner.shown("lines") == lines
    assert owner.shown("steps") >= steps


def test_the_presentation_size_is_remembered_by_the_browser_and_by_no_other(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    button = owner.page.get_by_test_id("present")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    owner.page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(owner.page.get_by_role("complementary", name="Inspector")).to_be_hidden()

    other = new_visitor()
    other.visit(f"/t/{owner.ref}")
    expect(other.page.get_by_test_id("present")).to_have_attribute("aria-pressed", "false")

    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    owner.page.reload()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(owner.page.get_by_role("complementary", name="Inspector")).to_be_visible()


def test_nothing_overlaps_in_the_header_at_the_presentation_size(owner: Observatory) -> None:
    owner.page.keyboard.press("p")
    ends = owner.page.evaluate(
        """() => {
             const right = (one) => one.getBoundingClientRect().right;
             const header = document.querySelector('header');
             const shares = [...header.querySelectorAll('.ledger li')];
             const seen = shares.filter((one) => one.getClientRects().length > 0);
             return [
               Math.max(...seen.map(right), right(header.querySelector('.ledger'))),
               header.querySelector('.actions').getBoundingClientRect().left,
               right(header.querySelector('.actions')),
             ];
           }"""
    )
    ledger, actions, end = ends
    assert ledger <= actions <= end <= 1180


@pytest.mark.parametrize("key", ["?", "Control+k"])
def test_what_opens_fits_the_screen_at_the_presentation_size(owner: Observatory, key: str) -> None:
    owner.page.keyboard.press("p")
    owner.page.keyboard.press(key)
    dialog = owner.page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    top, bottom, room = dialog.evaluate(
        """(one) => {
             const { top, bottom } = one.getBoundingClientRect();
             return [top, bottom, innerHeight];
           }"""
    )
    assert 0 <= top < bottom <= room
