"""ReplayRT: captures the execution of each input shape once and replays it from a bounded cache.

Start with `AutoModel.from_pretrained` (model packages), or `load_engine` and `infer` (bare models); give them a
`TRTCudaGraphCache`, which any number of models may share. docs/python.md is the guide.
"""

from . import logs
from ._core import (
    DeviceTensor,
    Engine,
    GraphCacheStats,
    GraphKey,
    ImageDimensions,
    InferResult,
    PreProcessingMetadata,
    PrewarmReport,
    TensorSpec,
    TRTCudaGraphCache,
    infer,
    list_backends,
    list_families,
)
from ._core import version as __version__
from .auto_model import AutoModel, Model
from .bench import BenchResult, bench
from .caches import cache_report, establish_trt_cuda_graph_cache, prewarm, propose_buckets
from .doctor import DoctorResult, doctor
from .engines import (
    get_trt_engine_inputs_and_outputs,
    infer_async,
    infer_from_trt_engine,
    load_engine,
    load_trt_model,
)
from .errors import (
    BaseInferenceError,
    BaseInferenceModelsError,
    CorruptedModelPackageError,
    DirectLocalStorageAccessError,
    Error,
    FileAccessError,
    ForbiddenLocalCodePackageAccessError,
    InvalidEnvVariable,
    InvalidModelInitParameterError,
    InvalidParameterError,
    MissingDependencyError,
    MissingModelInitParameterError,
    ModelImplementationNotFoundError,
    ModelInputError,
    ModelLoadingError,
    ModelPackageRestrictedError,
    ModelRuntimeError,
    OutOfMemoryError,
    UnsupportedError,
)
from .logs import set_log_level
from .options import (
    BucketProposal,
    DimensionBuckets,
    GraphCacheOptions,
    ImageInput,
    PaddedOutput,
    PreProcessingOverrides,
    RecommendedParameters,
)
from .pictures import read_picture
from .results import (
    ClassificationPrediction,
    DepthMap,
    Detections,
    InstanceDetections,
    KeyPointDetections,
    MultiLabelClassificationPrediction,
    RleMask,
    SemanticSegmentationResult,
    TextResult,
)

GraphCache = TRTCudaGraphCache

# What users import from here; a strict type checker takes a name that is only imported for private.
__all__ = [
    "AutoModel",
    "BaseInferenceError",
    "BaseInferenceModelsError",
    "BenchResult",
    "BucketProposal",
    "ClassificationPrediction",
    "CorruptedModelPackageError",
    "DepthMap",
    "Detections",
    "DeviceTensor",
    "DimensionBuckets",
    "DirectLocalStorageAccessError",
    "DoctorResult",
    "Engine",
    "Error",
    "FileAccessError",
    "ForbiddenLocalCodePackageAccessError",
    "GraphCache",
    "GraphCacheOptions",
    "GraphCacheStats",
    "GraphKey",
    "ImageDimensions",
    "ImageInput",
    "InferResult",
    "InstanceDetections",
    "InvalidEnvVariable",
    "InvalidModelInitParameterError",
    "InvalidParameterError",
    "KeyPointDetections",
    "MissingDependencyError",
    "MissingModelInitParameterError",
    "Model",
    "ModelImplementationNotFoundError",
    "ModelInputError",
    "ModelLoadingError",
    "ModelPackageRestrictedError",
    "ModelRuntimeError",
    "MultiLabelClassificationPrediction",
    "OutOfMemoryError",
    "PaddedOutput",
    "PreProcessingMetadata",
    "PreProcessingOverrides",
    "PrewarmReport",
    "RecommendedParameters",
    "RleMask",
    "SemanticSegmentationResult",
    "TRTCudaGraphCache",
    "TensorSpec",
    "TextResult",
    "UnsupportedError",
    "__version__",
    "bench",
    "cache_report",
    "doctor",
    "establish_trt_cuda_graph_cache",
    "get_trt_engine_inputs_and_outputs",
    "infer",
    "infer_async",
    "infer_from_trt_engine",
    "list_backends",
    "list_families",
    "load_engine",
    "load_trt_model",
    "prewarm",
    "propose_buckets",
    "read_picture",
    "set_log_level",
]

logs.start()
