#include "quantize/batch_norm_match.h"

#include <algorithm>
#include <cmath>

#include "network/parallel.h"
#include "quantize/layer_run.h"

namespace resnet50 {
namespace {

constexpr double kMostScale = 4.0;
constexpr double kLeastDeviation = 1e-3;  // of the layer's mean deviation

using Images = std::vector<std::vector<float>>;

struct Moments {
  std::vector<double> mean, deviation;  // by channel
};

Moments Measure(const Images& sums, size_t channels, const ThreadPool& pool) {
  // By image, added up in order, so that threads do not matter.
  std::vector<std::vector<double>> means(sums.size()), squares(sums.size());
  ParallelFor(pool, sums.size(), [&](size_t k) {
    means[k].assign(channels, 0.0);
    squares[k].assign(channels, 0.0);
    const double share = double(channels) / double(sums[k].size());
    for (size_t at = 0; at < sums[k].size(); at += channels) {
      for (size_t c = 0; c < channels; ++c) {
        const double value = double(sums[k][at + c]);
        means[k][c] += share * value;
        squares[k][c] += share * value * value;
      }
    }
  });
  Moments moments{std::vector<double>(channels), std::vector<double>(channels)};
  for (size_t c = 0; c < channels; ++c) {
    double mean = 0.0, square = 0.0;
    for (size_t k = 0; k < sums.size(); ++k) mean += means[k][c], square += squares[k][c];
    mean /= double(sums.size()), square /= double(sums.size());
    moments.mean[c] = mean;
    moments.deviation[c] = std::sqrt(std::max(square - mean * mean, 0.0));
  }
  return moments;
}

ChannelMap FindMap(const FoldedLayer& folded, const Moments& found) {
  const size_t channels = folded.bias.size();
  double mean_deviation = 0.0;
  for (double d : found.deviation) mean_deviation += d / double(channels);
  ChannelMap map{std::vector<float>(channels, 1.0F), std::vector<float>(channels, 0.0F)};
  for (size_t c = 0; c < channels; ++c) {
    if (found.deviation[c] <= kLeastDeviation * mean_deviation) continue;
    const double scale = std::clamp(double(folded.deviation[c]) / found.deviation[c], 1.0 / kMostScale, kMostScale);
    map.scale[c] = float(scale);
    map.shift[c] = float(double(folded.mean[c]) - scale * found.mean[c]);
  }
  return map;
}

void Apply(const ChannelMap& map, FoldedLayer& folded) {
  const size_t channels = folded.bias.size(), count = folded.weight.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    for (size_t i = 0; i < count; ++i) folded.weight[c * count + i] *= map.scale[c];
    folded.bias[c] = folded.bias[c] * map.scale[c] + map.shift[c];
    folded.factor[c] *= map.scale[c];
  }
}

void Apply(const ChannelMap& map, Images& sums, const ThreadPool& pool) {
  const size_t channels = map.scale.size();
  ParallelFor(pool, sums.size(), [&](size_t k) {
    for (size_t at = 0; at < sums[k].size(); at += channels) {
      for (size_t c = 0; c < channels; ++c) sums[k][at + c] = sums[k][at + c] * map.scale[c] + map.shift[c];
    }
  });
}

bool IsReadAfter(const std::vector<Layer>& layers, size_t tensor, size_t row) {
  return std::any_of(layers.begin() + ptrdiff_t(row) + 1, layers.end(),
                     [&](const Layer& layer) { return layer.input == int(tensor) || layer.shortcut == int(tensor); });
}

}  // namespace

Result<std::vector<ChannelMap>> MatchBatchNorm(const std::vector<Layer>& layers, std::vector<FoldedLayer>& weights,
                                               const std::vector<std::vector<float>>& images, int side,
                                               const ThreadPool& pool) {
  std::vector<ChannelMap> maps(layers.size());
  std::vector<Images> tensors(layers.size());
  std::vector<Extent> extents(layers.size());
  for (size_t row = 0; row < layers.size(); ++row) {
    const Layer& layer = layers[row];
    if (layer.kind == LayerKind::kLinear) break;
    const bool first = layer.input == kNetworkInput;
    const Images& input = first ? images : tensors[size_t(layer.input)];
    const Extent in = first ? Extent{size_t(side), size_t(side)} : extents[size_t(layer.input)];
    extents[row] = {size_t(OutputSize(layer, int(in.height))), size_t(OutputSize(layer, int(in.width)))};
    Images& output = tensors[row];
    if (layer.kind == LayerKind::kAdd) {
      output = std::move(tensors[size_t(layer.input)]);
      const Images& shortcut = tensors[size_t(layer.shortcut)];
      ParallelFor(pool, output.size(), [&](size_t k) {
        for (size_t i = 0; i < output[k].size(); ++i) output[k][i] += shortcut[k][i];
      });
    } else {
      LayerWeights real;
      if (layer.has_weights()) real.real = weights[row].weight, real.bias = weights[row].bias;
      const auto fill = [&](size_t k, std::span<float> to) { std::copy(input[k].begin(), input[k].end(), to.begin()); };
      Result<Images> sums = RunLayer(layer, real, in, images.size(), fill, pool);
      if (!sums) return std::move(sums).error();
      output = std::move(sums).value();
    }
    if (layer.has_weights() && !weights[row].deviation.empty()) {
      maps[row] = FindMap(weights[row], Measure(output, size_t(layer.out_channels), pool));
      Apply(maps[row], weights[row]);
      Apply(maps[row], output, pool);
    }
    if (layer.relu) {
      ParallelFor(pool, output.size(), [&](size_t k) {
        for (float& value : output[k]) value = std::max(value, 0.0F);
      });
    }
    for (size_t i = 0; i <= row; ++i) {
      if (!IsReadAfter(layers, i, row)) tensors[i] = {};
    }
  }
  return maps;
}

void Unmap(const ChannelMap& map, std::span<const float> factors, QuantizedLayer& layer) {
  for (size_t c = 0; c < map.scale.size(); ++c) {
    const float factor = factors.empty() ? 1.0F : factors[c];
    layer.scale[c] /= map.scale[c];
    layer.bias[c] = (layer.bias[c] - map.shift[c] / factor) / map.scale[c];
  }
}

}  // namespace resnet50
