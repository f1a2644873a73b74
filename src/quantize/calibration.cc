#include "quantize/calibration.h"

#include <algorithm>
#include <limits>

namespace resnet50 {

Calibrator::Calibrator(Network& network, Range input) : network_(network), input_(input) {}

Status Calibrator::Observe() {
  Status status = network_.Run([this](const Layer& layer, std::span<const float> output) {
    if (layer.kind == LayerKind::kMaxPool || layer.kind == LayerKind::kLinear) return;
    const auto [low, high] = std::minmax_element(output.begin(), output.end());
    const auto [it, fresh] = ranges_.try_emplace(layer.name, Range{*low, *high});
    if (!fresh) {
      it->second.min = std::min(it->second.min, *low);
      it->second.max = std::max(it->second.max, *high);
    }
  });
  if (!status) return status;
  ranges_.insert_or_assign(kInputName, input_);
  ++images_;
  return {};
}

Range NormalizedRange(std::span<const float> mean, std::span<const float> std) {
  Range range{std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()};
  for (size_t c = 0; c < mean.size(); ++c) {
    range.min = std::min(range.min, (0.0F - mean[c]) / std[c]);
    range.max = std::max(range.max, (1.0F - mean[c]) / std[c]);
  }
  return range;
}

}  // namespace resnet50
