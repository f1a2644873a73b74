#include "quantize/range_search.h"

#include <algorithm>
#include <cmath>

namespace resnet50 {
namespace {

constexpr size_t kBins = 8192;  // 32 for each of 255 codes
constexpr double kPercentile = 0.9999;
constexpr int kCandidates = 100;
constexpr double kLeastReach = 0.15;  // of the largest value

}  // namespace

RangeSearch::RangeSearch(float largest) : largest_(largest), bins_(kBins), counts_(kBins) {}

void RangeSearch::Add(std::span<const float> values, std::span<const float> weights) {
  const float bins_a_unit = float(kBins) / largest_;
  for (size_t c = 0; c < values.size(); ++c) {
    // Zeros, half of all values, have no error whatever the range.
    if (!(values[c] > 0.0F)) continue;
    const size_t bin = std::min(size_t(values[c] * bins_a_unit), kBins - 1);
    bins_[bin] += double(weights[c]);
    counts_[bin] += 1.0;
  }
}

double RangeSearch::Error(double reach, int codes) const {
  const double bin_width = double(largest_) / double(kBins);
  const double step = reach / codes;
  double error = 0.0;
  for (size_t b = 0; b < kBins; ++b) {
    if (bins_[b] == 0.0) continue;
    const double value = (double(b) + 0.5) * bin_width;
    const double code = std::min(std::floor(value / step + 0.5), double(codes));
    const double difference = value - code * step;
    error += bins_[b] * difference * difference;
  }
  return error;
}

float RangeSearch::Find(RangeMethod method, int codes) const {
  if (method == RangeMethod::kPercentile) {
    double all = 0.0, below = 0.0;
    for (double count : counts_) all += count;
    for (size_t b = 0; b < kBins; ++b) {
      below += counts_[b];
      if (below >= kPercentile * all) return largest_ * float(b + 1) / float(kBins);
    }
  }
  if (method != RangeMethod::kSquares) return largest_;
  double best = largest_, least = Error(largest_, codes);
  for (int i = 0; i < kCandidates; ++i) {
    const double reach = double(largest_) * (kLeastReach + (1.0 - kLeastReach) * double(i) / kCandidates);
    const double error = Error(reach, codes);
    if (error < least) least = error, best = reach;
  }
  return float(best);
}

}  // namespace resnet50
