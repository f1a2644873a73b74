#include "training/layer3_maps.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace resnet50 {

Status Layer3Maps::Add(std::span<const float> nchw) {
  const std::string subject = "example " + std::to_string(size());
  if (nchw.size() != floats()) {
    return Error{ErrorCode::kInvalidArgument, subject, "is of another size than the first: crop all alike"};
  }
  if (!std::all_of(nchw.begin(), nchw.end(), [](float v) { return std::isfinite(v); })) {
    return Error{ErrorCode::kInvalidArgument, subject, "has activations that are not finite: leave it out"};
  }
  const size_t area = extent_.height * extent_.width, first = codes_.size();
  codes_.resize(first + floats());
  for (size_t c = 0; c < channels_; ++c) {
    const std::span<const float> plane = nchw.subspan(c * area, area);
    const float largest = std::max(*std::max_element(plane.begin(), plane.end()), 0.0F);
    const float scale = largest / 255.0F, unit = largest > 0.0F ? 255.0F / largest : 0.0F;
    scales_.push_back(scale);
    for (size_t p = 0; p < area; ++p) {
      codes_[first + p * channels_ + c] = uint8_t(std::lround(std::max(plane[p], 0.0F) * unit));
    }
  }
  return {};
}

void Layer3Maps::Read(size_t index, const MapWindow& window, float* nhwc) const {
  const size_t height = window.height == 0 ? extent_.height : window.height;
  const size_t width = window.width == 0 ? extent_.width : window.width;
  const float* scales = scales_.data() + index * channels_;
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x, nhwc += channels_) {
      const size_t column = window.left + (window.flip ? width - 1 - x : x);
      const size_t position = (index * extent_.height + window.top + y) * extent_.width + column;
      const uint8_t* codes = codes_.data() + position * channels_;
      for (size_t c = 0; c < channels_; ++c) nhwc[c] = float(codes[c]) * scales[c];
    }
  }
}

}  // namespace resnet50
