#include "kernels/self_check.h"

#include <vector>

#include "base/random.h"
#include "kernels/int8_spill.h"
#include "kernels/int8_tile.h"
#include "kernels/kernel_choice.h"

namespace resnet50 {
namespace {

constexpr size_t kRows = 31, kColumns = 20, kChannels = 36, kTaps = 9;
constexpr size_t kOutputs = kRows * kColumns;
constexpr size_t kTail = 64;  // kernels may read a vector past the end of a tensor

// FNV-1a.
uint32_t Digest(uint32_t hash, const int8_t* values, size_t count) {
  for (size_t i = 0; i < count; ++i) hash = (hash ^ uint8_t(values[i])) * 16777619U;
  return hash;
}

// Weights of all sizes, some of which no two steps can share int16 with.
int8_t RandomWeight(Random& random) {
  const uint32_t bits = random.Next();
  return bits % 8 == 0 ? int8_t(bits & 16 ? 127 : -127) : int8_t(int(bits >> 8 & 127) - 64);
}

// A convolution on random data; its outputs lie in front of its residuals.
class Convolution {
 public:
  Convolution(resnet50_int8_form form, size_t taps, uint32_t seed)
      : kernels_(*resnet50_int8_kernels_of(form)), taps_(taps) {
    Random random(seed);
    std::vector<int8_t> weights(kColumns * taps * kChannels);
    for (int8_t& w : weights) w = RandomWeight(random);
    const std::vector<int32_t> bias(kColumns, int32_t(random.Next() % 10000));
    const size_t panel_bytes = kernels::PanelBytes(taps, kChannels);
    panels_.resize((kColumns + kernels::kTileColumns - 1) / kernels::kTileColumns * panel_bytes);
    resnet50_int8_pack(kernels_.layout, kColumns, taps, kChannels, weights.data(), bias.data(), 0, kernels::kScaleBytes,
                       panels_.data(), kernels_.layout == resnet50_int8_with_spill ? &spill_ : nullptr);
    const float scale = 1.0F / (64.0F * float(taps * kChannels));
    for (size_t end = panel_bytes; end <= panels_.size(); end += panel_bytes) {
      auto* scales = reinterpret_cast<float*>(panels_.data() + end - kernels::kScaleBytes);
      for (size_t c = 0; c < kernels::kTileColumns; ++c) scales[c] = scale * float(c + 1);
    }
    input_.resize((kRows + kTaps) * kChannels + kTail);
    for (int8_t& code : input_) code = int8_t(random.Next() & 127);
    outputs_.resize(2 * (kOutputs + kTail));
    for (int8_t& code : outputs_) code = int8_t(random.Next());
    epilogue_ = resnet50_int8_epilogue_of(-3, -100);
    epilogue_.residual_scale = 0.3F;
    epilogue_.residual_zero_point = 5;
    epilogue_.residual_offset = ptrdiff_t(kOutputs + kTail);
    epilogue_.spill = &spill_;
    epilogue_.weights = panels_.data();
  }

  uint32_t Gemm(uint32_t hash, bool residual) {
    const resnet50_int8_epilogue* params = &epilogue_;
    (residual ? kernels_.gemm_residual : kernels_.gemm)(kRows, kColumns, kChannels, input_.data(), kChannels,
                                                        panels_.data(), outputs_.data(), kColumns, 0, &params);
    return Digest(hash, outputs_.data(), kOutputs);
  }

  uint32_t Igemm(uint32_t hash) {
    const resnet50_int8_epilogue* params = &epilogue_;
    std::vector<const int8_t*> pointers;
    for (size_t i = 0; i < kRows * taps_; ++i) pointers.push_back(input_.data() + (i / taps_ + i % taps_) * kChannels);
    kernels_.igemm(kRows, kColumns, kChannels, taps_ * sizeof(void*), pointers.data(), panels_.data(), outputs_.data(),
                   kColumns, 0, 0, nullptr, &params);
    return Digest(hash, outputs_.data(), kOutputs);
  }

 private:
  const resnet50_int8_kernels& kernels_;
  size_t taps_;
  std::vector<int8_t> panels_, input_, outputs_;
  resnet50_int8_spill spill_;
  resnet50_int8_epilogue epilogue_{};
};

}  // namespace

uint32_t Int8Digest(resnet50_int8_form form) {
  Convolution matrix(form, 1, 1), windows(form, kTaps, 2);
  return windows.Igemm(matrix.Gemm(matrix.Gemm(2166136261U, false), true));
}

bool KernelsCompute() {
  return Int8Digest(BestInt8Form()) == kInt8Digest && Int8Digest(ExactInt8Form()) == kInt8Digest;
}

}  // namespace resnet50
