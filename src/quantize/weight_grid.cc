#include "quantize/weight_grid.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace resnet50 {
namespace {

constexpr float kCodes = 127.0F;
constexpr float kSmallestStep = 1e-30F;
constexpr double kLargestBiasCode = 1e9;  // of the 2^31 that an accumulator holds
constexpr double kCoarsest = 1.5;         // steps over a channel's root mean square
constexpr double kLeastGain = 1e-2;       // of the layer's mean
constexpr int kSearchSteps = 16;
constexpr size_t kSampleStride = 5;  // weights that are looked at while searching: one in five

struct RowMeasure {
  double worth;  // the step is constant * worth, within the bounds
  double least, most;
};

std::vector<RowMeasure> Measure(const FoldedLayer& folded, const WeightWorth& worth) {
  const size_t count = folded.weight.size() / folded.bias.size();
  const std::vector<double>& gain = worth.gain;
  const double power = std::max(worth.power, 1e-12);
  double mean_gain = 0.0;
  for (double g : gain) mean_gain += g / double(gain.size());
  std::vector<RowMeasure> rows;
  for (size_t o = 0; o < folded.bias.size(); ++o) {
    const float* w = folded.weight.data() + o * count;
    double squares = 0.0, largest = 0.0;
    for (size_t i = 0; i < count; ++i) {
      squares += double(w[i]) * double(w[i]);
      largest = std::max(largest, std::fabs(double(w[i])));
    }
    const double g = std::max({gain[o], kLeastGain * mean_gain, 1e-30});
    const double least = std::max(largest / double(kCodes), double(kSmallestStep));
    rows.push_back({std::sqrt(double(count) / (g * power)), least,
                    std::max(least, kCoarsest * std::sqrt(squares / double(count)))});
  }
  return rows;
}

float Step(const RowMeasure& row, double constant) {
  return float(std::clamp(constant * row.worth, row.least, row.most));
}

// Bits that a layer's codes take, estimated from a sample.
double Bits(const FoldedLayer& folded, const std::vector<RowMeasure>& rows, double constant) {
  std::array<double, 256> histogram{};
  const size_t count = folded.weight.size() / rows.size();
  double sampled = 0.0;
  for (size_t o = 0; o < rows.size(); ++o) {
    const float unit = 1.0F / Step(rows[o], constant);
    for (size_t i = o % kSampleStride; i < count; i += kSampleStride) {
      const float code = std::clamp(std::nearbyint(folded.weight[o * count + i] * unit), -kCodes, kCodes);
      histogram[size_t(int(code) + 127)] += 1.0;
      sampled += 1.0;
    }
  }
  double bits = 0.0;
  for (double h : histogram) {
    if (h > 0.0) bits -= h * std::log2(h / sampled);
  }
  return bits / sampled * double(folded.weight.size());
}

}  // namespace

std::vector<float> LeastSteps(const FoldedLayer& folded, float input_scale) {
  std::vector<float> steps;
  for (float bias : folded.bias) {
    steps.push_back(std::max(float(std::fabs(double(bias)) / (double(input_scale) * kLargestBiasCode)), kSmallestStep));
  }
  return steps;
}

std::vector<float> FineSteps(const FoldedLayer& folded) {
  const size_t count = folded.weight.size() / folded.bias.size();
  std::vector<float> steps;
  for (size_t o = 0; o < folded.bias.size(); ++o) {
    float largest = 0.0F;
    for (size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(folded.weight[o * count + i]));
    steps.push_back(std::max(largest / kCodes, kSmallestStep));
  }
  return steps;
}

std::vector<std::vector<float>> CoarseSteps(const std::vector<Layer>& layers, const std::vector<FoldedLayer>& weights,
                                            const std::vector<WeightWorth>& worths, double bits) {
  std::vector<std::vector<RowMeasure>> measures(layers.size());
  double all = 0.0, worth = 0.0;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].has_weights()) continue;
    measures[i] = Measure(weights[i], worths[i]);
    all += double(weights[i].weight.size());
    for (const RowMeasure& row : measures[i]) worth = std::max(worth, row.most / row.worth);
  }
  // The constant lies below the largest that any channel can use; each halving of it costs about a bit.
  double low = std::log2(worth) - 40.0, high = std::log2(worth);
  for (int step = 0; step < kSearchSteps; ++step) {
    const double middle = 0.5 * (low + high);
    double sum = 0.0;
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!measures[i].empty()) sum += Bits(weights[i], measures[i], std::exp2(middle));
    }
    (sum > bits * all ? low : high) = middle;
  }
  std::vector<std::vector<float>> steps(layers.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    for (const RowMeasure& row : measures[i]) steps[i].push_back(Step(row, std::exp2(high)));
  }
  return steps;
}

std::vector<float> CodeBits(const std::vector<int8_t>& codes) {
  std::array<double, 255> histogram;
  histogram.fill(0.5);  // codes that are not there are dear, not forbidden
  for (int8_t code : codes) histogram[size_t(int(code) + 127)] += 1.0;
  std::vector<float> bits;
  bits.reserve(histogram.size());
  for (double h : histogram) bits.push_back(float(-std::log2(h / (double(codes.size()) + 127.5))));
  return bits;
}

}  // namespace resnet50
