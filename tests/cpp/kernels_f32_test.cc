// The f32 kernels against sums spelled out here, bit for bit, over odd shapes, strides, padding and clamps.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/f32_kernels.h"

namespace resnet50 {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Problem {
  size_t rows, columns, channels, taps;
  std::vector<float> weights;  // [columns][taps][channels]
  std::vector<float> bias;
  resnet50_f32_clamp clamp;
};

Problem MakeProblem(Random& random, size_t rows, size_t columns, size_t channels, size_t taps) {
  Problem p{rows, columns, channels, taps, {}, {}, {}};
  p.weights.resize(columns * taps * channels);
  for (float& w : p.weights) w = random.Between(-1.0F, 1.0F);
  p.bias.resize(columns);
  for (float& b : p.bias) b = random.Between(-1.0F, 1.0F);
  const bool relu = random.Next() % 2 == 0;
  p.clamp = {relu ? 0.0F : -kInfinity, random.Next() % 3 == 0 ? 0.5F : kInfinity};
  return p;
}

// Panels of 8 outputs: biases, then 8 weights per tap and channel.
std::vector<float> Pack(const Problem& p) {
  std::vector<float> packed;
  for (size_t n = 0; n < p.columns; n += 8) {
    for (size_t c = n; c < n + 8; ++c) packed.push_back(c < p.columns ? p.bias[c] : 0.0F);
    for (size_t i = 0; i < p.taps * p.channels; ++i) {
      for (size_t c = n; c < n + 8; ++c) {
        packed.push_back(c < p.columns ? p.weights[c * p.taps * p.channels + i] : 0.0F);
      }
    }
  }
  return packed;
}

// One output; whether products are rounded before they are added is the engine's choice, the same for all.
template <typename Input>
float Output(const Problem& p, size_t column, const Input& input, bool fused) {
  float sum = p.bias[column];
  for (size_t t = 0; t < p.taps; ++t) {
    for (size_t k = 0; k < p.channels; ++k) {
      const float a = input(t)[k], w = p.weights[(column * p.taps + t) * p.channels + k];
      sum = fused ? std::fma(a, w, sum) : sum + a * w;
    }
  }
  return std::min(std::max(sum, p.clamp.min), p.clamp.max);
}

// Compares the outputs with both ways of rounding; what lies between rows must not have been written.
template <typename Input>
void ExpectOutputs(const Problem& p, const std::vector<float>& have, size_t stride, const Input& input) {
  size_t fused = 0, rounded = 0;
  for (size_t r = 0; r < p.rows; ++r) {
    const auto at = [&](size_t t) { return input(r, t); };
    for (size_t c = 0; c < p.columns; ++c) {
      fused += have[r * stride + c] == Output(p, c, at, true);
      rounded += have[r * stride + c] == Output(p, c, at, false);
    }
    for (size_t c = p.columns; c < stride; ++c) EXPECT_EQ(have[r * stride + c], 7.0F);
  }
  EXPECT_EQ(std::max(fused, rounded), p.rows * p.columns)
      << p.rows << " x " << p.columns << " x " << p.channels << ", " << p.taps << " taps";
}

TEST(F32Kernels, GemmSumsInOrder) {
  Random random(31);
  for (size_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 19, 49}) {
    for (size_t columns : {1, 7, 8, 9, 24}) {
      for (size_t channels : {1, 2, 3, 4, 5, 21, 64}) {
        const Problem p = MakeProblem(random, rows, columns, channels, 1);
        const std::vector<float> packed = Pack(p);
        const size_t a_stride = channels + random.Next() % 3, c_stride = columns + random.Next() % 3;
        std::vector<float> input(rows * a_stride), have(rows * c_stride, 7.0F);
        for (float& v : input) v = random.Between(-1.0F, 1.0F);
        resnet50_f32_gemm(rows, columns, channels * sizeof(float), input.data(), a_stride * sizeof(float),
                          packed.data(), have.data(), c_stride * sizeof(float), 0, &p.clamp);
        ExpectOutputs(p, have, c_stride, [&](size_t r, size_t) { return input.data() + r * a_stride; });
      }
    }
  }
}

TEST(F32Kernels, IgemmReadsThroughPointers) {
  Random random(32);
  for (size_t rows : {1, 4, 5, 6, 13, 49}) {
    for (size_t columns : {5, 8, 20}) {
      for (size_t channels : {3, 16, 21}) {
        for (size_t taps : {1, 9, 49}) {
          for (size_t offset : {size_t{0}, channels}) {
            const Problem p = MakeProblem(random, rows, columns, channels, taps);
            const std::vector<float> packed = Pack(p);
            std::vector<float> input(41 * channels), zero(channels, 0.25F);
            for (float& v : input) v = random.Between(-1.0F, 1.0F);
            std::vector<const float*> pointers;
            for (size_t i = 0; i < rows * taps; ++i) {
              pointers.push_back(random.Next() % 4 == 0 ? zero.data() : input.data() + random.Next() % 40 * channels);
            }
            const size_t c_stride = columns + random.Next() % 3;
            std::vector<float> have(rows * c_stride, 7.0F);
            resnet50_f32_igemm(rows, columns, channels * sizeof(float), taps * sizeof(void*), pointers.data(),
                               packed.data(), have.data(), c_stride * sizeof(float), 0, offset * sizeof(float),
                               zero.data(), &p.clamp);
            ExpectOutputs(p, have, c_stride, [&](size_t r, size_t t) {
              const float* at = pointers[r * taps + t];
              return at == zero.data() ? at : at + offset;
            });
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace resnet50
