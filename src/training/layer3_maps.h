// Activations of layer3, kept in one byte a number while training: codes 0..255 with a scale for each map and channel
// (they come out of a ReLU). At 224 pixels a picture takes 200 KiB instead of 784.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "network/operators.h"

namespace resnet50 {

// Part of a map, perhaps mirrored: what augmentation looks at. Zero sides: the whole map.
struct MapWindow {
  size_t top = 0, left = 0, height = 0, width = 0;
  bool flip = false;
};

class Layer3Maps {
 public:
  Layer3Maps(size_t channels, Extent extent) : channels_(channels), extent_(extent) {}

  // `nchw`: [channels, h, w]; numbers below 0 count as 0. Errors: kInvalidArgument (another size, a number that is not
  // finite).
  Status Add(std::span<const float> nchw);
  size_t size() const { return scales_.size() / channels_; }
  Extent extent() const { return extent_; }
  size_t floats() const { return channels_ * extent_.height * extent_.width; }
  size_t bytes() const { return codes_.size() + scales_.size() * sizeof(float); }
  // Writes a window of a map as [height, width, channels].
  void Read(size_t index, const MapWindow& window, float* nhwc) const;

 private:
  size_t channels_;
  Extent extent_;
  std::vector<uint8_t> codes_;  // [n, h, w, channels]
  std::vector<float> scales_;   // [n, channels]
};

}  // namespace resnet50
