// What Run copies for its taps, in the terms of the network before quantization.
#include <algorithm>
#include <cmath>

#include "network/network.h"

namespace resnet50 {

void Network::Copy(Tap& tap) const {
  const size_t channels = size_t(layers_[tap.row].out_channels),
               area = extents_[tap.row].height * extents_[tap.row].width;
  const size_t n = size_t(n_), values = n * area * channels;
  const void* tensor = TensorOf(int(tap.row));
  if (options_.precision == Precision::kInt8) {
    tap.nchw =
        ToNchw(std::span(static_cast<const int8_t*>(tensor), values), n, area, channels, output_quantization_[tap.row]);
  } else {
    tap.nchw = ToNchw(std::span(static_cast<const float*>(tensor), values), n, area, channels);
  }
  if (const std::span<const float> factors = EqualizationOf(tap.row); !factors.empty()) {
    for (size_t i = 0; i < values; ++i) tap.nchw[i] *= factors[i / area % channels];
  }
}

std::span<const float> Network::EqualizationOf(size_t row) const {
  if (equalization_.empty()) return {};
  // Additions and pools hand on the channels that they read.
  while (equalization_[row].empty() && !layers_[row].has_weights()) {
    row = size_t(layers_[row].kind == LayerKind::kAdd ? layers_[row].shortcut : layers_[row].input);
  }
  return equalization_[row];
}

Status Network::SetEqualization(std::string_view name, size_t first, std::span<const float> factors) {
  const auto layer = std::find_if(layers_.begin(), layers_.end(), [&](const Layer& candidate) {
    return candidate.kind == LayerKind::kConvolution && candidate.name == name;
  });
  const auto good = [](float factor) { return std::isnormal(factor) && factor > 0.0F; };
  if (layer == layers_.end() || first > size_t(layer->out_channels) ||
      factors.size() > size_t(layer->out_channels) - first || !std::all_of(factors.begin(), factors.end(), good)) {
    return Error{ErrorCode::kWeightsMismatch, std::string(name),
                 "its equalization is not one positive number an output channel; convert the checkpoint anew"};
  }
  equalization_.resize(layers_.size());
  std::vector<float>& all = equalization_[size_t(layer - layers_.begin())];
  all.resize(size_t(layer->out_channels), 1.0F);
  std::copy(factors.begin(), factors.end(), all.begin() + ptrdiff_t(first));
  return {};
}

}  // namespace resnet50
