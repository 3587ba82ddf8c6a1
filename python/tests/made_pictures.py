"""Pictures that tests make: of every mode and format."""

import io

import numpy as np
from PIL import Image

NOISE = np.random.default_rng(7).integers(0, 256, (61, 83, 4), np.uint8)


def smooth(channels: int) -> np.ndarray:
    """Every pixel differs from its neighbours, by little: what a JPEG keeps."""
    y, x = np.mgrid[0:61, 0:83]
    planes = [x * 3 + y * k * 2 + 17 * k for k in range(1, channels + 1)]
    return np.squeeze(np.stack(planes, -1) % 256).astype(np.uint8)


def saved(image: Image.Image, format_name: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, format_name, **options)
    return content.getvalue()


def image_of_mode(mode: str) -> Image.Image:
    if mode == "CMYK":
        return Image.merge("CMYK", Image.fromarray(smooth(4)).split())
    if mode == "I;16":
        return Image.fromarray((smooth(1).astype(np.uint16) * 257 - 100).clip(0, 65535).astype(np.uint16))
    return Image.fromarray(smooth(len(mode))) if mode in ("LA", "RGBA") else Image.fromarray(smooth(3)).convert(mode)
