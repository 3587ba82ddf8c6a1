#include "text_detector.hpp"

#include <opencv2/imgproc.hpp>

#include "working_picture.hpp"

namespace ocr {

std::vector<Quad> TextDetector::find(const cv::Mat& picture) {
  const cv::Size size = detector_size(picture.size());
  cv::resize(picture, resized_, size);
  const auto planes = input_.resize({1, 3, size.height, size.width});
  write_planes(resized_, planes, static_cast<std::size_t>(size.width));

  const replayrt::Tensor output = runner_.run(input_.view(), 4);
  const replayrt::Shape& shape = output.shape();
  // A header over the tensor's own memory, which lives to the end of this function.
  const cv::Mat probability(static_cast<int>(shape[2]), static_cast<int>(shape[3]), CV_32F,
                            output.as<float>().data());
  std::vector<Quad> boxes = find_text_boxes(probability, picture.size());
  sort_boxes(boxes);
  return boxes;
}

}  // namespace ocr
