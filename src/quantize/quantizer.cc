#include "quantize/quantizer.h"

#include <algorithm>
#include <cmath>

#include "network/convolution_scales.h"
#include "network/parallel.h"
#include "quantize/bias_correction.h"
#include "quantize/channel_groups.h"
#include "quantize/equalize.h"
#include "quantize/layer_run.h"
#include "quantize/repeated_vectors.h"
#include "quantize/weight_grid.h"

namespace resnet50 {
namespace {

// Squared steps a bit at which a uniform grid trades error for length: the slope of step^2 / 12 = const * 4^-bits.
constexpr double kRateSlope = 2.0 * 0.693147180559945 / 12.0;
constexpr size_t kRangePixels = 1 << 20;  // values that a range is found from, at most (about)

float ToReal(int16_t value, float scale) { return float(value) * scale; }

}  // namespace

Quantizer::Quantizer(std::vector<Layer> layers, std::vector<FoldedLayer> weights,
                     const ActivationStatistics& statistics, Range input, const QuantizationOptions& options,
                     const ThreadPool& pool)
    : layers_(std::move(layers)),
      weights_(std::move(weights)),
      statistics_(statistics),
      input_range_(input),
      options_(options),
      pool_(pool),
      factors_(layers_.size()),
      tensors_(layers_.size()),
      quantized_(layers_.size()) {
  image_.channels = kInputChannels;
  image_.scale = QuantizeInput(input_range_).scale;
  ranges_.insert_or_assign(kInputName, input_range_);
}

void Quantizer::Prepare() {
  gains_ = FindNoiseGains(layers_, weights_, statistics_);
  if (options_.compact_bits) {
    size_t repeating = 0, all = 0;
    for (size_t i = 0; i < layers_.size(); ++i) {
      if (!layers_[i].has_weights()) continue;
      all += layers_[i].weight_count();
      if (RepeatsVectors(layers_[i], weights_[i])) repeating += layers_[i].weight_count();
    }
    repeats_vectors_ = 2 * repeating > all;
  }
  // Scaling input channels one by one would make every repeated vector different.
  if (options_.equalize && !repeats_vectors_) {
    for (const ChannelGroup& group : ChannelGroups(layers_)) {
      const std::vector<float> factors = ChooseFactors(layers_, group, weights_, statistics_, gains_);
      Equalize(layers_, group, factors, weights_);
      for (size_t row : group.tensors) {
        factors_[row] = factors;
        for (size_t c = 0; c < factors.size(); ++c) {
          const double squared = double(factors[c]) * double(factors[c]);
          gains_.after[row][c] *= squared;
          gains_.before[row][c] *= squared;
        }
      }
      // Rows whose channels are scaled but not stored on their own, or handed on unchanged.
      for (size_t i = 0; i < layers_.size(); ++i) {
        const Layer& layer = layers_[i];
        const bool produces = std::find(group.producers.begin(), group.producers.end(), i) != group.producers.end();
        const bool passes = (layer.kind == LayerKind::kMaxPool || layer.kind == LayerKind::kMeanPool) &&
                            !factors_[size_t(layer.input)].empty() && factors_[i].empty();
        if (!factors_[i].empty() || !(produces || passes)) continue;
        factors_[i] = factors;
        for (size_t c = 0; c < factors.size(); ++c) {
          const double squared = double(factors[c]) * double(factors[c]);
          gains_.after[i][c] *= squared;
          gains_.before[i][c] *= squared;
        }
      }
    }
  }
  if (options_.compact_bits && !repeats_vectors_) {
    std::vector<WeightWorth> worths;
    for (size_t i = 0; i < layers_.size(); ++i) worths.push_back({gains_.before[i], PatchPower(i)});
    coarse_ = CoarseSteps(layers_, weights_, worths, *options_.compact_bits);
  }
}

double Quantizer::PatchPower(size_t row) const {
  const Layer& layer = layers_[row];
  const double area = double(layer.kernel) * double(layer.kernel);
  if (layer.input == kNetworkInput) return area * kInputChannels;  // normalized images have about unit variance
  const std::vector<double>& squares = statistics_.tensor(size_t(layer.input)).mean_square;
  const std::vector<float>& factors = factors_[size_t(layer.input)];
  double power = 0.0;
  for (size_t c = 0; c < squares.size(); ++c) {
    power += squares[c] / (factors.empty() ? 1.0 : double(factors[c]) * double(factors[c]));
  }
  return power * area;
}

void Quantizer::AddImage(std::span<const float> reals, int side) {
  const InputQuantization q = QuantizeInput(input_range_);
  image_.extent = {size_t(side), size_t(side)};
  std::vector<int16_t>& codes = image_.images.emplace_back(reals.size());
  for (size_t i = 0; i < reals.size(); ++i) codes[i] = int16_t(int(QuantizeInputValue(reals[i], q)) - q.zero_point);
}

const CodedTensor& Quantizer::Input(size_t row) const {
  return layers_[row].input == kNetworkInput ? image_ : tensors_[size_t(layers_[row].input)];
}

int Quantizer::AdditionAfter(size_t row) const {
  for (size_t i = row + 1; i < layers_.size(); ++i) {
    if (layers_[i].kind == LayerKind::kAdd && layers_[i].input == int(row)) return int(i);
  }
  return kNoLayer;
}

Result<bool> Quantizer::Step() {
  if (next_ == layers_.size()) return false;
  const size_t row = next_;
  const Layer& layer = layers_[row];
  if (layer.has_weights()) QuantizeWeights(row);
  // An addition was stored by the convolution in front of it.
  if (layer.kind != LayerKind::kAdd && layer.kind != LayerKind::kLinear) {
    Extent extent{0, 0};
    Result<std::vector<std::vector<float>>> outputs = RunRow(row, extent);
    if (!outputs) return std::move(outputs).error();
    const int addition = AdditionAfter(row);
    const size_t stored = addition == kNoLayer ? row : size_t(addition);
    if (addition != kNoLayer) AddShortcut(layers_[stored], outputs.value());
    if (layer.has_weights() && layers_[stored].relu) FinishSums(row, stored, outputs.value());
    Store(stored, LeastExtent(row), std::move(outputs).value(), extent);
  }
  FreeUnused(row);
  weights_[row] = {};
  ++next_;
  return next_ < layers_.size();
}

std::vector<float> Quantizer::StepsOf(size_t row, float input_scale) const {
  const FoldedLayer& folded = weights_[row];
  std::vector<float> steps;
  if (repeats_vectors_ && RepeatsVectors(layers_[row], folded)) {
    steps = SharedSteps(folded);
  } else if (!coarse_.empty()) {
    steps = coarse_[row];
  } else {
    steps = FineSteps(folded);
  }
  const std::vector<float> least = LeastSteps(folded, input_scale);
  for (size_t c = 0; c < steps.size(); ++c) steps[c] = std::max(steps[c], least[c]);
  return steps;
}

void Quantizer::QuantizeWeights(size_t row) {
  const Layer& layer = layers_[row];
  const CodedTensor& input = Input(row);
  QuantizedLayer& quantized = quantized_[row];
  quantized.scale = StepsOf(row, input.scale);
  const bool shared = repeats_vectors_ && RepeatsVectors(layer, weights_[row]);
  if (options_.compensate && !shared) {
    const ErrorFeedback feedback = FactorMoments(MeasureSecondMoments(layer, input, pool_), options_.trust, pool_);
    CodePrice price;
    if (options_.compact_bits && options_.rate_weight > 0.0) {
      price.slope = kRateSlope * options_.rate_weight;
      price.bits = CodeBits(RoundToNearest(weights_[row].weight, quantized.scale));
    }
    quantized.weight = RoundWithFeedback(weights_[row].weight, quantized.scale, feedback, price, pool_);
  } else {
    quantized.weight = RoundToNearest(weights_[row].weight, quantized.scale);
  }
  quantized.bias = weights_[row].bias;
  if (options_.correct_bias && layer.kind == LayerKind::kLinear) CorrectLogits(row);
}

std::vector<double> Quantizer::RealMean(size_t row) const {
  std::vector<double> mean = statistics_.tensor(row).mean;
  const std::vector<float>& factors = factors_[row];
  for (size_t c = 0; c < mean.size() && !factors.empty(); ++c) mean[c] /= double(factors[c]);
  return mean;
}

// The logits' means are linear in the features': bias' = bias + W E[x] - Wq E[xq].
void Quantizer::CorrectLogits(size_t row) {
  const FoldedLayer& folded = weights_[row];
  QuantizedLayer& quantized = quantized_[row];
  const CodedTensor& input = Input(row);
  const std::vector<double> real = RealMean(size_t(layers_[row].input));
  std::vector<double> coded(input.channels);
  for (const std::vector<int16_t>& image : input.images) {
    for (size_t i = 0; i < coded.size(); ++i) coded[i] += ToReal(image[i], input.scale) / double(input.images.size());
  }
  const size_t count = real.size();
  for (size_t o = 0; o < quantized.bias.size(); ++o) {
    double shift = 0.0;
    for (size_t i = 0; i < count; ++i) {
      shift += double(folded.weight[o * count + i]) * real[i] -
               double(quantized.weight[o * count + i]) * double(quantized.scale[o]) * coded[i];
    }
    quantized.bias[o] = float(double(quantized.bias[o]) + shift);
  }
}

void Quantizer::FinishSums(size_t row, size_t stored, std::vector<std::vector<float>>& sums) {
  const size_t channels = size_t(layers_[row].out_channels);
  std::vector<float> shifts(channels, 0.0F);
  if (options_.correct_bias) shifts = FindBiasShifts(sums, RealMean(stored), pool_);
  for (size_t c = 0; c < channels; ++c) quantized_[row].bias[c] += shifts[c];
  ParallelFor(pool_, sums.size(), [&](size_t k) {
    for (size_t at = 0; at < sums[k].size(); at += channels) {
      for (size_t c = 0; c < channels; ++c) sums[k][at + c] = std::max(sums[k][at + c] + shifts[c], 0.0F);
    }
  });
}

Result<std::vector<std::vector<float>>> Quantizer::RunRow(size_t row, Extent& out) {
  const Layer& layer = layers_[row];
  const CodedTensor& input = Input(row);
  LayerWeights weights;
  std::vector<float> real;
  if (layer.has_weights()) {
    const QuantizedLayer& quantized = quantized_[row];
    real.resize(quantized.weight.size());
    const size_t count = real.size() / quantized.scale.size();
    for (size_t i = 0; i < real.size(); ++i) real[i] = float(quantized.weight[i]) * quantized.scale[i / count];
    weights.real = real;
    weights.bias = quantized.bias;
  }
  out = {size_t(OutputSize(layer, int(input.extent.height))), size_t(OutputSize(layer, int(input.extent.width)))};
  const auto fill = [&](size_t k, std::span<float> to) {
    for (size_t i = 0; i < to.size(); ++i) to[i] = ToReal(input.images[k][i], input.scale);
  };
  return RunLayer(layer, weights, input.extent, input.images.size(), fill, pool_);
}

void Quantizer::AddShortcut(const Layer& addition, std::vector<std::vector<float>>& sums) const {
  const CodedTensor& shortcut = tensors_[size_t(addition.shortcut)];
  ParallelFor(pool_, sums.size(), [&](size_t k) {
    const std::vector<int16_t>& from = shortcut.images[k];
    for (size_t i = 0; i < from.size(); ++i) sums[k][i] += ToReal(from[i], shortcut.scale);
  });
}

// A layer whose outputs are all zero says nothing of their range, but its sums must still fit: XNNPACK scales them by
// less than 256 (this much makes that 127), and no sum may swing further than kernels can round.
float Quantizer::LeastExtent(size_t row) const {
  constexpr float kNonZero = 1e-6F;
  constexpr float kCodes = 127.0F;
  if (!layers_[row].has_weights()) return kNonZero;
  const std::vector<float>& steps = quantized_[row].scale;
  const float input = Input(row).scale;
  return std::max({kNonZero, input * *std::max_element(steps.begin(), steps.end()),
                   kCodes * LeastOutputScale(quantized_[row].weight, steps, input)});
}

float Quantizer::RangeMargin(size_t row) const {
  if (!options_.widen_ranges || options_.ranges != RangeMethod::kSquares) return 1.0F;
  return layers_[row].kind == LayerKind::kMeanPool ? kGeneratedPooledMargin : kGeneratedMargin;
}

void Quantizer::Store(size_t row, float least_extent, std::vector<std::vector<float>> outputs, Extent extent) {
  const Layer& layer = layers_[row];
  CodedTensor& tensor = tensors_[row];
  tensor.extent = extent;
  tensor.channels = size_t(layer.out_channels);
  TensorQuantization q;
  if (layer.kind == LayerKind::kMaxPool) {
    q = QuantizeNonNegative(ranges_.find(layers_[size_t(layer.input)].name)->second, ActivationBits::kSeven);
  } else {
    Range range{0.0F, least_extent};
    for (const std::vector<float>& image : outputs) {
      const auto [low, high] = std::minmax_element(image.begin(), image.end());
      range = {std::min(range.min, *low), std::max(range.max, *high)};
    }
    const bool seven = FeedsConvolution(layers_, int(row));
    if (range.min >= 0.0F) {
      RangeSearch search(range.max);
      const std::vector<float> weights(gains_.after[row].begin(), gains_.after[row].end());
      const size_t channels = tensor.channels, pixels = extent.height * extent.width;
      const size_t stride = std::max<size_t>(1, outputs.size() * pixels * channels / kRangePixels);
      for (const std::vector<float>& image : outputs) {
        for (size_t p = stride / 2; p < pixels; p += stride) {
          search.Add(std::span(image).subspan(p * channels, channels), weights);
        }
      }
      range.max = std::max(least_extent, RangeMargin(row) * search.Find(options_.ranges, seven ? 127 : 255));
    }
    ranges_.insert_or_assign(layer.name, range);
    q = seven ? QuantizeNonNegative(range, ActivationBits::kSeven) : QuantizeFull(range);
  }
  tensor.scale = q.scale;
  tensor.images.resize(outputs.size());
  ParallelFor(pool_, outputs.size(), [&](size_t k) {
    std::vector<int16_t>& codes = tensor.images[k];
    codes.resize(outputs[k].size());
    const float low = float(q.min - q.zero_point), high = float(q.max - q.zero_point), unit = 1.0F / q.scale;
    for (size_t i = 0; i < codes.size(); ++i) {
      codes[i] = int16_t(std::clamp(std::nearbyint(outputs[k][i] * unit), low, high));
    }
    outputs[k] = {};
  });
  Report(row);
}

void Quantizer::Report(size_t row) {
  const TensorStatistics& real = statistics_.tensor(row);
  const CodedTensor& tensor = tensors_[row];
  const std::vector<float>& factors = factors_[row];
  double signal = 0.0, noise = 0.0;
  size_t at = 0;
  for (size_t k = 0; k < std::min<size_t>(tensor.images.size(), size_t(kProbeImages)); ++k) {
    for (size_t p : ProbePixels(tensor.extent)) {
      for (size_t c = 0; c < tensor.channels; ++c, ++at) {
        const double expected = double(real.probe[at]);
        const double factor = factors.empty() ? 1.0 : double(factors[c]);
        const double found = double(ToReal(tensor.images[k][p * tensor.channels + c], tensor.scale)) * factor;
        signal += expected * expected;
        noise += (found - expected) * (found - expected);
      }
    }
  }
  reports_.push_back({layers_[row].name, 10.0 * std::log10(std::max(signal, 1e-30) / std::max(noise, 1e-30))});
}

void Quantizer::Unmatch(const std::vector<ChannelMap>& maps) {
  for (size_t row = 0; row < maps.size(); ++row) Unmap(maps[row], factors_[row], quantized_[row]);
}

// Drops tensors that no later row reads.
void Quantizer::FreeUnused(size_t row) {
  for (size_t i = 0; i <= row; ++i) {
    bool read = false;
    for (size_t later = row + 1; later < layers_.size(); ++later) {
      read = read || layers_[later].input == int(i) || layers_[later].shortcut == int(i);
    }
    if (!read) tensors_[i].images = {};
  }
}

}  // namespace resnet50
