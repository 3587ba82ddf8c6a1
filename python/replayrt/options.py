"""Options that several calls take: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class GraphCacheOptions:
    """All options of a `TRTCudaGraphCache`; what is out of range is refused when the cache is made.

    capacity: most keys held; 0 turns caching off.
    max_bytes: most bytes of captured graphs held; None: no bound.
    admission: which missing graphs are captured: "always", "sightings:N" or "pays_back"; None: what each model's
        backend prefers ("pays_back" on the CPU, "always" on TensorRT).
    capture: "inline": by the call that misses; "background": by a thread of the cache, and nobody waits.
    max_wait: seconds that a call waits for another one's capture of its key, before it is served eagerly; None: for ever.
    max_queued_captures: most keys that wait for the background thread.
    max_instances_per_key: most graphs of one key, so that as many threads can replay it at once.
    verify: which new graphs are compared with the eager answer before they are used: "first", "off", or the share of
        them, 0 to 1.
    retry_interval: seconds until a capture that failed for a passing reason is tried again.
    eviction: which graph goes when there is no room: "lru" (the seed's order) or "cost_aware" (the one that saves least
        per byte, as measured).
    max_captures_per_second: captures that may begin in any one second; 0: no limit.
    """

    capacity: int = 8
    max_bytes: int | None = None
    admission: str | None = None
    capture: str = "inline"
    max_wait: float | None = None
    max_queued_captures: int = 16
    max_instances_per_key: int = 1
    verify: str | float = "first"
    retry_interval: float = 30.0
    eviction: str = "lru"
    max_captures_per_second: int = 0


@dataclass(frozen=True)
class PaddedOutput:
    """An output dimension that follows a padded input dimension: its extent is ceil(input extent / divisor)."""

    output: str | int = 0
    axis: int = 0
    divisor: int = 1


@dataclass(frozen=True)
class DimensionBuckets:
    """One input dimension that may be padded up to a bucket; padding can change answers.

    input: its name or position. buckets: "pow2", "multiples:K" or a list of extents; a bucket beyond what the engine takes
    is that bound. fill: what the added elements hold. outputs: cut back to the true extent; others are given as they are.
    """

    input: str | int = 0
    axis: int = 0
    buckets: str | Sequence[int] = "none"
    fill: float = 0.0
    outputs: Sequence[PaddedOutput] = ()


@dataclass(frozen=True)
class BucketProposal:
    """What `propose_buckets` found. buckets: none where not even one graph of the largest extent fits.

    seen_units, padded_units: sums over the histogram of count * extent, and of count * (bucket - extent).
    bytes: of the graphs of all buckets.
    """

    buckets: list[int]
    seen_units: int
    padded_units: int
    bytes: int

    @property
    def waste(self) -> float:
        """Share of the computed units that is padding, 0 to 1."""
        computed = self.seen_units + self.padded_units
        return self.padded_units / computed if computed else 0.0


@dataclass(frozen=True)
class ImageInput:
    """Lets an input (n, c, h, w) of a network take pictures as they lie in memory: uint8 (n, h, w, c).

    The network divides by `scale`, subtracts `mean` and divides by `standard_deviation` (one element per channel, or
    none), in this order. `input`: its name; empty: the only one.
    """

    input: str = ""
    scale: float = 1.0
    mean: Sequence[float] = ()
    standard_deviation: Sequence[float] = ()


@dataclass(frozen=True)
class PreProcessingOverrides:
    """Steps of a package's pre-processing that a call leaves out."""

    disable_contrast_enhancement: bool = False
    disable_grayscale: bool = False
    disable_static_crop: bool = False


@dataclass(frozen=True)
class RecommendedParameters:
    """Thresholds that an evaluation of a model recommends, 0 to 1; `confidence="best"` uses them."""

    confidence: float | None = None
    per_class_confidence: Mapping[str, float] = field(default_factory=dict)
