#!/usr/bin/env bash
# The main job on real input: reads the text in every picture with three models that share one cache, then runs two
# of the models on the shapes that the pictures really had, eagerly and from the cache. `make demo` builds and calls it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly bin=build/release/bin
readonly packages=build/data/packages
readonly out=build/demo
# What all shapes of these pictures take together fits; with the models and the runs the process stays within 4 GiB.
readonly max_bytes=2560M

# Real pictures from scikit-image (a page, a blackboard, two without text), the others rendered by the setup.
pictures=(page text coffee camera receipt paragraph two_columns upside_down word title)
pictures=("${pictures[@]/#/build/data/pictures/}")
pictures=("${pictures[@]/%/.png}")

mkdir -p "$out"
echo "== Reading ${#pictures[@]} pictures three times: detection, direction, recognition; one cache"
"$bin/replayrt-ocr" "${pictures[@]}" --models "$packages" --max-bytes "$max_bytes" \
  --repeat 3 --save "$out" --trace-out "$out"

for model in det rec; do
  echo
  echo "== PP-OCRv6 $model on the shapes of these pictures, every shape captured before"
  "$bin/replayrt" bench "$packages/pp-ocrv6-$model/inference.onnx" --trace "$out/$model.trace" \
    --modes eager,replay --iterations "${DEMO_ITERATIONS:-3}" --max-bytes "$max_bytes" --json "$out/$model.json"
done
echo
echo "Pictures with boxes and text: $out/*_ocr.png; figures: $out/*.json"
