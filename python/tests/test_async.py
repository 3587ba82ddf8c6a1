"""asyncio: calls are awaited while the loop goes on."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from conftest import MODELS, PACKAGES

import replayrt
from replayrt import AutoModel, infer_async, load_engine


def test_the_loop_goes_on_meanwhile():
    async def main() -> tuple[np.ndarray, int]:
        ticks, over = 0, asyncio.Event()

        async def tick():
            nonlocal ticks
            while not over.is_set():
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        with load_engine(MODELS / "squeezenet.onnx") as engine:
            before = ticks
            result = await infer_async(engine, np.zeros((1, 3, 224, 224), np.float32))
            during = ticks - before
        over.set()
        await ticking
        return result[0], during

    output, during = asyncio.run(main())
    assert np.isfinite(output).all() and during > 1


def test_many_calls_at_once_keep_apart():
    pictures = [np.full((40, 60, 3), 10 * i, np.uint8) for i in range(8)]
    with AutoModel.from_pretrained(PACKAGES / "yolov8-letterbox") as model:

        async def main():
            return await asyncio.gather(*(model.predict_async(p, confidence=0.01) for p in pictures))

        together = asyncio.run(main())
        assert [list(found) for found in together] == [list(model(p, confidence=0.01)) for p in pictures]


def test_errors_arrive_where_the_call_is_awaited():
    with AutoModel.from_pretrained(PACKAGES / "yolov8-letterbox") as model:

        async def main():
            with pytest.raises(replayrt.ModelInputError, match=r"images\[0\]"):
                await model.predict_async([object()])
            with pytest.raises(replayrt.InvalidParameterError, match="confidence"):
                await model.predict_async(np.zeros((4, 4, 3), np.uint8), confidence=7.0)

        asyncio.run(main())


def test_cancelling_leaves_the_model_usable():
    picture = np.zeros((64, 64, 3), np.uint8)
    with AutoModel.from_pretrained(PACKAGES / "yolov8-letterbox") as model:

        async def main():
            task = asyncio.create_task(model.predict_async(picture))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await model.predict_async(picture)

        assert asyncio.run(main()) == model(picture)
