#include "quantize/repeated_vectors.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace resnet50 {
namespace {

constexpr size_t kRun = 4;              // inputs of a 1x1 kernel
constexpr float kResolution = 4095.0F;  // finer than int8, coarser than what folding rounded

// The largest |w| before folding.
float LargestRaw(const FoldedLayer& folded) {
  const size_t count = folded.weight.size() / folded.factor.size();
  float largest = 0.0F;
  for (size_t i = 0; i < folded.weight.size(); ++i) {
    const float factor = std::fabs(folded.factor[i / count]);
    if (factor > 0.0F) largest = std::max(largest, std::fabs(folded.weight[i]) / factor);
  }
  return largest;
}

}  // namespace

bool RepeatsVectors(const Layer& layer, const FoldedLayer& folded) {
  const size_t area = size_t(layer.kernel) * size_t(layer.kernel), in = size_t(layer.in_channels);
  if (folded.factor.empty() || in % kRun != 0) return false;
  const float largest = LargestRaw(folded);
  if (largest == 0.0F) return false;
  std::vector<uint64_t> hashes;
  for (size_t o = 0; o < folded.factor.size(); ++o) {
    const float unit = folded.factor[o] == 0.0F ? 0.0F : kResolution / (largest * folded.factor[o]);
    const float* kernel = folded.weight.data() + o * area * in;
    uint64_t hash = 14695981039346656037ULL;  // FNV-1a
    for (size_t i = 0; i < in; ++i) {
      for (size_t p = 0; p < area; ++p) {
        hash = (hash ^ uint64_t(uint32_t(int32_t(std::nearbyint(kernel[p * in + i] * unit))))) * 1099511628211ULL;
      }
      if (area > 1 || i % kRun == kRun - 1) {
        hashes.push_back(hash);
        hash = 14695981039346656037ULL;
      }
    }
  }
  const size_t all = hashes.size();
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  return hashes.size() * 2 <= all;
}

std::vector<float> SharedSteps(const FoldedLayer& folded) {
  const float step = LargestRaw(folded) / 127.0F;
  std::vector<float> steps;
  for (float factor : folded.factor) steps.push_back(std::max(std::fabs(factor) * step, 1e-30F));
  return steps;
}

}  // namespace resnet50
