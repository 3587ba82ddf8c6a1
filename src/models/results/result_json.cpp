#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "replayrt/models/result.hpp"

namespace replayrt {
namespace {

/// Builds the text itself: the JSON library has no f32, and would write 0.9F with 16 digits.
class Writer {
 public:
  explicit Writer(const JsonContext& context) : context_(context) {}

  [[nodiscard]] std::string line(const Prediction& prediction) {
    text_ = "{\"image\": ";
    string(context_.image);
    text_ += ", \"size\": ";
    size(context_.size);
    text_ += ", ";
    std::visit([this](const auto& value) { write(value); }, prediction);
    return std::move(text_) + "}";
  }

 private:
  void write(const Detections& found) {
    list("\"detections\": ", found.size(), [&](std::size_t i) { detection(found, i, [] {}); });
  }

  void write(const InstanceDetections& found) {
    list("\"detections\": ", found.size(), [&](std::size_t i) {
      detection(found, i, [&] {
        text_ += ", \"mask\": {\"size\": ";
        size(found.mask[i].size);
        list(", \"counts\": ", found.mask[i].counts.size(),
             [&](std::size_t k) { text_ += std::to_string(found.mask[i].counts[k]); });
        text_ += "}";
      });
    });
  }

  void write(const KeyPointDetections& found) {
    list("\"detections\": ", found.size(), [&](std::size_t i) {
      detection(found, i, [&] {
        const std::vector<KeyPoint>& points = found.key_points[i];
        list(", \"keypoints\": ", points.size(), [&](std::size_t k) {
          text_ += "[" + std::to_string(points[k].x) + ", " + std::to_string(points[k].y) + ", ";
          number(points[k].confidence);
          text_ += "]";
        });
        if (found.covariance) {
          const std::vector<Covariance>& of_points = (*found.covariance)[i];
          list(", \"covariance\": ", of_points.size(),
               [&](std::size_t k) { covariance(of_points[k]); });
        }
      });
    });
  }

  void write(const ClassificationPrediction& found) {
    text_ += "\"classification\": {\"class_id\": " + std::to_string(found.class_id) +
             ", \"class_name\": ";
    class_name(found.class_id);
    confidences(found.confidence);
    text_ += "}";
  }

  void write(const MultiLabelClassificationPrediction& found) {
    list("\"classification\": {\"class_ids\": ", found.class_ids.size(),
         [&](std::size_t i) { text_ += std::to_string(found.class_ids[i]); });
    list(", \"class_names\": ", found.class_ids.size(),
         [&](std::size_t i) { class_name(found.class_ids[i]); });
    confidences(found.confidence);
    text_ += "}";
  }

  void write(const SemanticSegmentationResult& found) { map("segmentation", found.size); }
  void write(const DepthMap& found) { map("depth", found.size); }

  void write(const TextResult& found) {
    text_ += "\"text\": {\"text\": ";
    string(found.text);
    text_ += ", \"confidence\": ";
    number(found.confidence);
    text_ += "}";
  }

  template <class More>
  void detection(const Detections& found, std::size_t i, More&& more) {
    list("{\"xyxy\": ", found.xyxy[i].size(),
         [&](std::size_t k) { text_ += std::to_string(found.xyxy[i][k]); });
    text_ += ", \"class_id\": " + std::to_string(found.class_id[i]) + ", \"class_name\": ";
    class_name(found.class_id[i]);
    text_ += ", \"confidence\": ";
    number(found.confidence[i]);
    if (i < found.polygon.size()) {
      list(", \"polygon\": ", found.polygon[i].size(), [&](std::size_t k) {
        const auto& [x, y] = found.polygon[i][k];
        text_ += "[" + std::to_string(x) + ", " + std::to_string(y) + "]";
      });
    }
    more();
    text_ += "}";
  }

  void covariance(const Covariance& value) {
    const auto& [of_x, of_y] = value;
    if (!std::isfinite(of_x[0]) || !std::isfinite(of_x[1]) || !std::isfinite(of_y[1])) {
      text_ += "null";
      return;
    }
    list("", value.size(), [&](std::size_t row) {
      list("", value[row].size(), [&](std::size_t column) { number(value[row][column]); });
    });
  }

  void map(const char* what, ImageSize map_size) {
    text_ += std::string("\"") + what + "\": {\"size\": ";
    size(map_size);
    text_ += ", \"map\": ";
    if (context_.map_path.empty()) {
      text_ += "null";
    } else {
      string(context_.map_path);
    }
    text_ += "}";
  }

  void confidences(const std::vector<float>& values) {
    list(", \"confidence\": ", values.size(), [&](std::size_t i) { number(values[i]); });
  }

  void class_name(std::int64_t id) {
    if (id >= 0 && static_cast<std::uint64_t>(id) < context_.class_names.size()) {
      string(context_.class_names[static_cast<std::size_t>(id)]);
    } else {
      text_ += "null";
    }
  }

  template <class Item>
  void list(const char* before, std::size_t count, Item&& item) {
    text_ += before;
    text_ += "[";
    for (std::size_t i = 0; i < count; ++i) {
      text_ += i == 0 ? "" : ", ";
      item(i);
    }
    text_ += "]";
  }

  void size(ImageSize value) {
    text_ += "[" + std::to_string(value.height) + ", " + std::to_string(value.width) + "]";
  }

  void string(const std::string& value) {
    text_ += nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  void number(float value) {
    if (!std::isfinite(value)) {
      text_ += "null";  // JSON has no other word for it.
      return;
    }
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text_.append(digits.data(), end);
  }

  const JsonContext& context_;
  std::string text_;
};

}  // namespace

std::string to_json(const Prediction& prediction, const JsonContext& context) {
  return Writer(context).line(prediction);
}

}  // namespace replayrt
