// What the f32 network's tensors hold over the calibration images: extremes, means and powers by
// channel, and a few pixels to compare the quantized network with. Knows no quantization.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "network/network.h"

namespace resnet50 {

// Of one row's output. Sizes leave the probe images out (where there are others), so that what is chosen by sizes can
// be judged on images that had no part in them.
struct TensorStatistics {
  std::vector<float> largest;       // size by channel, of |x|
  std::vector<double> mean_square;  // size by channel
  std::vector<double> active;       // by channel, the share of values above zero
  std::vector<double> mean;         // by channel
  std::vector<float> probe;         // the first images' ProbePixels, all channels
  Extent extent{0, 0};
};

// Images and pixels that are kept for comparison: enough to rank layers, few enough to be no burden.
inline constexpr int kProbeImages = 16;
std::vector<size_t> ProbePixels(Extent extent);

class ActivationStatistics {
 public:
  explicit ActivationStatistics(const std::vector<Layer>& layers);

  // Runs the prepared batch of `n` images of the f32 network, whose input has been written.
  Status Observe(Network& network, int n, Extent input);
  int images() const { return images_; }

  const TensorStatistics& tensor(size_t row) const { return tensors_[row]; }

 private:
  void ObserveTensor(int row, const float* values, Extent extent, int n);

  std::vector<Layer> layers_;
  std::vector<TensorStatistics> tensors_;
  int images_ = 0;
};

}  // namespace resnet50
