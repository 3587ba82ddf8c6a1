#!/usr/bin/env python3
"""ReplayRT's replay and eager routes against onnxruntime in one process, call by call on the same inputs.

onnxruntime runs in f32 with its memory arena and the same number of threads, its input and outputs bound so that
nothing is copied. Its threads stop spinning when a run ends: they would take the next runtime's time.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime

from peer import Peer, aligned

SIDES = ("onnxruntime", "eager", "replay")
# Different kernels add in different orders; a difference beyond this, relative to the largest output, is an error.
TOLERANCE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, metavar="MODEL", help="an ONNX model with one f32 input")
    parser.add_argument("--library", type=Path, required=True, help="the shared library made of peer_shim.cpp")
    parser.add_argument("--trace", type=Path, required=True, help="file with one input shape per line")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds; one is the whole trace")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    trace = read_trace(arguments.trace)
    row = {"model": arguments.model.stem, "shapes": len(set(trace)), "calls_per_round": len(trace), "rounds": arguments.rounds}
    row |= summarize(measure(arguments, trace), len(trace))
    print(
        f"{row['model']}: replay / onnxruntime {row['replay_to_onnxruntime']['ratio_median']:.3f}, "
        f"eager / onnxruntime {row['eager_to_onnxruntime']['ratio_median']:.3f}"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps({"rows": [row]}, indent=2) + "\n")


def read_trace(path: Path) -> list[tuple[int, ...]]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [tuple(int(extent) for extent in line.split("x")) for line in lines if line]


def measure(arguments: argparse.Namespace, trace: list[tuple[int, ...]]) -> dict[str, list[float]]:
    """Seconds of every call, by side, round by round in the order of the trace."""
    rng = np.random.default_rng(1)
    inputs = {shape: aligned(rng.uniform(-1, 1, shape).astype(np.float32)) for shape in sorted(set(trace))}
    session = open_session(arguments.model, arguments.threads)
    peer = Peer(arguments.library, arguments.model, arguments.threads, capacity=len(inputs))
    calls = {shape: prepare(session, peer, values) for shape, values in inputs.items()}
    for shape in inputs:
        warm_and_compare(shape, calls[shape], peer)
    times = {side: [] for side in SIDES}
    for round_index in range(-1, arguments.rounds):
        for position, shape in enumerate(trace):
            for turn in range(len(SIDES)):
                # Whoever goes first finds other caches and clocks than who goes last.
                side = SIDES[(position + round_index + turn) % len(SIDES)]
                seconds, replayed = timed(calls[shape][side])
                if replayed != (side == "replay"):
                    raise RuntimeError(f"{side} on {shape}: expected {'a' if side == 'replay' else 'no'} replay")
                if round_index >= 0:  # The first one warms up.
                    times[side].append(seconds)
    peer.close()
    return times


def open_session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = True
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def prepare(session: onnxruntime.InferenceSession, peer: Peer, values: np.ndarray) -> dict:
    binding = session.io_binding()
    binding.bind_cpu_input(session.get_inputs()[0].name, values)
    name = session.get_outputs()[0].name

    def run_onnxruntime() -> bool:
        binding.bind_output(name)  # Anew, so that the outputs of the run before go back to the arena.
        session.run_with_iobinding(binding)
        return False

    run_onnxruntime.output = lambda: binding.copy_outputs_to_cpu()[0].ravel()
    return {
        "onnxruntime": run_onnxruntime,
        "eager": peer.prepare(values, with_cache=False),
        "replay": peer.prepare(values, with_cache=True),
    }


def warm_and_compare(shape: tuple[int, ...], calls: dict, peer: Peer) -> None:
    calls["onnxruntime"]()
    expected = calls["onnxruntime"].output()
    for side in ("eager", "replay"):
        calls[side]()
        calls[side]()  # The first call with a cache captures.
        difference = np.abs(peer.output() - expected).max() / np.abs(expected).max()
        if not difference < TOLERANCE:
            raise RuntimeError(f"{side} on {shape} differs from onnxruntime by {difference:.2g} of the largest output")


def timed(call) -> tuple[float, bool]:
    start = time.perf_counter()
    replayed = call()
    return time.perf_counter() - start, replayed


def summarize(times: dict[str, list[float]], calls_per_round: int) -> dict:
    by_round = {side: np.reshape(values, (-1, calls_per_round)) for side, values in times.items()}
    summary = {f"{side}_ms_per_round": float(np.median(values.sum(1)) * 1e3) for side, values in by_round.items()}
    for side in ("eager", "replay"):
        per_round = by_round[side].sum(1) / by_round["onnxruntime"].sum(1)
        per_call = by_round[side] / by_round["onnxruntime"]
        summary[f"{side}_to_onnxruntime"] = {
            "ratio_median": float(np.median(per_round)),
            "call_ratio_median": float(np.median(per_call)),
            "call_ratio_p99": float(np.percentile(per_call, 99)),
        }
    return summary


if __name__ == "__main__":
    main()
