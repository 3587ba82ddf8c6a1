"""What the reference is asked: for each family of build/data/packages, the cases that its expected file holds."""

from dataclasses import dataclass, field

COFFEE, CHELSEA, IHC = "coffee_120x160", "chelsea_97x131", "ihc_64x64"
TALL, SQUARE, LARGE = "astronaut_200x80", "astronaut_128x128", "motorcycle_333x500"
PIXEL, FLAT = "pixel_1x1", "flat_64x96"
# Of build/data/pictures; those of lines are in build/data/lines.
PAGE, BOARD, WORD, RECEIPT = "page", "text", "word", "receipt"


@dataclass(frozen=True)
class Case:
    """`variant` is the package's name after the family's; options are keyword arguments of the reference's call."""

    name: str
    variant: str
    pictures: tuple[str, ...]
    options: dict = field(default_factory=dict)


def _off(*names: str) -> dict:
    return {"pre_processing_overrides": {f"disable_{name}": True for name in names}}


RGB = {"input_color_format": "rgb"}
COMMON = (
    Case("letterbox", "letterbox", (COFFEE,)),
    Case("batch of two sizes", "letterbox", (LARGE, TALL)),
    Case("nothing found", "letterbox", (FLAT,)),
    Case("one pixel", "letterbox", (PIXEL,)),
    Case("rgb input", "letterbox", (COFFEE,), RGB),
    Case("static crop", "crop", (LARGE,)),
    Case("static crop, batch of two sizes", "crop", (CHELSEA, SQUARE)),
    Case("static crop disabled", "crop", (LARGE,), _off("static_crop")),
    Case("stretch", "stretch", (TALL,)),
    Case("fit-longer-edge", "fit-longer-edge", (TALL,)),
    Case("grayscale", "grayscale", (COFFEE,)),
    Case("grayscale of rgb", "grayscale", (COFFEE,), RGB),
    Case("grayscale disabled", "grayscale", (COFFEE,), _off("grayscale")),
    Case("bgr network", "bgr", (COFFEE,)),
    Case("bgr network, rgb input", "bgr", (COFFEE,), RGB),
)
PLAIN = (
    Case("center-crop", "center-crop", (SQUARE,)),
    Case("center-crop of smaller and larger sides", "center-crop", (IHC, TALL)),
    Case("normalized", "normalized", (LARGE,)),
)
THRESHOLDS = (
    Case("confidence 0.6", "letterbox", (LARGE,), {"confidence": 0.6}),
    Case("best confidence", "letterbox", (SQUARE, COFFEE), {"confidence": "best"}),
)
NMS = (
    Case("IoU 0.7", "letterbox", (SQUARE,), {"iou_threshold": 0.7}),
    Case("at most 5", "letterbox", (LARGE,), {"max_detections": 5}),
    Case("class-agnostic", "letterbox", (LARGE,), {"class_agnostic_nms": True}),
)
WITHOUT_EFFECT = (
    Case("options of NMS have no effect", "letterbox", (LARGE,),
         {"iou_threshold": 0.7, "max_detections": 5, "class_agnostic_nms": True}),
)  # fmt: skip
ONLY_AT_MOST = (Case("at most 5", "letterbox", (LARGE,), {"max_detections": 5}),)
STEPS = (
    Case("adaptive equalization", "adaptive", (LARGE,)),
    Case("contrast stretching", "stretching", (CHELSEA,)),
    Case("histogram equalization", "histogram", (CHELSEA,)),
    Case("contrast disabled", "histogram", (CHELSEA,), _off("contrast_enhancement")),
    Case("every step", "everything", (LARGE, COFFEE)),
    Case("every step disabled", "everything", (LARGE,), _off("contrast_enhancement", "grayscale", "static_crop")),
    Case("three on a static batch of 2", "static2", (COFFEE, SQUARE, LARGE)),
    Case("one on a static batch of 2", "static2", (COFFEE,)),
    Case("three on batches of at most 2", "max2", (COFFEE, SQUARE, LARGE)),
)
ANY_SIZE = (
    Case("training size", "letterbox", (COFFEE,)),
    Case("image size", "letterbox", (COFFEE,), {"image_size": [160, 96]}),
    Case("image size rounded up", "letterbox", (LARGE, TALL), {"image_size": [100, 130]}),
    Case("image size, square", "letterbox", (SQUARE,), {"image_size": 128}),
)
RFDETR = (
    Case("two-step letterbox", "two-step", (COFFEE,)),
    Case("two-step letterbox, batch of two sizes", "two-step", (LARGE, TALL)),
    Case("two-step center-crop", "two-step-center-crop", (SQUARE,)),
    Case("scaling factor 128", "scaled", (COFFEE,)),
    Case("histogram equalization", "histogram", (CHELSEA,)),
    Case("more over the threshold than queries", "letterbox", (LARGE,), {"confidence": 0.1}),
)
KEY_POINTS = (Case("key points threshold 0.6", "letterbox", (LARGE,), {"key_points_threshold": 0.6}),)
PAGES = (
    Case("page", "plain", (PAGE,)),
    Case("dilation", "", (PAGE, "numbers")),
    Case("blackboard", "plain", (BOARD,)),
    Case("batch of two sizes", "plain", (WORD, "title")),
    Case("several pictures, one without text", "plain", ("numbers", "coffee", "inverted_sign")),
    Case("nothing found", "plain", (FLAT,)),
    Case("one pixel", "plain", (PIXEL,)),
    Case("rgb input", "plain", (RECEIPT,), RGB),
    Case("upside down", "plain", ("upside_down",)),
    Case("longer side at most 480, rgb network", "max", ("mixed_sizes",)),
    Case("longer side at most 480, rgb network, rgb input", "max", (RECEIPT,), RGB),
    Case("longer side at most 480, smaller and larger", "max", (WORD, "two_columns")),
    Case("longer side exactly 640, four regions", "exactly", (PAGE, WORD)),
)
LINES = (
    Case("word", "", ("line_word",)),
    Case("lines of several widths", "", ("line_digit", "line_sentence", "line_word", "line_dark")),
    Case("narrower than the least width", "", ("line_digit", "line_number")),
    Case("wider than the limit", "", ("line_too_long", "line_number")),
    Case("more than eight lines", "", ("line_word", "line_title", "line_sentence", "line_sentence_2", "line_number",
                                       "line_digit", "line_dark", "line_long", "line_blank")),
    Case("nothing to read", "", ("line_blank",)),
    Case("one pixel", "", (PIXEL,)),
    Case("rgb input", "", ("line_dark",), RGB),
)  # fmt: skip
MAPS = (
    Case("static crop at the upper left corner", "corner", (LARGE,)),
    Case("static crop at the corner, batch of two sizes", "corner", (CHELSEA, SQUARE)),
    Case("one pixel, stretched", "stretch", (PIXEL,)),
    Case("map larger than the picture", "stretch", (IHC,)),
)
_MAPS_FAMILY = COMMON + PLAIN + THRESHOLDS + MAPS
MASKS = (
    Case("letterbox", "letterbox", (COFFEE,)),
    Case("batch of two sizes", "letterbox", (LARGE, TALL)),
    Case("nothing found", "letterbox", (FLAT,)),
    Case("one pixel", "letterbox", (PIXEL,)),
    Case("static crop", "crop", (LARGE,)),
    Case("static crop, batch of two sizes", "crop", (CHELSEA, SQUARE)),
    Case("static crop disabled", "crop", (LARGE,), _off("static_crop")),
    Case("static crop at the origin", "crop-at-origin", (CHELSEA,)),
    Case("stretch", "stretch", (TALL,)),
    Case("fit-longer-edge", "fit-longer-edge", (TALL,)),
    Case("center-crop", "center-crop", (SQUARE,)),
    Case("center-crop of smaller and larger sides", "center-crop", (IHC, TALL)),
    Case("resolution factor 0", "letterbox", (LARGE,), {"masks_resolution_factor": 0.0}),
    Case("resolution factor 0.4", "letterbox", (COFFEE,), {"masks_resolution_factor": 0.4}),
    Case("resolution factor 0.5, static crop", "crop", (CHELSEA, SQUARE), {"masks_resolution_factor": 0.5}),
    Case("resolution factor 0, nothing found", "letterbox", (FLAT,), {"masks_resolution_factor": 0.0}),
)
SMOOTHING = (
    Case("not smoothed", "letterbox", (COFFEE,), {"masks_smoothing_enabled": False}),
    Case("not smoothed, threshold 1", "letterbox", (LARGE,),
         {"masks_smoothing_enabled": False, "masks_binarization_threshold": 1.0}),
    Case("not smoothed, threshold below 0", "crop", (CHELSEA,),
         {"masks_smoothing_enabled": False, "masks_binarization_threshold": -0.5}),
    Case("threshold 0.2", "letterbox", (LARGE,), {"masks_binarization_threshold": 0.2}),
    Case("threshold 0.8", "crop", (LARGE,), {"masks_binarization_threshold": 0.8}),
)  # fmt: skip
AT_STRIDE_8 = (
    Case("letterbox", "letterbox", (COFFEE,)),
    Case("batch of two sizes", "letterbox", (LARGE, TALL)),
    Case("nothing found", "letterbox", (FLAT,)),
    Case("resolution factor 0.4", "letterbox", (COFFEE,), {"masks_resolution_factor": 0.4}),
)
_NMS_FAMILY = COMMON + PLAIN + THRESHOLDS + NMS
_FUSED_FAMILY = COMMON + PLAIN + THRESHOLDS + WITHOUT_EFFECT
_RFDETR_FAMILY = COMMON + THRESHOLDS + RFDETR
_RFDETR_POINTS_FAMILY = COMMON + THRESHOLDS + KEY_POINTS + tuple(case for case in RFDETR if "two-step" in case.name)

# family: (how its outputs are laid out, cases); the layouts are those of margins.py.
FAMILIES: dict[str, tuple[str, tuple[Case, ...]]] = {
    "yolov5": ("objectness", _NMS_FAMILY),
    "yolov7": ("objectness", _NMS_FAMILY),
    "yolov8": ("channels", _NMS_FAMILY + STEPS),
    "yolov8-any-size": ("channels", ANY_SIZE),
    "yolov8-fused": ("rows", _FUSED_FAMILY),
    "yolov9": ("channels", _NMS_FAMILY),
    "yolov9-fused": ("rows", _FUSED_FAMILY),
    "yolov10": ("rows", COMMON + PLAIN + THRESHOLDS + ONLY_AT_MOST),
    "yolov11": ("channels", _NMS_FAMILY),
    "yolov11-fused": ("rows", _FUSED_FAMILY),
    "yolov12": ("channels", _NMS_FAMILY),
    "yolov12-fused": ("rows", _FUSED_FAMILY),
    "yolo26": ("rows", _FUSED_FAMILY),
    "yolo26-segmentation": ("segments", _MAPS_FAMILY),
    "yolo26-binary": ("segments", _MAPS_FAMILY),
    "yolo26-depth": ("depths", COMMON + PLAIN + MAPS),
    "deep-lab-v3-plus": ("segments", _MAPS_FAMILY),
    "deep-lab-v3-plus-without": ("segments", _MAPS_FAMILY),
    "yolonas": ("two", _NMS_FAMILY),
    "rfdetr": ("queries", _RFDETR_FAMILY),
    "rfdetr-no-object": ("queries", _RFDETR_FAMILY),
    "rfdetr-removal": ("queries", _RFDETR_FAMILY),
    "yolov5-masks": ("masks-objectness", MASKS + THRESHOLDS + NMS),
    "yolov7-masks": ("masks-objectness", MASKS + THRESHOLDS + NMS),
    "yolov8-masks": ("masks-channels", MASKS + THRESHOLDS + NMS + SMOOTHING),
    "yolov8-masks-stride8": ("masks-channels", AT_STRIDE_8),
    "yolov8-masks-fused": ("masks-rows", MASKS + THRESHOLDS + WITHOUT_EFFECT + SMOOTHING),
    "yolov11-masks": ("masks-channels", MASKS + THRESHOLDS + NMS + SMOOTHING),
    "yolov11-masks-fused": ("masks-rows", MASKS + THRESHOLDS + WITHOUT_EFFECT + SMOOTHING),
    "yolo26-masks": ("masks-rows", MASKS + THRESHOLDS + WITHOUT_EFFECT),
    "yolact": ("masks-priors", MASKS + THRESHOLDS + NMS),
    "rfdetr-masks": ("masks-queries", MASKS + THRESHOLDS + ONLY_AT_MOST),
    "yolov8-points": ("channels", _NMS_FAMILY + KEY_POINTS),
    "yolov8-points-fused": ("rows", _FUSED_FAMILY + KEY_POINTS),
    "yolov11-points": ("channels", _NMS_FAMILY + KEY_POINTS),
    "yolov11-points-fused": ("rows", _FUSED_FAMILY + KEY_POINTS),
    "yolo26-points": ("rows", _FUSED_FAMILY + KEY_POINTS),
    "rfdetr-points": ("queries", _RFDETR_POINTS_FAMILY),
    "resnet": ("label", COMMON + PLAIN),
    "resnet-fused": ("label", COMMON + PLAIN),
    "resnet-multi": ("labels", COMMON + PLAIN + THRESHOLDS),
    "resnet-multi-fused": ("labels", COMMON + PLAIN + THRESHOLDS),
    "vit": ("label", COMMON + PLAIN),
    "vit-fused": ("label", COMMON + PLAIN),
    "vit-multi": ("labels", COMMON + PLAIN + THRESHOLDS),
    "vit-multi-fused": ("labels", COMMON + PLAIN + THRESHOLDS),
    "yolov8-classification": ("label", COMMON + PLAIN),
    "yolov11-classification": ("label", COMMON + PLAIN),
    "pp-ocrv6-det": ("pages", PAGES),
    "pp-ocrv6-rec": ("lines", LINES),
}
DEFAULT_CONFIDENCE = {
    "yolo26": 0.25,
    "yolo26-masks": 0.25,
    "yolo26-points": 0.25,
    "yolo26-segmentation": 0.25,
    "yolo26-binary": 0.25,
    "deep-lab-v3-plus": 0.5,
    "deep-lab-v3-plus-without": 0.5,
}  # of the others: 0.4
DEFAULT_KEY_POINTS_THRESHOLD = {"yolo26-points": 0.3, "rfdetr-points": 0.3}  # of the others: 0

# (package, picture): what the network is given.
TENSORS = (
    ("yolov8-letterbox", COFFEE),
    ("yolov8-letterbox", LARGE),
    ("yolov5-letterbox", TALL),
    ("yolov8-letterbox", PIXEL),
    ("yolov8-stretch", CHELSEA),
    ("yolov8-center-crop", IHC),
    ("yolov8-center-crop", TALL),
    ("yolov9-fit-longer-edge", TALL),
    ("yolov8-crop", LARGE),
    ("yolov8-grayscale", COFFEE),
    ("yolov8-adaptive", LARGE),
    ("yolov8-adaptive", COFFEE),
    ("yolov8-stretching", CHELSEA),
    ("yolov8-stretching", LARGE),
    ("yolov8-histogram", CHELSEA),
    ("yolov8-histogram", LARGE),
    ("yolov8-bgr", COFFEE),
    ("yolov8-normalized", CHELSEA),
    ("yolov8-everything", LARGE),
    ("rfdetr-stretch", CHELSEA),
    ("rfdetr-letterbox", LARGE),
    ("rfdetr-scaled", COFFEE),
    ("rfdetr-two-step", TALL),
    ("rfdetr-two-step-center-crop", SQUARE),
    ("rfdetr-bgr", COFFEE),
    ("yolov8n-640", LARGE),
    ("pp-ocrv6-det-plain", PAGE),
    ("pp-ocrv6-det-max", RECEIPT),
    ("pp-ocrv6-det-exactly", WORD),
    ("pp-ocrv6-rec", "line_word"),
    ("pp-ocrv6-rec", "line_long"),
)
