// What the f32 network's tensors hold over the calibration images: extremes and powers by channel, the mean patch that
// each convolution sees, and a few pixels to compare the quantized network with. Knows no quantization.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "network/network.h"

namespace resnet50 {

// Mean of every value of the patches that a convolution (or fc) reads, in its weight's order: kernel row, kernel column,
// input channel. Padding counts as zero.
class PatchMean {
 public:
  PatchMean() = default;
  explicit PatchMean(const Layer& layer);
  // `values`: the layer's input, one image, NHWC. `scale` is what a stored value counts for.
  template <typename T>
  void Add(const T* values, Extent in, double scale);
  std::vector<double> Mean() const;

 private:
  int kernel_ = 1, stride_ = 1, padding_ = 0;
  size_t channels_ = 0;
  double patches_ = 0.0;
  std::vector<double> sums_;
};

// Of one row's output.
struct TensorStatistics {
  std::vector<float> largest;       // by channel, of |x|
  std::vector<double> active;       // by channel, the share of values above zero
  std::vector<double> mean_square;  // by channel
  std::vector<float> probe;         // the first images' ProbePixels, all channels
  Extent extent{0, 0};
};

// Images and pixels that are kept for comparison: enough to rank layers, few enough to be no burden.
inline constexpr int kProbeImages = 8;
std::vector<size_t> ProbePixels(Extent extent);

class ActivationStatistics {
 public:
  explicit ActivationStatistics(const std::vector<Layer>& layers);

  // Runs the prepared batch of `n` images of the f32 network, whose input has been written.
  Status Observe(Network& network, int n, Extent input);
  int images() const { return images_; }

  const TensorStatistics& tensor(size_t row) const { return tensors_[row]; }
  // Of a row with weights; in the unscaled network's terms.
  std::vector<double> patch_mean(size_t row) const { return patches_[row].Mean(); }

 private:
  void ObserveTensor(int row, const float* values, Extent extent, int n);

  std::vector<Layer> layers_;
  std::vector<TensorStatistics> tensors_;
  std::vector<PatchMean> patches_;
  int images_ = 0;
};

}  // namespace resnet50
