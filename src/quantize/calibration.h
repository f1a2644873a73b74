// Activation ranges from example images: runs the f32 network and keeps the extremes of every tensor that int8 needs.
// Knows the network, not where images come from.
#pragma once

#include <span>

#include "base/result.h"
#include "network/network.h"

namespace resnet50 {

class Calibrator {
 public:
  // `network` is f32, has all weights and outlives the calibrator. `input` is the range of normalised images, which
  // follows from mean and standard deviation alone.
  Calibrator(Network& network, Range input);

  // Runs the batch that has been written into network.input_reals() and widens the ranges.
  Status Observe();
  int images() const { return images_; }
  // Ranges of the input and of every convolution, addition and pooling row; empty before the first image.
  const RangeMap& ranges() const { return ranges_; }

 private:
  Network& network_;
  RangeMap ranges_;
  Range input_;
  int images_ = 0;
};

// The range of (v - mean) / std over v in [0, 1] and the three channels.
Range NormalizedRange(std::span<const float> mean, std::span<const float> std);

}  // namespace resnet50
