#include <string>
#include <utility>
#include <vector>

#include "models/families/family.hpp"
#include "models/postprocess/ctc.hpp"

namespace replayrt::models {
namespace {

/// (images, steps, classes): for each step along the line a score of each class.
Prediction decode(const DecodeInput& input, std::size_t image,
                  const PreProcessingMetadata& /*metadata*/) {
  const HeadOutput& output = input.outputs[0];
  const std::vector<std::string>& characters = input.package->text_recognition->characters;
  const auto classes = static_cast<std::int64_t>(characters.size()) + kClassesBesideCharacters;
  const Shape& shape = output.shape();
  output.require(3, shape.rank() == 3 && shape[2] == classes,
                 "(images, steps, " + std::to_string(classes) + "): " + "'nothing', the " +
                     std::to_string(characters.size()) + " characters of inference.yml, a space");
  Reading reading = decode_ctc(output.of_image(image), characters);
  return TextResult{std::move(reading.text), static_cast<float>(reading.confidence)};
}

}  // namespace

std::vector<Family> pp_ocrv6_rec_families() {
  return {{.architecture = "pp-ocrv6-rec",
           .task = Task::kTextOnlyOcr,
           .format = PackageFormat::kPaddle,
           .decode = decode,
           .class_axis = ClassAxis{.axis = 2, .others = kClassesBesideCharacters},
           .parameters = {.instead_of_confidence = "what is read is given, however sure it is"},
           .tested_against = "inference-models 0.39.6, ONNX on the CPU"}};
}

}  // namespace replayrt::models
