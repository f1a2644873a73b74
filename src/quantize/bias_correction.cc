#include "quantize/bias_correction.h"

#include <algorithm>
#include <cmath>

#include "network/parallel.h"

namespace resnet50 {
namespace {

constexpr int kNewtonSteps = 4;
constexpr double kLeastActive = 0.01;  // share of values above zero

}  // namespace

std::vector<float> FindBiasShifts(const std::vector<std::vector<float>>& sums, std::span<const double> wanted,
                                  const ThreadPool& pool) {
  const size_t channels = wanted.size();
  const size_t area = sums.front().size() / channels;
  const double pixels = double(area) * double(sums.size());
  std::vector<float> shifts(channels, 0.0F);
  // By image, added up in order, so that threads do not matter.
  std::vector<std::vector<double>> means(sums.size()), actives(sums.size());
  for (int step = 0; step < kNewtonSteps; ++step) {
    ParallelFor(pool, sums.size(), [&](size_t k) {
      means[k].assign(channels, 0.0);
      actives[k].assign(channels, 0.0);
      for (size_t at = 0; at < sums[k].size(); at += channels) {
        for (size_t c = 0; c < channels; ++c) {
          const float value = sums[k][at + c] + shifts[c];
          means[k][c] += double(std::max(value, 0.0F));
          actives[k][c] += value > 0.0F ? 1.0 : 0.0;
        }
      }
    });
    for (size_t c = 0; c < channels; ++c) {
      double mean = 0.0, active = 0.0;
      for (size_t k = 0; k < sums.size(); ++k) mean += means[k][c], active += actives[k][c];
      mean /= pixels, active /= pixels;
      if (active >= kLeastActive) shifts[c] += float((wanted[c] - mean) / active);
    }
  }
  return shifts;
}

}  // namespace resnet50
