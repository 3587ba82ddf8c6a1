#include "models/preprocess/pre_processor.hpp"

#include <algorithm>
#include <opencv2/core.hpp>
#include <string>
#include <utility>
#include <vector>

#include "models/preprocess/pillow_resize.hpp"
#include "models/preprocess/text_size.hpp"
#include "models/size_text.hpp"
#include "replayrt/core/error.hpp"

namespace replayrt::models {
namespace {

constexpr std::int64_t kColorChannels = 3;
constexpr std::int64_t kLargestSide = 16384;
constexpr int kU8Max = 255;

/// What the network computes from `value` before its first layer.
float network_value(double value, std::size_t channel, const NetworkInput& network,
                    Resampling resampling) {
  auto result = static_cast<float>(value);
  if (resampling == Resampling::kPillow) {
    result /= static_cast<float>(kU8Max);
    if (!network.normalization && network.scaling_factor && *network.scaling_factor != kU8Max) {
      result *= static_cast<float>(kU8Max / *network.scaling_factor);
    }
  } else if (network.multiplier) {
    result *= static_cast<float>(*network.multiplier);
  } else if (network.scaling_factor) {
    result /= static_cast<float>(*network.scaling_factor);
  }
  if (network.normalization) {
    result -= static_cast<float>(network.normalization->first[channel]);
    result /= static_cast<float>(network.normalization->second[channel]);
  }
  return result;
}

void require_image_size(const std::optional<ImageSize>& size) {
  if (size.has_value() && (size->height < 1 || size->width < 1 || size->height > kLargestSide ||
                           size->width > kLargestSide)) {
    throw Error(ErrorCode::kInvalidParameter, "image_size is " + std::to_string(size->height) +
                                                  " x " + std::to_string(size->width) +
                                                  ": expected 1 to " +
                                                  std::to_string(kLargestSide) + " pixels a side");
  }
}

std::string name_of(std::size_t position) {
  return "image " + std::to_string(position);
}

Error as_error(const cv::Exception& exception) {
  return exception.code == cv::Error::StsNoMem
             ? Error(ErrorCode::kOutOfMemory, "no memory to pre-process an image")
             : Error(ErrorCode::kModelInput, "an image cannot be pre-processed: " + exception.err);
}

cv::Mat canvas_of(ImageSize size, void* data = nullptr) {
  const auto rows = static_cast<int>(size.height);
  const auto columns = static_cast<int>(size.width);
  return data == nullptr ? cv::Mat(rows, columns, CV_8UC3) : cv::Mat(rows, columns, CV_8UC3, data);
}

}  // namespace

/// A picture, and where on the network's canvas it goes.
struct PreProcessor::Placed {
  Picture picture;
  Placement placement;
  PreProcessingMetadata metadata;
  bool reversed = false;  ///< The network has the channels in the other order.
};

bool can_fuse(const NetworkInput& network) {
  return network.input_channels == kColorChannels && network.padding_value >= 0 &&
         network.padding_value <= kU8Max;
}

ValueTable value_table(const NetworkInput& network, Resampling resampling) {
  ValueTable table;
  for (std::size_t channel = 0; channel < table.size(); ++channel) {
    for (std::size_t value = 0; value < table[channel].size(); ++value) {
      table[channel][value] =
          network_value(static_cast<double>(value), channel, network, resampling);
    }
  }
  return table;
}

PreProcessor::PreProcessor(PreProcessPlan plan) : plan_(std::move(plan)) {
  if (plan_.network.input_channels != kColorChannels) {
    throw Error(ErrorCode::kModelRuntime,
                "inference_config.json: network_input.input_channels is " +
                    std::to_string(plan_.network.input_channels) +
                    ": pictures can be prepared for 3 channels only");
  }
  if (plan_.reference_compatible) {
    plan_.steps.auto_orient = false;
    if (plan_.network.resize_mode == ResizeMode::kLetterboxReflectEdges) {
      plan_.network.resize_mode = ResizeMode::kLetterbox;
    }
  }
  table_ = value_table(plan_.network, plan_.resampling);
  // The picture of a center crop lies on black, whatever the package says.
  const std::int64_t border =
      plan_.network.resize_mode == ResizeMode::kCenterCrop ? 0 : plan_.network.padding_value;
  plan_.network.padding_value = border;
  for (std::size_t channel = 0; channel < border_.size(); ++channel) {
    border_[channel] =
        network_value(static_cast<double>(border), channel, plan_.network, plan_.resampling);
  }
  if (plan_.text_line.has_value()) {
    border_.fill(0);  // What is right of a line is no colour.
  }
}

PreProcessedImages PreProcessor::operator()(std::span<const ImageView> images,
                                            const PredictOptions& options,
                                            std::size_t first) const {
  if (images.empty()) {
    throw Error(ErrorCode::kModelInput, "no images were given: expected at least one");
  }
  require_image_size(options.image_size);
  if ((plan_.text_page || plan_.text_line) && options.image_size && !plan_.reference_compatible) {
    throw Error(
        ErrorCode::kInvalidParameter,
        "image_size does not apply to models of text: inference.yml and the pictures decide");
  }
  try {
    if (plan_.text_line.has_value()) {
      return batch_of(placed_lines(images, options));
    }
    std::vector<Placed> pictures;
    pictures.reserve(images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      pictures.push_back(placed(images[i], options, name_of(first + i)));
      const ImageSize wanted = pictures.front().placement.canvas;
      if (pictures.back().placement.canvas != wanted) {
        throw Error(ErrorCode::kModelInput,
                    name_of(first + i) + " becomes " + size_text(pictures.back().placement.canvas) +
                        " pixels (height x width), " + name_of(first) + " " + size_text(wanted) +
                        ": a batch needs one size (" + size_rule() + ")");
      }
    }
    return batch_of(pictures);
  } catch (const cv::Exception& exception) {
    throw as_error(exception);
  }
}

std::string PreProcessor::size_rule() const {
  return plan_.text_page ? "pages of text have a size each; predict runs them one by one"
                         : "resize mode " + std::string(to_string(plan_.network.resize_mode));
}

std::vector<PreProcessor::Placed> PreProcessor::placed_lines(std::span<const ImageView> images,
                                                             const PredictOptions& options) const {
  std::vector<Placed> lines(images.size());
  std::vector<ImageSize> sizes;
  for (std::size_t i = 0; i < images.size(); ++i) {
    lines[i].picture =
        prepare_picture(images[i], plan_.steps, options.pre_processing_overrides, name_of(i));
    sizes.push_back(lines[i].picture.size());
  }
  const ImageSize canvas{plan_.text_line->height, text_line_width(sizes, *plan_.text_line)};
  for (Placed& line : lines) {
    line.placement = place_text_line(line.picture.size(), canvas);
    line.metadata = metadata_of(ResizeMode::kStretch, line.picture.size(), canvas, line.placement);
    line.metadata.original_size = line.picture.original_size;
    line.metadata.static_crop_offset = line.picture.crop;
    line.reversed = line.picture.color != plan_.network.color_mode;
  }
  return lines;
}

PreProcessor::Placed PreProcessor::placed(const ImageView& image, const PredictOptions& options,
                                          const std::string& name) const {
  Picture picture = prepare_picture(image, plan_.steps, options.pre_processing_overrides, name);
  const ImageSize size = picture.size();
  const ImageSize wanted = plan_.text_page ? text_page_size(*plan_.text_page, size, name)
                                           : wanted_size(plan_.network, options.image_size, size);
  const PreProcessingMetadata::StaticCropOffset crop = picture.crop;
  const ImageSize original = picture.original_size;
  const bool reversed = picture.color != plan_.network.color_mode;
  Placed result;
  if (plan_.resampling == Resampling::kPillow) {
    result = placed_in_two_steps(picture, wanted);
    // The reference takes BGR that nobody has called so for another order than any network's.
    result.reversed =
        reversed || (plan_.reference_compatible && picture.color == ColorFormat::kBgr &&
                     !result.metadata.nonsquare_intermediate_size.has_value());
  } else {
    result.reversed = reversed;
    const ResizeMode mode = plan_.network.resize_mode;
    result.placement = place(mode, size, wanted);
    result.metadata = metadata_of(mode, size, wanted, result.placement);
    result.picture = std::move(picture);
  }
  result.metadata.original_size = original;
  result.metadata.static_crop_offset = crop;
  return result;
}

PreProcessor::Placed PreProcessor::placed_in_two_steps(const Picture& picture,
                                                       ImageSize wanted) const {
  const std::optional<ImageSize>& dataset = plan_.network.dataset_version_resize_dimensions;
  const ResizeMode mode = plan_.network.resize_mode;
  Placed result;
  result.picture = picture;
  const bool one_step =
      mode == ResizeMode::kStretch || (!dataset.has_value() && plan_.reference_compatible);
  if (!one_step) {
    const ImageSize between = dataset.value_or(wanted);
    const Placement first = place(mode, picture.size(), between);
    result.metadata = metadata_of(mode, picture.size(), between, first);
    result.metadata.nonsquare_intermediate_size = first.canvas;
    cv::Mat canvas = canvas_of(first.canvas);
    put_picture(picture.pixels, first, canvas);
    if (mode == ResizeMode::kLetterboxReflectEdges) {
      reflect_border(first, canvas);
    } else {
      fill_border(first, cv::saturate_cast<std::uint8_t>(plan_.network.padding_value), canvas);
    }
    result.picture.pixels = canvas;
    result.metadata.inference_size = wanted;
    result.placement = place(ResizeMode::kStretch, first.canvas, wanted);
    return result;
  }
  result.placement = place(ResizeMode::kStretch, picture.size(), wanted);
  result.metadata = metadata_of(ResizeMode::kStretch, picture.size(), wanted, result.placement);
  return result;
}

PreProcessedImages PreProcessor::batch_of(std::span<const Placed> pictures) const {
  const ImageSize size = pictures.front().placement.canvas;
  const auto count = static_cast<std::int64_t>(pictures.size());
  const Shape shape = plan_.fused ? Shape{count, size.height, size.width, kColorChannels}
                                  : Shape{count, kColorChannels, size.height, size.width};
  const DType dtype = plan_.fused ? DType::kU8 : DType::kF32;
  PreProcessedImages batch;
  batch.images = Tensor(batches_.acquire(packed_bytes(dtype, shape.num_elements())), dtype, shape);
  const auto elements = static_cast<std::size_t>(shape.num_elements() / count);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (plan_.fused) {
      write_u8(pictures[i], batch.images.as<std::uint8_t>().subspan(i * elements, elements));
    } else {
      write_f32(pictures[i], batch.images.as<float>().subspan(i * elements, elements));
    }
    batch.metadata.push_back(pictures[i].metadata);
  }
  return batch;
}

void PreProcessor::put(const Placed& placed, cv::Mat& canvas) const {
  if (plan_.resampling == Resampling::kPillow) {
    resize_like_pillow(placed.picture.pixels, canvas);
    return;
  }
  put_picture(placed.picture.pixels, placed.placement, canvas);
}

void PreProcessor::write_u8(const Placed& placed, std::span<std::uint8_t> pixels) const {
  cv::Mat canvas = canvas_of(placed.placement.canvas, pixels.data());
  put(placed, canvas);
  if (plan_.resampling == Resampling::kOpenCv) {
    if (plan_.network.resize_mode == ResizeMode::kLetterboxReflectEdges) {
      reflect_border(placed.placement, canvas);
    } else {
      fill_border(placed.placement, static_cast<std::uint8_t>(plan_.network.padding_value), canvas);
    }
  }
  if (placed.reversed) {
    reverse_channels(canvas);
  }
}

void PreProcessor::write_f32(const Placed& placed, std::span<float> planes) const {
  const Region& target = placed.placement.target;
  const ImageSize size = placed.placement.canvas;
  const bool reflects = plan_.network.resize_mode == ResizeMode::kLetterboxReflectEdges;
  cv::Mat canvas = canvas_of(size);
  put(placed, canvas);
  if (reflects && plan_.resampling == Resampling::kOpenCv) {
    reflect_border(placed.placement, canvas);
  } else {
    fill_border(placed.placement, 0, canvas);
  }
  write_planes(canvas, placed.reversed, table_, planes);
  if (reflects || target.size == size) {
    return;
  }
  // The border's value need not be a u8, so it is set where it is f32.
  const auto plane = static_cast<std::size_t>(size.height * size.width);
  for (std::size_t channel = 0; channel < border_.size(); ++channel) {
    cv::Mat values(canvas.rows, canvas.cols, CV_32FC1, planes.data() + channel * plane);
    const cv::Rect inside(static_cast<int>(target.left), static_cast<int>(target.top),
                          static_cast<int>(target.size.width),
                          static_cast<int>(target.size.height));
    const cv::Scalar border(border_[channel]);
    values.rowRange(0, inside.y).setTo(border);
    values.rowRange(inside.y + inside.height, values.rows).setTo(border);
    values.colRange(0, inside.x).setTo(border);
    values.colRange(inside.x + inside.width, values.cols).setTo(border);
  }
}

}  // namespace replayrt::models
