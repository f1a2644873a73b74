#include "quantize/fold.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {
namespace {

// OIHW -> OHWI, each output channel times its factor.
std::vector<float> Reorder(const Layer& layer, const std::vector<float>& oihw, const std::vector<double>& factors) {
  const size_t in = size_t(layer.in_channels);
  const size_t area = size_t(layer.kernel) * size_t(layer.kernel);
  std::vector<float> ohwi(oihw.size());
  for (size_t o = 0; o < size_t(layer.out_channels); ++o) {
    const float* from = oihw.data() + o * in * area;
    float* to = ohwi.data() + o * in * area;
    for (size_t p = 0; p < area; ++p) {
      for (size_t i = 0; i < in; ++i) to[p * in + i] = float(double(from[i * area + p]) * factors[o]);
    }
  }
  return ohwi;
}

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace

Result<FoldedLayer> FoldLayer(const Layer& layer, const TensorSource& source) {
  Result<std::vector<float>> weight = source(layer.name + ".weight");
  if (!weight) return std::move(weight).error();
  const size_t channels = size_t(layer.out_channels);
  std::vector<double> factors(channels, 1.0);
  FoldedLayer folded;

  if (layer.batch_norm.empty()) {
    Result<std::vector<float>> bias = source(layer.name + ".bias");
    if (!bias) return std::move(bias).error();
    folded.bias = std::move(bias).value();
  } else {
    std::vector<float> parts[4];
    const char* const names[4] = {".weight", ".bias", ".running_mean", ".running_var"};
    for (int i = 0; i < 4; ++i) {
      Result<std::vector<float>> part = source(layer.batch_norm + names[i]);
      if (!part) return std::move(part).error();
      parts[i] = std::move(part).value();
      if (parts[i].size() != channels) {
        return Error{ErrorCode::kCheckpointMismatch, layer.batch_norm + names[i], "has the wrong number of channels"};
      }
    }
    const auto& [gamma, beta, mean, variance] = parts;
    folded.bias.resize(channels);
    // Statistics that were never set (an untrained network, or batch norm that was folded away) say nothing.
    const bool unset = std::all_of(mean.begin(), mean.end(), [](float m) { return m == 0.0F; }) &&
                       std::all_of(variance.begin(), variance.end(), [](float v) { return v == 1.0F; });
    if (!unset) folded.mean = beta, folded.deviation.resize(channels);
    for (size_t c = 0; c < channels; ++c) {
      factors[c] = double(gamma[c]) / std::sqrt(double(variance[c]) + kBatchNormEpsilon);
      folded.bias[c] = float(double(beta[c]) - double(mean[c]) * factors[c]);
      if (!unset) folded.deviation[c] = float(std::fabs(factors[c]) * std::sqrt(std::max(double(variance[c]), 0.0)));
    }
  }
  if (weight->size() != layer.weight_count() || folded.bias.size() != channels) {
    return Error{ErrorCode::kCheckpointMismatch, layer.name, "has a weight or bias of the wrong size"};
  }
  folded.weight = Reorder(layer, weight.value(), factors);
  folded.factor.assign(factors.begin(), factors.end());
  if (!AllFinite(folded.weight) || !AllFinite(folded.bias)) {
    return Error{ErrorCode::kCheckpointMismatch, layer.name,
                 "holds a value that is infinite or no number (or a negative running variance)"};
  }
  return folded;
}

}  // namespace resnet50
