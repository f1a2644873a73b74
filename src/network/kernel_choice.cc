#include "network/kernel_choice.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

namespace resnet50 {
namespace {

bool IsCompiled(resnet50_int8_form form) { return resnet50_int8_kernels_of(form)->gemm != nullptr; }

// A product of the shape that the network spends its time on, small enough for the first-level cache.
class Probe {
 public:
  double BestMilliseconds(resnet50_int8_form form) {
    const auto gemm = resnet50_int8_kernels_of(form)->gemm;
    double best = std::numeric_limits<double>::max();
    // V8 compiles a function better after it has run for a while; the best of many runs is what counts later.
    for (int run = 0; run < kRuns; ++run) {
      const auto start = std::chrono::steady_clock::now();
      gemm(kRows, kColumns, kChannels, input_.data(), kChannels, weights_.data(), output_.data(), kColumns, 0,
           &epilogue_);
      const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
      best = std::min(best, elapsed.count());
    }
    return best;
  }

 private:
  static constexpr size_t kRows = 24, kColumns = 64, kChannels = 256;
  static constexpr int kRuns = 24;
  static constexpr size_t kPanels = kColumns / 8;

  std::vector<int8_t> input_ = std::vector<int8_t>(kRows * kChannels + 64, 3);
  std::vector<int8_t> weights_ = std::vector<int8_t>(kPanels * (64 + 8 * kChannels), 1);
  std::vector<int8_t> output_ = std::vector<int8_t>(kRows * kColumns + 64);
  resnet50_int8_residual epilogue_{0, 0, 127, 0, 0.0F, 0};
};

resnet50_int8_form Measure() {
  if (!IsCompiled(resnet50_int8_relaxed_i32)) return ExactInt8Form();
  Probe probe;
  const double i32 = probe.BestMilliseconds(resnet50_int8_relaxed_i32);
  const double i16 = probe.BestMilliseconds(resnet50_int8_relaxed_i16);
  return i16 < i32 ? resnet50_int8_relaxed_i16 : resnet50_int8_relaxed_i32;
}

}  // namespace

resnet50_int8_form BestInt8Form() {
  static const resnet50_int8_form best = Measure();  // a property of the machine, not of a model
  return best;
}

resnet50_int8_form ExactInt8Form() {
  return IsCompiled(resnet50_int8_plain_simd) ? resnet50_int8_plain_simd : resnet50_int8_scalar;
}

const char* Name(resnet50_int8_form form) {
  static constexpr const char* kNames[] = {"scalar", "simd", "relaxed-i32", "relaxed-i16"};
  return kNames[form];
}

}  // namespace resnet50
