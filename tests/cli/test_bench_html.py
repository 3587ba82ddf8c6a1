"""`replayrt bench --html`: the page, looked at in a browser."""

import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy
import pytest
from PIL import Image

from conftest import TRIVIAL

BROWSER = shutil.which("chromium-headless-shell")
CHARTS = ("latency", "cumulative", "captures", "hit-rate", "bytes")
LIGHT = {"eager": "#6e7781", "replayed": "#0072b2", "captured": "#c97b00", "recaptured": "#a3407c"}
DARK = {"eager": "#9aa4af", "replayed": "#56b4e9", "captured": "#e69f00", "recaptured": "#d98cb9"}
# Which colours each chart must have in the run of `page`.
SERIES = {
    "latency": ("eager", "replayed"),
    "captures": ("recaptured", "captured"),
    "cumulative": ("eager", "replayed", "captured"),
    "hit-rate": ("replayed",),
    "bytes": ("replayed", "captured"),
}
VOID = {"meta", "rect", "line", "polyline", "br"}

# Beside the page, where its own policy would not let it run.
MEASURE = """<script>
const boxes = {};
for (const figure of document.querySelectorAll("figure")) {
  const box = figure.querySelector("svg").getBoundingClientRect();
  boxes[figure.id] = [box.left, box.top, box.right, box.bottom];
}
const overflow = document.documentElement.scrollWidth - innerWidth;
document.title = JSON.stringify({boxes, overflow, height: document.documentElement.scrollHeight});
</script>"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium-headless-shell is not installed: make setup")


@dataclass
class Looked:
    dom: str
    messages: str
    pixels: numpy.ndarray


class Tags(HTMLParser):
    """Fails where an element is not ended, or not in order."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in VOID or (tag == "rect" and not self.get_starttag_text().endswith("/>")):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def page(replayrt, tmp_path) -> Path:
    flags = ["--cold", "--iterations", "2", "--repeat", "8", "--html", "page.html", "--max-bytes", "1G"]
    replayrt("bench", TRIVIAL, "--shapes", "1x8,2x8,1x8,64x8", *flags)
    return tmp_path / "page.html"


@pytest.fixture
def browse(tmp_path):
    """Opens a page as a browser of that size does which reaches no network."""

    def run(page: Path, *flags: str) -> subprocess.CompletedProcess:
        command = [BROWSER, "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr"]
        command += ["--log-level=0", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}"]
        command += [*flags, page.as_uri()]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    def look(page: Path, width: int, height: int, dark: bool = False) -> Looked:
        size = [f"--window-size={width},{height}", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
        dom = run(page, *size, "--dump-dom")
        assert dom.returncode == 0, dom.stderr
        shot = run(page, *size, "--screenshot=shot.png")
        assert shot.returncode == 0 and (tmp_path / "shot.png").stat().st_size > 10_000, shot.stderr
        with Image.open(tmp_path / "shot.png") as picture:
            pixels = numpy.asarray(picture.convert("RGB"))
        assert pixels.shape == (height, width, 3)
        return Looked(dom.stdout, dom.stderr + shot.stderr, pixels)

    return look


def title_of(dom: str) -> str:
    """The page's own: those of bars follow."""
    return html.unescape(re.findall("<title>(.*?)</title>", dom, re.DOTALL)[0])


def measured(page: Path, browse, width: int) -> dict:
    """Where the charts of the page are, in a window of this width."""
    text = page.read_text()
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy".*>\n', text)
    copy = page.with_name("measured.html")
    copy.write_text(text.replace(policy, "").replace("</body>", MEASURE + "</body>"))
    return json.loads(title_of(browse(copy, width, 800).dom))


def ink(pixels: numpy.ndarray, color: str) -> int:
    """How many pixels have the colour, but for rounding."""
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return int((numpy.abs(pixels.astype(int) - wanted).max(axis=2) <= 3).sum())


def test_the_page_refers_to_nothing_outside(page):
    text = page.read_text()
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\b(?:src|href|srcset|data|action)\s*=", text, re.IGNORECASE)
    seen = Tags(text).seen
    assert not {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "base"} & set(seen)
    assert seen.count("svg") == len(CHARTS) + 1 and seen.count("figure") == len(CHARTS)


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (390, False)])
def test_a_browser_shows_every_chart(page, browse, width, dark):
    places = measured(page, browse, width)
    assert places["overflow"] <= 0, "it must not scroll sideways"
    assert list(places["boxes"]) == list(CHARTS)
    looked = browse(page, width, places["height"], dark)
    for chart, (left, top, right, bottom) in places["boxes"].items():
        area = looked.pixels[int(top) : int(bottom), int(left) : int(right)]
        assert right - left >= 0.8 * min(width, 560) - 60 and bottom - top >= 40
        for series in SERIES[chart]:
            assert ink(area, (DARK if dark else LIGHT)[series]) >= 40, (chart, series)
            assert ink(area, (LIGHT if dark else DARK)[series]) < 40, (chart, series)
    background = looked.pixels[2, 2]
    assert background.max() < 64 if dark else background.min() > 240


def test_a_browser_complains_of_nothing(page, browse):
    looked = browse(page, 1200, 900)
    assert "CONSOLE" not in looked.messages and "Refused" not in looked.messages, looked.messages
    for chart in CHARTS:
        assert f'<figure id="{chart}">' in looked.dom
    # That it would be seen: the same page with a script, which its policy forbids, and one that fails.
    text = page.read_text()
    page.write_text(text.replace("</body>", "<script>1</script></body>"))
    assert "CONSOLE" in browse(page, 1200, 900).messages


def test_a_hostile_name_is_only_text(replayrt, browse, tmp_path):
    name = "<script>document.title='run'<|script>&amp;\"'.onnx"
    shutil.copy(TRIVIAL, tmp_path / name)
    replayrt("bench", name, "--shapes", "1x8", "--iterations", "1", "--html", "page.html")
    looked = browse(tmp_path / "page.html", 1200, 900)
    assert title_of(looked.dom) == f"Bench of {name}"
    (heading,) = re.findall("<h1>(.*?)</h1>", looked.dom, re.DOTALL)
    assert html.unescape(heading) == f"Bench of {name}"
    assert "CONSOLE" not in looked.messages and "<script" not in looked.dom


def test_the_page_is_written_beside_the_table_and_tells_the_run(replayrt, tmp_path):
    result = replayrt("bench", TRIVIAL, "--shapes", "1x8,2x8", "--iterations", "1", "--html", "page.html")
    assert result.out.startswith("model ")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    text = html.unescape((tmp_path / "page.html").read_text())
    for fact in ["--shapes 1x8,2x8 --iterations 1 --html page.html", "openvino 20", "precision f32", "replayrt 0."]:
        assert fact in text
    for cell in ["<td>1x8</td>", "<td>2x8</td>", "<td>recapture</td>"]:
        assert cell in text
