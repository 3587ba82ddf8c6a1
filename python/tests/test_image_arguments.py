"""What may stand for a picture: arrays, paths, PIL images, tensors, alone and in lists."""

import dataclasses
import io
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_pictures import NOISE, image_of_mode, saved, smooth
from PIL import Image

from replayrt import errors, pictures



def one(images: object, color: str | None = None) -> tuple[np.ndarray, str]:
    arguments = pictures.as_image_arguments(images, color)
    assert len(arguments) == 1
    return arguments[0]


@dataclasses.dataclass
class Tensor:
    """As torch's: an array that only DLPack shows, on a device that it names."""

    array: np.ndarray
    device: tuple[int, int] = (1, 0)

    def __dlpack__(self, **options: object) -> object:
        return self.array.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device


HWC = smooth(3)
CHW = np.ascontiguousarray(HWC.transpose(2, 0, 1))


def check_layout(taken: np.ndarray) -> None:
    """What the extension takes: pixels side by side, rows one behind the other."""
    height, width, channels = taken.shape
    assert taken.dtype == np.uint8 and channels in (1, 3, 4) and taken.strides[2] == 1
    assert width == 1 or taken.strides[1] == channels
    assert height == 1 or taken.strides[0] >= width * channels


def test_arrays_are_taken_as_they_are() -> None:
    for array in (HWC, smooth(1), smooth(4), HWC[3:20, 5:40], HWC[::2], HWC[::3, 4:], smooth(1)[::2, 7:]):
        taken, color = one(array)
        assert color == "bgr" and np.shares_memory(taken, array)
        assert one(array, "rgb")[1] == "rgb"
        check_layout(taken)
        np.testing.assert_array_equal(taken, array.reshape(taken.shape), strict=True)
    assert [color for _, color in pictures.as_image_arguments((HWC, HWC), "bgr")] == ["bgr", "bgr"]


def test_arrays_whose_rows_are_not_dense_are_copied() -> None:
    columns = np.asfortranarray(HWC)
    repeated = np.broadcast_to(HWC[:1], (5, *HWC.shape[1:]))
    turned = (HWC[::-1], HWC[:, ::-1], HWC[:, :, ::-1], HWC.swapaxes(0, 1), smooth(1).T)
    for array in (*turned, HWC[:, ::2], columns, repeated):
        taken, color = one(array)
        assert taken.flags.c_contiguous and color == "bgr"
        check_layout(taken)
        np.testing.assert_array_equal(taken, array.reshape(taken.shape), strict=True)


def test_paths_are_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(Image.fromarray(HWC), "PNG"))
    for path in (tmp_path / "a.png", str(tmp_path / "a.png")):
        for color in (None, "rgb", "bgr"):  # Of a file it is known.
            pixels, known = one(path, color)
            np.testing.assert_array_equal(pixels, HWC)
            assert known == "rgb"
    with pytest.raises(errors.FileAccessError, match="b.png: no such file"):
        pictures.as_image_arguments([tmp_path / "a.png", tmp_path / "b.png"])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pil_images_become_rgb(mode: str) -> None:
    image = image_of_mode(mode)
    pixels, color = one(image, "bgr")
    assert color == "rgb" and pixels.flags.c_contiguous and pixels.shape == (61, 83, 3)
    if mode in ("RGB", "RGBA", "P", "1", "L"):
        np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGBA"))[:, :, :3])


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_pil_images_are_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    for format_name in ("JPEG", "PNG"):
        content = saved(Image.fromarray(HWC), format_name, exif=exif)
        pixels, _ = one(Image.open(io.BytesIO(content)))
        np.testing.assert_array_equal(pixels[:, :, ::-1], pictures.decode_picture(content, "x"))


def test_tensors_are_chw_unless_only_the_last_axis_is_three() -> None:
    for array in (CHW, HWC, CHW[np.newaxis], HWC[np.newaxis]):
        pixels, color = one(Tensor(array))
        assert color == "rgb" and one(Tensor(array), "bgr")[1] == "bgr"
        np.testing.assert_array_equal(pixels, HWC, strict=True)
    for channels in (1, 4):
        planes = np.ascontiguousarray(NOISE.transpose(2, 0, 1)[:channels])
        np.testing.assert_array_equal(one(Tensor(planes))[0], NOISE[:, :, :channels], strict=True)
    both = NOISE[:3, :, :3]  # Three rows and three channels: rows are taken for channels, as in the reference.
    np.testing.assert_array_equal(one(Tensor(both.copy()))[0], both.transpose(1, 2, 0), strict=True)
    batch = pictures.as_image_arguments(Tensor(np.stack([CHW, CHW // 2])))
    assert len(batch) == 2
    np.testing.assert_array_equal(batch[1][0], HWC // 2)


def test_tensors_that_lie_as_pictures_do_are_not_copied() -> None:
    for array in (HWC, HWC.transpose(2, 0, 1), HWC[np.newaxis]):
        assert np.shares_memory(one(Tensor(array))[0], HWC)


def test_kinds_mix_in_a_list(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(Image.fromarray(HWC), "PNG"))
    arguments = pictures.as_image_arguments([HWC, tmp_path / "a.png", Image.fromarray(HWC), Tensor(CHW)])
    assert [color for _, color in arguments] == ["bgr", "rgb", "rgb", "rgb"]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "images: is empty, expected at least one"),
        ((), "images: is empty"),
        (None, "images: is of type NoneType, expected a NumPy array, a path, a PIL image or a tensor"),
        ({"a": 1}, "images: is of type dict"),
        ([HWC, 3], r"images\[1\]: is of type int"),
        ([HWC, [HWC]], r"images\[1\]: is of type list"),
        (b"content", "images: is of type bytes"),
        (HWC.astype(np.float32), r"images: is an array of float32 and shape \(61, 83, 3\), expected uint8"),
        (HWC > 3, "images: is an array of bool"),
        ([HWC, HWC[np.newaxis]], r"images\[1\]: is an array of uint8 and shape \(1, 61, 83, 3\)"),
        (HWC[0, 0], r"shape \(3,\)"),
        (CHW, r"shape \(3, 61, 83\)"),
        (NOISE[:, :, :2], r"shape \(61, 83, 2\)"),
        (HWC[:0], r"shape \(0, 83, 3\)"),
        (HWC[:, :0], r"shape \(61, 0, 3\)"),
        (Tensor(CHW.astype(np.float32)), r"images: is a tensor of float32 and shape \(3, 61, 83\), expected uint8"),
        (Tensor(CHW[0]), r"shape \(61, 83\), expected \(channels, height, width\) or \(batch, channels"),
        (Tensor(CHW[np.newaxis, np.newaxis]), r"shape \(1, 1, 3, 61, 83\), expected"),
        ([Tensor(CHW[np.newaxis])], r"images\[0\]: .*\(1, 3, 61, 83\), expected \(channels, height, width\) in a list"),
        (Tensor(NOISE.copy()), r"shape \(61, 83, 4\), expected 1, 3 or 4 channels before height and width"),
        (Tensor(CHW[:, :0]), r"shape \(3, 0, 83\), expected .* no axis of 0"),
        (Tensor(CHW, (2, 0)), r"images: is a tensor on a device \(DLPack's type 2\), expected one on the CPU"),
        (Image.fromarray(HWC.astype(np.float32)[:, :, 0]), "images: has channels of 32 bits, expected 8 or 16"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_picture_is_named(images: object, message: str) -> None:
    with pytest.raises(errors.ModelInputError, match=message):
        pictures.as_image_arguments(images)


@pytest.mark.parametrize("color", ["RGB", "grey", "", 3])
def test_other_colour_orders_are_errors(color: object) -> None:
    with pytest.raises(errors.InvalidParameterError, match='input_color_format: expected "rgb", "bgr" or None, got'):
        pictures.as_image_arguments(HWC, color)


def test_a_pil_image_that_cannot_be_decoded_is_named() -> None:
    image = Image.open(io.BytesIO(saved(Image.fromarray(HWC), "PNG")[:-200]))
    with pytest.raises(errors.ModelInputError, match=r"images\[1\]: is a PIL image that cannot be decoded: "):
        pictures.as_image_arguments([HWC, image])


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_views_of_any_kind_keep_their_pixels(data: st.DataObject) -> None:
    steps = st.sampled_from([-3, -1, 1, 2])
    height, width = data.draw(st.integers(1, 61)), data.draw(st.integers(1, 83))
    view = NOISE[: height : data.draw(steps), : width : data.draw(steps)]
    channels = data.draw(st.sampled_from([0, 1, 3, 4]))
    view = view[:, :, :channels] if channels else view[:, :, 0]
    if data.draw(st.booleans()):
        view = view.swapaxes(0, 1)
    if 0 in view.shape:
        return
    if not channels and data.draw(st.booleans()):
        view = view[:, :, np.newaxis]
    taken, _ = one(view)
    check_layout(taken)
    np.testing.assert_array_equal(taken, view.reshape(taken.shape), strict=True)
