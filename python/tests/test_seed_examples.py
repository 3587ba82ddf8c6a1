"""The seed's three examples: the code is the seed's but for the imports, and it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples/python"
VARIABLE = "ENABLE_AUTO_CUDA_GRAPHS_FOR_TRT_BACKEND"

# From the page of `inference_models.models.common.trt.establish_trt_cuda_graph_cache`.
SEED = {
    "seed_environment.py": """
>>> import os
>>> os.environ["ENABLE_AUTO_CUDA_GRAPHS_FOR_TRT_BACKEND"] = "True"
>>>
>>> from inference_models.developer_tools import (
... establish_trt_cuda_graph_cache,
... )
>>>
>>> cache = establish_trt_cuda_graph_cache(default_cuda_graph_cache_size=8)
>>> print(type(cache)) # <class 'TRTCudaGraphCache'>
""",
    "seed_caller_cache.py": """
>>> from inference_models.models.common.trt import (
... TRTCudaGraphCache,
... establish_trt_cuda_graph_cache,
... )
>>>
>>> my_cache = TRTCudaGraphCache(capacity=32)
>>> result = establish_trt_cuda_graph_cache(
... default_cuda_graph_cache_size=8,
... cuda_graph_cache=my_cache,
... )
>>> assert result is my_cache # returned as-is
""",
    "seed_from_pretrained.py": """
>>> cache = establish_trt_cuda_graph_cache(
... default_cuda_graph_cache_size=8,
... cuda_graph_cache=None, # let env var decide
... )
>>> # cache is None when env var is disabled (default)
""",
}


def code_lines(text: str) -> list[str]:
    """The lines of a script or doctest without prompts, empty lines and white space that the page does not keep."""
    lines = (line.removeprefix(">>>").removeprefix("...") for line in text.splitlines())
    return [" ".join(line.split()) for line in lines if line.strip()]


def run(code: str, environment: dict[str, str]) -> str:
    """What a new Python prints that runs `code`."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """This process's variables without the one that the examples are about."""
    monkeypatch.delenv(VARIABLE, raising=False)
    return dict(os.environ)


@pytest.mark.parametrize("name", ["seed_environment.py", "seed_caller_cache.py"])
def test_only_the_import_differs(name: str) -> None:
    seed = code_lines(SEED[name])
    imports = [line for line in seed if "inference_models" in line]
    assert len(imports) == 1
    changed = [line.replace("inference_models", "replayrt") for line in seed]
    assert code_lines((EXAMPLES / name).read_text()) == changed


def test_the_third_example_has_an_import_and_nothing_else_added() -> None:
    # The page shows it as part of a program that has imported the function before.
    first, *rest = code_lines((EXAMPLES / "seed_from_pretrained.py").read_text())
    assert first == "from replayrt.models.common.trt import establish_trt_cuda_graph_cache"
    assert rest == code_lines(SEED["seed_from_pretrained.py"])


@pytest.mark.parametrize("name", SEED)
def test_runs_as_a_script(name: str, environment: dict[str, str]) -> None:
    result = subprocess.run(
        [sys.executable, EXAMPLES / name], capture_output=True, text=True, check=False, env=environment
    )
    assert result.returncode == 0, result.stderr
    if name == "seed_environment.py":
        assert result.stdout.startswith("<class '") and result.stdout.endswith("TRTCudaGraphCache'>\n")
    else:
        assert result.stdout == ""


def test_the_class_has_the_references_name(environment: dict[str, str]) -> None:
    code = "from replayrt.models.common.trt import TRTCudaGraphCache as c; print(type(c(capacity=1)).__name__)"
    assert run(code, environment) == "TRTCudaGraphCache\n"


@pytest.mark.parametrize(("value", "printed"), [(None, "None"), ("False", "None"), ("True", "TRTCudaGraphCache 8")])
def test_the_variable_decides(value: str | None, printed: str, environment: dict[str, str]) -> None:
    if value is not None:
        environment = {**environment, VARIABLE: value}
    code = f"""
import runpy
cache = runpy.run_path({str(EXAMPLES / "seed_from_pretrained.py")!r})["cache"]
print(cache if cache is None else f"{{type(cache).__name__}} {{cache.capacity}}")
"""
    assert run(code, environment) == printed + "\n"


def test_both_import_paths_have_the_same_names(environment: dict[str, str]) -> None:
    code = """
import replayrt
from replayrt import developer_tools
from replayrt.models.common import trt

assert sorted(developer_tools.__all__) == sorted(trt.__all__) and len(trt.__all__) == 5
for name in trt.__all__:
    assert getattr(developer_tools, name) is getattr(trt, name) is getattr(replayrt, name), name
"""
    assert run(code, environment) == ""
