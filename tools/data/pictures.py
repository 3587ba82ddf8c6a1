"""Pictures to read: some of scikit-image's, and rendered text of many sizes and lengths."""

import random
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .files import DataError, Folder, wheel_file

# page and text hold text, the others next to none.
PHOTOGRAPHS = ("page", "text", "coffee", "astronaut", "camera")
FONT_FOLDER = Path("/usr/share/fonts/truetype/dejavu")
WORDS = (
    "graph capture replay engine tensor shape batch stream kernel latency memory budget cache lease signature input "
    "output device model network image window table letter number morning garden river bridge station market weather"
).split()


def make(folder: Folder) -> None:
    for name in PHOTOGRAPHS:
        folder.write_bytes(f"pictures/{name}.png", wheel_file("skimage", "data", f"{name}.png").read_bytes())
    for name, (draw, seed) in RENDERED.items():
        with folder.writing(f"pictures/{name}.png") as path:
            draw(random.Random(seed)).save(path)


def names() -> list[str]:
    return sorted((*PHOTOGRAPHS, *RENDERED))


def _font(size: int, face: str = "DejaVuSans") -> ImageFont.FreeTypeFont:
    path = FONT_FOLDER / f"{face}.ttf"
    if not path.is_file():
        raise DataError(f"the font {path} is missing; install Debian's fonts-dejavu-core")
    # The basic layout, so that an installed libraqm does not change the pictures.
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def _text(lines: list[str], size: tuple[int, int], font: ImageFont.FreeTypeFont, ink="black", paper="white",
          at: tuple[int, int] = (20, 20), spacing: float = 1.5) -> Image.Image:  # fmt: skip
    image = Image.new("RGB", size, paper)
    _write(ImageDraw.Draw(image), lines, font, ink, at, spacing)
    return image


def _write(draw: ImageDraw.ImageDraw, lines, font, ink, at, spacing) -> None:
    for row, line in enumerate(lines):
        draw.text((at[0], at[1] + row * font.size * spacing), line, font=font, fill=ink)


def _sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words)).capitalize() + "."


def _word(rng: random.Random) -> Image.Image:
    return _text([rng.choice(WORDS).capitalize()], (260, 90), _font(40))


def _title(rng: random.Random) -> Image.Image:
    return _text(["Capture once,", "replay often"], (900, 320), _font(96, "DejaVuSans-Bold"), ink="navy", spacing=1.3)


def _long_line(rng: random.Random) -> Image.Image:
    return _text([_sentence(rng, 14)], (1500, 80), _font(26))


def _paragraph(rng: random.Random) -> Image.Image:
    return _text([_sentence(rng, rng.randint(5, 9)) for _ in range(8)], (860, 380), _font(24), spacing=1.7)


def _numbers(rng: random.Random) -> Image.Image:
    lines = [" ".join(f"{rng.randrange(10**digits):0{digits}d}" for digits in (3, 4, 6)) for _ in range(6)]
    return _text(lines, (420, 330), _font(30, "DejaVuSansMono"), spacing=1.6)


def _receipt(rng: random.Random) -> Image.Image:
    font = _font(22, "DejaVuSansMono")
    lines = ["CORNER MARKET", f"Receipt {rng.randrange(10000, 99999)}"]
    for item in rng.sample(WORDS, 9):
        lines.append(f"{item:<12}{rng.randrange(100, 9999) / 100:>8.2f}")
    return _text(lines, (360, 520), font, spacing=1.9)


def _inverted_sign(rng: random.Random) -> Image.Image:
    lines = [f"Platform {rng.randint(1, 12)}", f"Departure {rng.randint(10, 23)}:{rng.randint(10, 59)}"]
    return _text(lines, (640, 240), _font(60, "DejaVuSans-Bold"), ink="white", paper="#103060", at=(30, 40))


def _two_columns(rng: random.Random) -> Image.Image:
    image = Image.new("RGB", (1000, 420), "white")
    draw = ImageDraw.Draw(image)
    for left in (30, 540):
        lines = [_sentence(rng, rng.randint(3, 5)) for _ in range(8)]
        _write(draw, lines, _font(22), "black", (left, 30), 2.0)
    return image


def _upside_down(rng: random.Random) -> Image.Image:
    """Only with the direction classifier does this read right. It squeezes every line into 192 pixels, in which it
    cannot tell long ones: which of them it turns would depend on a pixel of their boxes."""
    lines = [_sentence(rng, 2) for _ in range(7)]
    return _text(lines, (430, 380), _font(26), spacing=1.9).rotate(180)


def _small_print(rng: random.Random) -> Image.Image:
    return _text([_sentence(rng, 8) for _ in range(12)], (620, 360), _font(15), ink="#303030", spacing=1.8)


def _mixed_sizes(rng: random.Random) -> Image.Image:
    image = Image.new("RGB", (780, 460), "#f4f0e4")
    draw = ImageDraw.Draw(image)
    top = 20
    for size in (18, 26, 36, 48, 64):
        draw.text((25, top), f"{size} point {rng.choice(WORDS)}", font=_font(size, "DejaVuSerif"), fill="black")
        top += int(size * 1.8)
    return image


# With the seed of each. The seeds were chosen so that rapidocr's direction classifier is right about every line: a
# line that it turns by mistake is read as noise, and noise is not worth comparing.
RENDERED: dict[str, tuple[Callable[[random.Random], Image.Image], int]] = {
    "word": (_word, 0),
    "title": (_title, 1),
    "long_line": (_long_line, 0),
    "paragraph": (_paragraph, 3),
    "numbers": (_numbers, 0),
    "receipt": (_receipt, 5),
    "inverted_sign": (_inverted_sign, 6),
    "two_columns": (_two_columns, 7),
    "upside_down": (_upside_down, 1),
    "small_print": (_small_print, 5),
    "mixed_sizes": (_mixed_sizes, 10),
}
