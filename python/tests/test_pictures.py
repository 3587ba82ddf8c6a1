"""Files of pictures: decoded to OpenCV's pixels, and encoded so that they come back."""

import io
import os
import pathlib
import struct
import threading
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from made_pictures import NOISE, image_of_mode, saved, smooth
from PIL import Image

from replayrt import errors, pictures
from replayrt._decoding import MOST_PIXELS

DATA = pathlib.Path(os.environ["REPLAYRT_DATA_DIR"])
PICTURES = sorted((DATA / "pictures").iterdir()) + sorted((DATA / "packages/pictures").iterdir())


def by_opencv(content: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels


def check_as_opencv(content: bytes) -> None:
    pixels = pictures.decode_picture(content, "x")
    assert pixels.dtype == np.uint8 and pixels.flags.c_contiguous and pixels.flags.owndata and pixels.flags.writeable
    np.testing.assert_array_equal(pixels, by_opencv(content), strict=True)


def with_exif(orientation: int, format_name: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if format_name == "WEBP" else {}
    return saved(Image.fromarray(smooth(3)), format_name, exif=exif, **options)


# Decoding


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_real_pictures_are_opencvs(path: pathlib.Path) -> None:
    np.testing.assert_array_equal(pictures.read_picture(path), cv2.imread(str(path)), strict=True)
    np.testing.assert_array_equal(pictures.read_picture(str(path)), cv2.imread(str(path)), strict=True)


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
def test_jpegs_are_opencvs(quality: int, subsampling: int, options: dict) -> None:
    for pixels in (smooth(3), NOISE[:, :, :3]):
        check_as_opencv(saved(Image.fromarray(pixels), "JPEG", quality=quality, subsampling=subsampling, **options))


MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "PPM": ("1", "L", "RGB", "I;16"),
    "WEBP": ("L", "P", "RGB", "RGBA"),
    "JPEG2000": ("L", "LA", "RGB", "RGBA", "I;16"),
    "JPEG": ("1", "L", "RGB", "CMYK"),
}


@pytest.mark.parametrize(
    ("format_name", "mode"), [(format_name, mode) for format_name, modes in MODES.items() for mode in modes]
)
def test_modes_are_opencvs(format_name: str, mode: str) -> None:
    check_as_opencv(saved(image_of_mode(mode), format_name, **({"lossless": True} if format_name == "WEBP" else {})))


def test_a_cmyk_tiff_is_nearly_opencvs() -> None:
    content = saved(image_of_mode("CMYK"), "TIFF")
    assert np.abs(pictures.decode_picture(content, "x").astype(np.int32) - by_opencv(content)).max() <= 2


# How far off each may be, as the docstring says.
@pytest.mark.parametrize(
    ("extension", "channels", "most_off"),
    [(".png", 1, 0), (".png", 3, 0), (".png", 4, 0), (".tiff", 1, 0), (".tiff", 3, 1), (".tiff", 4, 1), (".jp2", 1, 0)]
    + [(".pgm", 1, 0), (".ppm", 3, 1)],
)
def test_of_16_bits_the_upper_8_are_kept(extension: str, channels: int, most_off: int) -> None:
    deep = NOISE.astype(np.uint16)[:, :, :channels] * 256 + 200
    content = cv2.imencode(extension, deep)[1].tobytes()
    off = pictures.decode_picture(content, "x").astype(np.int32) - by_opencv(content)
    assert np.abs(off).max() <= most_off


def test_what_pillow_decodes_wrongly_is_refused() -> None:
    deep = cv2.imencode(".jp2", NOISE.astype(np.uint16)[:, :, :3] * 256)[1].tobytes()
    with pytest.raises(errors.ModelInputError, match="x: is a JPEG 2000 of 16 bits per colour, expected 8"):
        pictures.decode_picture(deep, "x")
    with pytest.raises(errors.ModelInputError, match="x: is a Sun raster of 32 bits per pixel, expected 8 or 24"):
        pictures.decode_picture(cv2.imencode(".ras", NOISE)[1].tobytes(), "x")
    check_as_opencv(cv2.imencode(".ras", np.ascontiguousarray(NOISE[:, :, :3]))[1].tobytes())
    with pytest.raises(errors.ModelInputError, match="x: has channels of 32 bits, expected 8 or 16"):
        pictures.decode_picture(saved(Image.fromarray(smooth(1).astype(np.float32)), "TIFF"), "x")


def test_opacity_and_palettes() -> None:
    image = Image.fromarray(smooth(3)).quantize(200)
    check_as_opencv(saved(image, "PNG", transparency=bytes(range(200))))
    check_as_opencv(saved(image, "PNG", transparency=3))
    check_as_opencv(saved(Image.fromarray(smooth(3)), "PNG", transparency=(1, 2, 3)))
    # TIFF says whether the colours are multiplied by the opacity already.
    check_as_opencv(saved(Image.fromarray(NOISE), "TIFF"))
    check_as_opencv(cv2.imencode(".tiff", NOISE)[1].tobytes())


# EXIF's definition of tag 274.
TURNS = {
    2: np.fliplr,
    3: lambda rgb: np.rot90(rgb, 2),
    4: np.flipud,
    5: lambda rgb: np.swapaxes(rgb, 0, 1),
    6: lambda rgb: np.rot90(rgb, -1),
    7: lambda rgb: np.swapaxes(np.rot90(rgb, 2), 0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", range(10))
def test_exif_turns_pictures_upright(orientation: int) -> None:
    for format_name in ("JPEG", "PNG", "WEBP"):
        check_as_opencv(with_exif(orientation, format_name))
    # OpenCV 5 fails where TIFFs lie on their side.
    turned = TURNS.get(orientation, lambda rgb: rgb)(smooth(3))
    tiff = saved(Image.fromarray(smooth(3)), "TIFF", tiffinfo={274: orientation})
    png = with_exif(orientation, "PNG")
    for content in (tiff, png):
        np.testing.assert_array_equal(pictures.decode_picture(content, "x"), turned[:, :, ::-1])


def test_damaged_exif_and_xmp_do_not_count() -> None:
    image = Image.fromarray(smooth(3))
    xmp = b'<rdf:Description tiff:Orientation="6"/>'
    for options in ({"exif": b"Exif\0\0nonsense"}, {"xmp": xmp}):
        content = saved(image, "JPEG", **options)
        check_as_opencv(content)
        assert pictures.decode_picture(content, "x").shape == (61, 83, 3)


def test_the_first_frame_counts() -> None:
    more = [Image.fromarray(NOISE[:, :, :3])]
    for format_name in ("TIFF", "WEBP", "PNG", "MPO"):
        options = {"lossless": True} if format_name == "WEBP" else {}
        check_as_opencv(saved(Image.fromarray(smooth(3)), format_name, save_all=True, append_images=more, **options))


any_pixels = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(lambda size: hnp.arrays(np.uint8, (*size, 3)))


@settings(max_examples=60, deadline=None)
@given(pixels=any_pixels, orientation=st.integers(1, 8), quality=st.integers(1, 100))
def test_pictures_of_any_size_are_opencvs(pixels: np.ndarray, orientation: int, quality: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    check_as_opencv(saved(Image.fromarray(pixels), "PNG", exif=exif))
    check_as_opencv(saved(Image.fromarray(pixels), "JPEG", exif=exif, quality=quality))


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000"])
def test_truncated_pictures_are_errors(format_name: str) -> None:
    whole = saved(Image.fromarray(smooth(3)), format_name)
    for size in range(20, len(whole) - 4, max(len(whole) // 37, 1)):
        with warnings.catch_warnings(), pytest.raises(errors.ModelInputError, match="^cut: "):
            warnings.simplefilter("ignore")  # Pillow warns of damaged metadata.
            pictures.decode_picture(whole[:size], "cut")
    if format_name in ("PNG", "JPEG"):
        with pytest.raises(errors.ModelInputError, match=f"^cut: is truncated: a {format_name} whose end is missing"):
            pictures.decode_picture(whole[:-1], "cut")
        check_as_opencv(whole + b"\xff\xd8\xff\0junk")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_files_end_in_a_picture_or_an_error(data: st.DataObject) -> None:
    format_name = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000"]))
    content = bytearray(saved(Image.fromarray(smooth(3)[:9, :13]), format_name))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of damaged metadata.
            pixels = pictures.decode_picture(bytes(content), "x")
    except errors.ModelInputError as error:
        assert str(error).startswith("x: ")
    else:
        assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size <= 3 * MOST_PIXELS


def test_what_cannot_be_read_is_named(tmp_path: pathlib.Path) -> None:
    def fails(error: type, message: str, path: pathlib.Path) -> None:
        with pytest.raises(error, match=message) as raised:
            pictures.read_picture(path)
        assert str(path) in str(raised.value)

    (tmp_path / "empty.png").touch()
    (tmp_path / "text.jpg").write_text("This is no picture.")
    (tmp_path / "x.gif").write_bytes(saved(Image.fromarray(smooth(3)), "GIF"))
    os.mkfifo(tmp_path / "pipe.png")
    fails(errors.FileAccessError, "missing.png: no such file", tmp_path / "missing.png")
    fails(errors.FileAccessError, "is a directory, expected a file", tmp_path)
    fails(errors.FileAccessError, "empty.png: is empty, expected a picture", tmp_path / "empty.png")
    fails(errors.FileAccessError, "pipe.png: is not a regular file", tmp_path / "pipe.png")
    fails(errors.FileAccessError, "cannot read: ", tmp_path / "text.jpg" / "x.png")
    fails(errors.ModelInputError, "is no picture that can be decoded, expected one of .bmp", tmp_path / "text.jpg")
    fails(errors.ModelInputError, "x.gif: is no picture that can be decoded", tmp_path / "x.gif")
    with pytest.raises(errors.FileAccessError, match="cannot read"):
        pictures.read_picture("a\0b.png")


def test_names_need_not_be_utf8(tmp_path: pathlib.Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.png"
    pathlib.Path(os.fsdecode(path)).write_bytes(saved(Image.fromarray(smooth(3)), "PNG"))
    np.testing.assert_array_equal(pictures.read_picture(os.fsdecode(path)), smooth(3)[:, :, ::-1])
    pathlib.Path(os.fsdecode(path)).write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(errors.ModelInputError, match="is truncated"):
        pictures.read_picture(os.fsdecode(path))


def test_too_many_pixels_are_an_error_before_they_are_decoded() -> None:
    png = bytearray(saved(Image.fromarray(smooth(3)), "PNG"))
    png[16:24] = struct.pack(">II", 65538, 65538)
    bmp = bytearray(saved(Image.fromarray(smooth(3)), "BMP"))
    bmp[18:26] = struct.pack("<ii", 20000, 20000)
    for content, size in ((png, "65538 x 65538"), (bmp, "20000 x 20000")):
        with pytest.raises(errors.ModelInputError, match=f"huge: is too large: {size} pixels .*at most 268435456"):
            pictures.decode_picture(bytes(content), "huge")


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000"])
def test_pillows_own_limit_does_not_count(format_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for shape in ((12, 10, 3), (100, 90, 3)):  # Where Pillow would warn, and where it would fail.
            assert pictures.decode_picture(saved(Image.new("RGB", shape[1::-1]), format_name), "x").shape == shape
    assert Image.MAX_IMAGE_PIXELS == 100


def test_threads_decode_at_once() -> None:
    content = with_exif(6)
    expected = by_opencv(content)
    results: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: results.extend(pictures.decode_picture(content, "x") for _ in range(50)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 200 and all(np.array_equal(result, expected) for result in results)


# Encoding


@pytest.mark.parametrize("extension", ".png .PNG .bmp .dib .tif .tiff .webp .jp2 .ppm .pnm".split())
def test_what_is_written_without_loss_comes_back(extension: str) -> None:
    bgr = np.ascontiguousarray(NOISE[:, :, :3])
    assert pictures.can_encode(extension)
    content = pictures.encode_picture(bgr, extension)
    np.testing.assert_array_equal(pictures.decode_picture(content, "x"), bgr)
    np.testing.assert_array_equal(by_opencv(content), bgr)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_png_may_have_one_channel(dtype: type[np.unsignedinteger]) -> None:
    grey = np.arange(6, dtype=dtype).reshape(2, 3) * (np.iinfo(dtype).max // 5)
    content = np.frombuffer(pictures.encode_picture(grey, ".png"), np.uint8)
    read = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, grey)


@pytest.mark.parametrize("extension", [".jpg", ".jpeg", ".JPE"])
def test_jpegs_are_of_opencvs_quality(extension: str) -> None:
    for bgr in (smooth(3), np.ascontiguousarray(NOISE[:, :, :3])):
        expected = by_opencv(cv2.imencode(".jpg", bgr)[1].tobytes())
        np.testing.assert_array_equal(by_opencv(pictures.encode_picture(bgr, extension)), expected)


def test_what_cannot_be_written() -> None:
    for extension in (".gif", ".mp4", "", "png", ".pgm"):
        assert not pictures.can_encode(extension)
        with pytest.raises(errors.UnsupportedError, match="cannot be written in this format"):
            pictures.encode_picture(smooth(3), extension)
    with pytest.raises(errors.UnsupportedError, match="a picture of 1 x 66000 pixels cannot be written in this format"):
        pictures.encode_picture(np.zeros((1, 66000, 3), np.uint8), ".jpg")
