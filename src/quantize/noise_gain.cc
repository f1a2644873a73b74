#include "quantize/noise_gain.h"

#include <algorithm>

namespace resnet50 {
namespace {

// A channel that was never seen alive may still come alive.
constexpr double kLeastActive = 0.02;

// Adds to `gain` (of the layer's input) what passes through the layer's weights.
void AddThroughWeights(const Layer& layer, const FoldedLayer& folded, const std::vector<double>& out,
                       std::vector<double>& gain) {
  const size_t in = size_t(layer.in_channels);
  const size_t row = folded.weight.size() / out.size();
  for (size_t o = 0; o < out.size(); ++o) {
    const float* weights = folded.weight.data() + o * row;
    for (size_t i = 0; i < row; i += in) {
      for (size_t c = 0; c < in; ++c) gain[c] += out[o] * double(weights[i + c]) * double(weights[i + c]);
    }
  }
}

}  // namespace

NoiseGains FindNoiseGains(const std::vector<Layer>& layers, const std::vector<FoldedLayer>& weights,
                          const ActivationStatistics& statistics) {
  NoiseGains gains;
  for (const Layer& layer : layers) {
    gains.before.emplace_back(size_t(layer.out_channels), layer.kind == LayerKind::kLinear ? 1.0 : 0.0);
    gains.after.push_back(gains.before.back());
  }
  for (size_t i = layers.size(); i-- > 0;) {
    const Layer& layer = layers[i];
    const std::vector<double>& active = statistics.tensor(i).active;
    for (size_t c = 0; c < gains.after[i].size(); ++c) {
      // Pools pass on what has been through a ReLU already.
      const bool clamps = layer.relu && (layer.has_weights() || layer.kind == LayerKind::kAdd);
      gains.before[i][c] = gains.after[i][c] * (clamps ? std::max(active[c], kLeastActive) : 1.0);
    }
    if (layer.input == kNetworkInput) continue;
    std::vector<double>& input = gains.after[size_t(layer.input)];
    if (layer.has_weights()) {
      AddThroughWeights(layer, weights[i], gains.before[i], input);
      continue;
    }
    for (size_t c = 0; c < input.size(); ++c) {
      input[c] += gains.before[i][c];
      if (layer.shortcut != kNoLayer) gains.after[size_t(layer.shortcut)][c] += gains.before[i][c];
    }
  }
  return gains;
}

}  // namespace resnet50
