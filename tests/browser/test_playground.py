"""The playground in a real browser, as a learner uses it: `tox -e web`.

Screenshots go to the folder that GRU_SCREENSHOTS names.
"""

import json
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gru.playground import folder
from gru.playground.serve import address, server
from tests.browser.python_for_pages import NUMPY, PYODIDE
from tests.commands import gru

pytestmark = pytest.mark.browser

EXAMPLES = Path(__file__).parents[2] / "examples"
RIGHT = (EXAMPLES / "submissions/right.py").read_text(encoding="utf-8")
WRONG = (EXAMPLES / "submissions/dzr_without_h_prev.py").read_text(encoding="utf-8")
ENDLESS = RIGHT.replace("self.x = x\n", "self.x = x\n        while True:\n            pass\n")

PATIENCE = 180_000
"""Milliseconds after which a page that does nothing is given up: no measure of how fast it is."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert path, "no Chromium is installed: apt-get install chromium"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def offline() -> dict[str, bytes]:
    """The files of a playground that needs no network."""
    return folder.files([PYODIDE, NUMPY])


@contextmanager
def served(files: dict[str, bytes]) -> Iterator[str]:
    with server(files) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield address(running)
        running.shutdown()


@pytest.fixture(scope="session")
def site(offline: dict[str, bytes]) -> Iterator[str]:
    with served(offline) as url:
        yield url


class Learner:
    """Somebody with the page open: what they do, and what they see."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.troubles: list[str] = []
        self.asked: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def opens(self, url: str) -> "Learner":
        self.page.goto(url)
        return self

    def writes(self, text: str) -> None:
        self.page.locator(".cm-content").fill(text)

    def chooses(self, title: str) -> None:
        self.page.locator("#examples").select_option(label=title)

    def checks(self) -> None:
        self.page.locator("#check").click()

    def reads(self, said: str) -> str:
        """The line beside the button, once it says something of this kind."""
        line = self.page.locator("#status", has_text=re.compile(said))
        line.wait_for()
        return str(line.inner_text())

    @property
    def report(self) -> Any:
        return self.page.frame_locator("#report")

    @property
    def text(self) -> str:
        """What the editor holds, as the browser keeps it."""
        kept = self.page.evaluate("localStorage.getItem('gru.text')")
        return str(kept)

    def pictures(self, name: str) -> None:
        if place := os.environ.get("GRU_SCREENSHOTS"):
            self.page.screenshot(path=Path(place) / f"{name}.png")


@pytest.fixture
def learner(browser: Any, request: pytest.FixtureRequest) -> Iterator[Learner]:
    context = browser.new_context(**getattr(request, "param", {"viewport": {"width": 1280, "height": 800}}))
    yield Learner(context.new_page())
    context.close()


def test_a_right_cell_and_then_a_wrong_one(learner: Learner, site: str) -> None:
    began = time.monotonic()
    learner.opens(site).reads("^Ready")
    ready = time.monotonic() - began
    learner.chooses("every equation is right")
    began = time.monotonic()
    learner.checks()
    assert learner.reads("Right") == "Right in all that was asked for."
    print(f"ready after {ready:.1f} s, the verdict on a right cell {time.monotonic() - began:.1f} s later")
    learner.pictures("right")
    learner.chooses("equation (10) has lost a factor")
    learner.checks()
    assert learner.reads("Wrong") == "Wrong, first in equation (10), dzr."
    learner.report.get_by_role("heading", name="equation (10), dzr: wrong").wait_for()
    learner.pictures("wrong")
    # Nothing is asked of anybody but the page's own server, and nothing is forbidden to it that it wants.
    assert [url for url in learner.asked if not url.startswith((site, "blob:", "data:", "about:"))] == []
    assert learner.troubles == []


def test_an_endless_loop_is_ended_and_nothing_is_lost(learner: Learner, offline: dict[str, bytes]) -> None:
    runtime = json.loads(offline["runtime.json"])
    brief = offline | {"runtime.json": json.dumps(runtime | {"limit": 15}).encode()}
    with served(brief) as url:
        learner.opens(url).reads("^Ready")
        learner.writes(ENDLESS)
        learner.checks()
        learner.reads("^Checking")
        learner.page.locator("#stop").click()
        assert learner.reads("^Stopped") == "Stopped. The code is as it was. No verdict."
        learner.checks()
        assert "endless loop" in learner.reads("^Stopped after 15 s")
        assert learner.text == ENDLESS
        assert learner.page.locator("#report").is_hidden()
        learner.writes(WRONG)
        learner.checks()
        learner.reads(r"equation \(10\)")


@pytest.mark.parametrize(
    ("text", "said", "found"),
    {
        "a syntax error": (
            RIGHT.replace("def forward(", "def forward(("),
            "Not examined",
            "the file is not Python",
        ),
        "an end": ("raise SystemExit(3)\n", "Not examined", "SystemExit"),
        "no end of calls": (
            RIGHT.replace("self.x = x\n", "self.x = x\n        self.forward(x, h_p, W, U)\n"),
            "interface",
            "RecursionError",
        ),
        "another API": (
            (EXAMPLES / "other_apis/one_sample.py").read_text(encoding="utf-8"),
            "Wrong, first in",
            "Sample",
        ),
    }.values(),
)
def test_what_is_said_of_other_texts(text: str, said: str, found: str, learner: Learner, site: str) -> None:
    learner.opens(site).reads("^Ready")
    learner.writes(text)
    learner.checks()
    learner.reads(said)
    learner.report.get_by_text(found).first.wait_for()


def test_another_layer_and_another_form_can_be_asked_for(learner: Learner, site: str) -> None:
    learner.opens(site).reads("^Ready")
    learner.writes((EXAMPLES / "submissions/swapped_gate.py").read_text(encoding="utf-8"))
    learner.page.locator("#asked").select_option(label="GRU, z on the old state")
    learner.checks()
    assert learner.reads("Right") == "Right in all that was asked for."
    learner.page.locator("#asked").select_option(label="LSTM")
    learner.checks()
    learner.reads("Not examined")
    learner.report.get_by_text("no class LSTMCell").first.wait_for()


WAYS_OUT = """
import js

for scope in (js, js.WorkerGlobalScope.prototype, js.DedicatedWorkerGlobalScope.prototype):
    for name in ("fetch", "XMLHttpRequest", "WebSocket", "EventSource", "importScripts", "Worker", "caches"):
        if getattr(scope, name, None) is not None:
            raise ValueError(f"{name} is there")
try:
    js.eval("1")
except Exception:
    raise ValueError("no way out")
raise ValueError("eval is there")
"""


def test_a_text_does_not_reach_the_network(learner: Learner, site: str) -> None:
    learner.opens(site).reads("^Ready")
    learner.writes(WAYS_OUT)
    learner.checks()
    learner.reads("Not examined")
    learner.report.get_by_text("no way out").first.wait_for()


def test_the_text_outlives_a_reload_and_an_example(learner: Learner, site: str) -> None:
    learner.opens(site)
    learner.writes("# mine\n")
    learner.page.reload()
    learner.page.get_by_text("# mine").wait_for()
    learner.chooses("every equation is right")
    learner.page.get_by_text("with every equation right").wait_for()
    learner.chooses("what was here before")
    learner.page.get_by_text("# mine").wait_for()


def test_a_link_carries_a_text_and_runs_nothing(learner: Learner, browser: Any, site: str) -> None:
    learner.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    learner.opens(site)
    learner.writes(WRONG)
    learner.page.locator("#asked").select_option(label="GRU of PyTorch")
    learner.page.locator("#link").click()
    learner.page.locator("#status", has_text="The link is copied").wait_for()
    link = learner.page.evaluate("navigator.clipboard.readText()")
    context = browser.new_context()
    other = Learner(context.new_page()).opens(link)
    other.page.get_by_text("equation (10) has lost a factor.").wait_for()
    other.reads("^Ready")
    assert other.text == WRONG
    assert other.page.locator("#asked").input_value() == "gru/torch"
    assert other.page.locator("#report").is_hidden()
    other.opens(f"{site}#code=%%%")
    other.page.reload()
    other.reads("^The link is damaged|Loading|Ready")
    context.close()


PHONE = {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True}


@pytest.mark.parametrize("learner", [PHONE, PHONE | {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_page(learner: Learner, site: str, request: pytest.FixtureRequest) -> None:
    learner.opens(site).reads("^Ready")
    learner.checks()
    learner.reads(r"equation \(10\)")
    assert learner.page.evaluate("document.documentElement.scrollWidth") == 320
    assert learner.report.locator("html").evaluate("page => page.scrollWidth - page.clientWidth") == 0
    name = request.node.callspec.id
    learner.pictures(f"phone-{name}")
    learner.page.locator("#report").scroll_into_view_if_needed()
    learner.pictures(f"phone-report-{name}")


@pytest.mark.parametrize("tampered", [False, True], ids=["whole", "tampered"])
def test_from_the_network_only_what_has_the_right_hash(
    tampered: bool, learner: Learner, offline: dict[str, bytes]
) -> None:
    """The page that takes Pyodide from the network, with a network that is played here."""

    def answer(route: Any) -> None:
        data = offline[f"pyodide/{route.request.url.rpartition('/')[2]}"]
        changed = tampered and route.request.url.endswith("python_stdlib.zip")
        route.fulfill(body=data + b"\n" * changed, headers={"Access-Control-Allow-Origin": "*"})

    learner.page.route(lambda url: url.startswith("https://"), answer)
    with served(folder.files()) as url:
        learner.opens(url)
        said = learner.reads("^Ready|could not be started")
    assert said == "Ready." if not tampered else said.startswith("The page could not be started")
    assert any("integrity" in trouble for trouble in learner.troubles) == tampered


# Every page that the project writes, as axe-core sees it.

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The reports on two submissions, and the page of a class, as the command line writes them."""
    place = tmp_path_factory.mktemp("pages")
    for name in ("submissions/untransposed_dx.py", "other_apis/one_sample.py"):
        target = place / Path(name).with_suffix(".html").name
        gru("check", EXAMPLES / name, "--html", target)
        (place / "class" / target.stem).mkdir(parents=True)
        shutil.copy(EXAMPLES / name, place / "class" / target.stem / "gru.py")
    answer = gru("grade", place / "class", "--out", place / "graded")
    assert (place / "graded/class.html").exists(), answer.output
    return {path.stem: path for path in (*place.glob("*.html"), place / "graded/class.html")}


@pytest.mark.parametrize("name", ["untransposed_dx", "one_sample", "class"])
@pytest.mark.parametrize(
    "look", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 320, "height": 640}}], ids=["light", "dark", "phone"]
)
def test_a_page_can_be_read_by_everybody(name: str, look: dict[str, Any], pages: dict[str, Path], browser: Any) -> None:
    context = browser.new_context(bypass_csp=True, **look)
    page = context.new_page()
    page.goto(pages[name].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate("rules => axe.run({ runOnly: rules })", RULES)["violations"]
    context.close()
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in violations] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_playground_can_be_used_by_everybody(scheme: Any, site: str, browser: Any) -> None:
    context = browser.new_context(bypass_csp=True, color_scheme=scheme)
    learner = Learner(context.new_page())
    learner.opens(site).reads("^Ready")
    learner.page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = learner.page.evaluate("rules => axe.run({ runOnly: rules })", RULES)["violations"]
    context.close()
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in violations] == []
