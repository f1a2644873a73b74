#include "quantize/equalize.h"

#include <algorithm>
#include <cmath>

#include "quantize/range_search.h"

namespace resnet50 {
namespace {

constexpr int kActivationCodes = 127;
constexpr double kWeightCodes = 127.0;

enum class ChannelSize : uint8_t { kLargest, kRootMeanSquare };

// Sizes of the channels, as a share of the tensor's largest, where that share is highest.
std::vector<float> ChannelSizes(const ChannelGroup& group, const ActivationStatistics& statistics, ChannelSize kind) {
  std::vector<float> sizes(size_t(group.channels), 0.0F);
  for (size_t row : group.tensors) {
    const TensorStatistics& tensor = statistics.tensor(row);
    std::vector<float> own = tensor.largest;
    if (kind == ChannelSize::kRootMeanSquare) {
      for (size_t c = 0; c < own.size(); ++c) own[c] = float(std::sqrt(tensor.mean_square[c]));
    }
    const float most = std::max(*std::max_element(own.begin(), own.end()), 1e-30F);
    for (size_t c = 0; c < sizes.size(); ++c) sizes[c] = std::max(sizes[c], own[c] / most);
  }
  return sizes;
}

std::vector<float> Factors(std::vector<float> sizes, float strength) {
  std::vector<float> sorted = sizes;
  const auto middle = sorted.begin() + ptrdiff_t(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const float median = std::max(*middle, 1e-6F);
  for (float& s : sizes) {
    s = std::clamp(std::pow(std::max(s / median, 1e-6F), strength), kLeastFactor, kMostFactor);
  }
  return sizes;
}

// Of the group's tensors in 7 bits, in the logits' terms, a pixel.
double ActivationError(const ChannelGroup& group, const ActivationStatistics& statistics, const NoiseGains& gains,
                       std::span<const float> factors) {
  double error = 0.0;
  const size_t channels = factors.size();
  std::vector<float> scaled(channels), weights(channels);
  for (size_t row : group.tensors) {
    const TensorStatistics& tensor = statistics.tensor(row);
    float largest = 1e-6F;
    for (size_t c = 0; c < channels; ++c) largest = std::max(largest, tensor.largest[c] / factors[c]);
    for (size_t c = 0; c < channels; ++c) {
      weights[c] = float(gains.after[row][c] * double(factors[c]) * double(factors[c]));
    }
    RangeSearch search(largest);
    for (size_t at = 0; at + channels <= tensor.probe.size(); at += channels) {
      for (size_t c = 0; c < channels; ++c) scaled[c] = tensor.probe[at + c] / factors[c];
      search.Add(scaled, weights);
    }
    const float reach = search.Find(RangeMethod::kSquares, kActivationCodes);
    const size_t pixels = std::max<size_t>(tensor.probe.size() / channels, 1);
    error += search.Error(reach, kActivationCodes) / double(pixels);
  }
  return error;
}

// Of the consumers' weights in 8 bits.
double WeightError(const std::vector<Layer>& layers, const ChannelGroup& group, const std::vector<FoldedLayer>& weights,
                   const ActivationStatistics& statistics, const NoiseGains& gains, std::span<const float> factors) {
  double error = 0.0;
  for (size_t row : group.consumers) {
    const Layer& layer = layers[row];
    const std::vector<double>& squares = statistics.tensor(size_t(layer.input)).mean_square;
    double power = 0.0;  // of a patch, scaled
    for (size_t c = 0; c < factors.size(); ++c) power += squares[c] / (double(factors[c]) * double(factors[c]));
    power *= double(layer.kernel) * double(layer.kernel);
    const size_t count = weights[row].weight.size() / size_t(layer.out_channels);
    for (size_t o = 0; o < size_t(layer.out_channels); ++o) {
      const float* w = weights[row].weight.data() + o * count;
      float largest = 0.0F;
      for (size_t i = 0; i < count; i += factors.size()) {
        for (size_t c = 0; c < factors.size(); ++c) largest = std::max(largest, std::fabs(w[i + c]) * factors[c]);
      }
      const double step = double(largest) / kWeightCodes;
      error += gains.before[row][o] * step * step / 12.0 * power;
    }
  }
  return error;
}

}  // namespace

std::vector<float> ChooseFactors(const std::vector<Layer>& layers, const ChannelGroup& group,
                                 const std::vector<FoldedLayer>& weights, const ActivationStatistics& statistics,
                                 const NoiseGains& gains) {
  constexpr float kStrengths[] = {0.0F, 0.25F, 0.5F, 0.75F, 1.0F};
  std::vector<float> best;
  double least = 0.0;
  for (ChannelSize kind : {ChannelSize::kLargest, ChannelSize::kRootMeanSquare}) {
    const std::vector<float> sizes = ChannelSizes(group, statistics, kind);
    for (float strength : kStrengths) {
      std::vector<float> factors = Factors(sizes, strength);
      const double error = ActivationError(group, statistics, gains, factors) +
                           WeightError(layers, group, weights, statistics, gains, factors);
      if (best.empty() || error < least) least = error, best = std::move(factors);
    }
  }
  return best;
}

void Equalize(const std::vector<Layer>& layers, const ChannelGroup& group, std::span<const float> factors,
              std::vector<FoldedLayer>& weights) {
  for (size_t row : group.producers) {
    FoldedLayer& folded = weights[row];
    const size_t count = folded.weight.size() / factors.size();
    for (size_t c = 0; c < factors.size(); ++c) {
      for (size_t i = 0; i < count; ++i) folded.weight[c * count + i] /= factors[c];
      folded.bias[c] /= factors[c];
    }
  }
  for (size_t row : group.consumers) {
    std::vector<float>& weight = weights[row].weight;  // input channels are innermost
    const size_t channels = size_t(layers[row].in_channels);
    for (size_t i = 0; i < weight.size(); ++i) weight[i] *= factors[i % channels];
  }
}

}  // namespace resnet50
