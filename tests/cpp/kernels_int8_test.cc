// Every form of the int8 kernels against the scalar one, bit for bit, over odd shapes, strides, padding, residuals and
// extreme values; and the scalar one against arithmetic spelled out here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "kernels/int8_kernels.h"
#include "kernels/int8_packing.h"

namespace resnet50 {
namespace {

constexpr size_t kTail = 64;  // kernels may read a vector past the end of any tensor

struct Problem {
  size_t rows, columns, channels, taps;
  std::vector<int8_t> weights;  // [columns][taps][channels]
  std::vector<int32_t> bias;
  std::vector<float> scale;
  resnet50_int8_residual epilogue;
};

int8_t RandomCode(Random& random, int low, int high) {
  return int8_t(low + int(random.Next() % uint32_t(high - low + 1)));
}

Problem MakeProblem(Random& random, size_t rows, size_t columns, size_t channels, size_t taps, bool extreme) {
  Problem p{rows, columns, channels, taps, {}, {}, {}, {}};
  p.weights.resize(columns * taps * channels);
  for (int8_t& w : p.weights)
    w = extreme ? (random.Next() & 1 ? int8_t(127) : int8_t(-127)) : RandomCode(random, -127, 127);
  for (size_t c = 0; c < columns; ++c) {
    p.bias.push_back(int32_t(random.Next() % 20001) - 10000);
    p.scale.push_back(random.Between(0.5F, 2.0F) / (60.0F * std::sqrt(float(taps * channels))));
  }
  const auto zero_point = int16_t(random.Next() % 3 == 0 ? -128 : 0);
  p.epilogue = {zero_point, zero_point, 127, RandomCode(random, -100, 100), random.Between(0.1F, 1.5F), 0};
  return p;
}

// XNNPACK's layout for 8 columns and 4 channels a step; see src/kernels/int8_tile.h.
std::vector<int8_t> Pack(const Problem& p) {
  std::vector<int8_t> packed;
  const auto append = [&](const void* data, size_t bytes) {
    const auto* from = static_cast<const int8_t*>(data);
    packed.insert(packed.end(), from, from + bytes);
  };
  for (size_t n = 0; n < p.columns; n += 8) {
    for (size_t c = n; c < n + 8; ++c) {
      const int32_t bias = c < p.columns ? p.bias[c] : 0;
      append(&bias, sizeof bias);
    }
    for (size_t t = 0; t < p.taps; ++t) {
      for (size_t k = 0; k < p.channels; k += 4) {
        for (size_t c = n; c < n + 8; ++c) {
          for (size_t d = k; d < k + 4; ++d) {
            const bool inside = c < p.columns && d < p.channels;
            packed.push_back(inside ? p.weights[(c * p.taps + t) * p.channels + d] : int8_t(0));
          }
        }
      }
    }
    for (size_t c = n; c < n + 8; ++c) {
      const float scale = c < p.columns ? p.scale[c] : 1.0F;
      append(&scale, sizeof scale);
    }
  }
  return packed;
}

std::vector<int8_t> RandomInput(Random& random, size_t size, bool eight_bits, bool extreme) {
  std::vector<int8_t> input(size + kTail);
  for (int8_t& v : input) {
    v = eight_bits ? RandomCode(random, -128, 127) : RandomCode(random, 0, 127);
    if (extreme) v = eight_bits ? int8_t(-128) : int8_t(127);
  }
  return input;
}

class Int8Form : public ::testing::TestWithParam<resnet50_int8_form> {
 protected:
  void SetUp() override {
    if (kernels().gemm == nullptr) GTEST_SKIP() << "this form is not compiled into this flavour";
  }
  const resnet50_int8_kernels& kernels() const { return *resnet50_int8_kernels_of(GetParam()); }
  static const resnet50_int8_kernels& reference() { return *resnet50_int8_kernels_of(resnet50_int8_scalar); }
  // Relaxed dot products are defined for 7-bit activations only.
  bool TakesEightBits() const { return GetParam() == resnet50_int8_scalar || GetParam() == resnet50_int8_plain_simd; }
};

TEST_P(Int8Form, GemmEqualsTheReference) {
  Random random(11);
  for (size_t rows : {1, 2, 3, 4, 5, 6, 7, 12, 13, 49}) {
    for (size_t columns : {1, 3, 7, 8, 9, 16, 24}) {
      for (size_t channels : {1, 3, 4, 5, 8, 17, 64}) {
        for (int variant = 0; variant < 4; ++variant) {
          const bool extreme = variant == 3, eight_bits = TakesEightBits() && (variant & 1);
          Problem p = MakeProblem(random, rows, columns, channels, 1, extreme);
          const std::vector<int8_t> packed = Pack(p);
          const size_t a_stride = channels + random.Next() % 5, c_stride = columns + random.Next() % 5;
          const std::vector<int8_t> input = RandomInput(random, rows * a_stride, eight_bits, extreme);
          // Outputs and residuals lie in one block, as in the network's arena.
          const size_t size = rows * c_stride;
          std::vector<int8_t> have(2 * size + 2 * kTail, 55), want = have;
          for (size_t i = size + kTail; i < have.size(); ++i) have[i] = want[i] = RandomCode(random, -128, 127);
          p.epilogue.offset = ptrdiff_t(size + kTail);
          const bool residual = variant >= 2;
          const auto run = [&](const resnet50_int8_kernels& k, std::vector<int8_t>& out) {
            (residual ? k.gemm_residual : k.gemm)(rows, columns, channels, input.data(), a_stride, packed.data(),
                                                  out.data(), c_stride, 8, &p.epilogue);
          };
          run(kernels(), have);
          run(reference(), want);
          ASSERT_EQ(have, want) << rows << " x " << columns << " x " << channels << ", variant " << variant;
        }
      }
    }
  }
}

TEST_P(Int8Form, IgemmEqualsTheReference) {
  Random random(12);
  for (size_t rows : {1, 4, 6, 8, 13, 18}) {
    for (size_t columns : {5, 8, 20}) {
      for (size_t channels : {3, 8, 12, 64}) {
        for (size_t taps : {1, 9, 49}) {
          const bool extreme = random.Next() % 4 == 0, eight_bits = TakesEightBits() && (random.Next() & 1);
          const Problem p = MakeProblem(random, rows, columns, channels, taps, extreme);
          const std::vector<int8_t> packed = Pack(p);
          const std::vector<int8_t> input = RandomInput(random, 40 * channels, eight_bits, extreme);
          const std::vector<int8_t> zero(channels + kTail, int8_t(random.Next() % 100));
          const size_t offset = random.Next() % channels;
          // One pointer a group, tap and row; some at the padding, which a_offset must not move.
          std::vector<const int8_t*> pointers;
          for (size_t i = 0; i < (rows + 5) / 6 * 6 * taps; ++i) {
            pointers.push_back(random.Next() % 4 == 0 ? zero.data() : input.data() + random.Next() % 39 * channels);
          }
          const size_t c_stride = columns + random.Next() % 3;
          std::vector<int8_t> have(rows * c_stride + kTail, 55), want = have;
          const auto run = [&](const resnet50_int8_kernels& k, std::vector<int8_t>& out) {
            k.igemm(rows, columns, channels, taps * 6 * sizeof(void*), pointers.data(), packed.data(), out.data(),
                    c_stride, 8, offset, zero.data(), &p.epilogue);
          };
          run(kernels(), have);
          run(reference(), want);
          ASSERT_EQ(have, want) << rows << " x " << columns << " x " << channels << ", " << taps << " taps";
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Int8Form,
                         ::testing::Values(resnet50_int8_scalar, resnet50_int8_plain_simd, resnet50_int8_relaxed_i32,
                                           resnet50_int8_relaxed_i16));

TEST(Int8Scalar, ComputesWhatItIsDefinedToCompute) {
  Random random(13);
  for (int round = 0; round < 300; ++round) {
    const size_t rows = 1 + random.Next() % 14, columns = 1 + random.Next() % 20, channels = 1 + random.Next() % 70;
    Problem p = MakeProblem(random, rows, columns, channels, 1, false);
    const std::vector<int8_t> packed = Pack(p), input = RandomInput(random, rows * channels, true, false);
    const std::vector<int8_t> residual = RandomInput(random, rows * columns, true, false);
    std::vector<int8_t> arena(2 * rows * columns + 2 * kTail);
    std::copy(residual.begin(), residual.end(), arena.begin() + ptrdiff_t(rows * columns + kTail));
    p.epilogue.offset = ptrdiff_t(rows * columns + kTail);
    resnet50_int8_kernels_of(resnet50_int8_scalar)
        ->gemm_residual(rows, columns, channels, input.data(), channels, packed.data(), arena.data(), columns, 8,
                        &p.epilogue);
    for (size_t m = 0; m < rows; ++m) {
      for (size_t n = 0; n < columns; ++n) {
        int32_t sum = p.bias[n];
        for (size_t k = 0; k < channels; ++k) sum += input[m * channels + k] * p.weights[n * channels + k];
        const float added = float(residual[m * columns + n] - p.epilogue.zero_point) * p.epilogue.scale;
        const float value = float(sum) * p.scale[n] + added;
        const int code = int(std::nearbyint(std::clamp(value, -1000.0F, 1000.0F))) + p.epilogue.output_zero_point;
        ASSERT_EQ(arena[m * columns + n], std::clamp(code, int(p.epilogue.output_min), 127));
      }
    }
  }
}

TEST(Int8Packing, IsTheLayoutThatTheKernelsRead) {
  Random random(17);
  for (size_t columns : {1, 7, 8, 9, 16, 24}) {
    for (size_t channels : {3, 4, 12, 16, 48, 50, 64}) {
      for (size_t taps : {1, 7, 9}) {
        for (int32_t zero_point : {0, 5, -128}) {
          const Problem p = MakeProblem(random, 1, columns, channels, taps, false);
          std::vector<int8_t> have(Pack(p).size(), 99);
          resnet50_int8_pack(columns, taps, channels, p.weights.data(), p.bias.data(), zero_point, 8 * sizeof(float),
                             have.data());
          // Scales are XNNPACK's to write; biases carry the zero point's share.
          Problem corrected = p;
          for (size_t c = 0; c < columns; ++c) {
            for (size_t i = 0; i < taps * channels; ++i) {
              corrected.bias[c] -= zero_point * p.weights[c * taps * channels + i];
            }
          }
          std::vector<int8_t> want = Pack(corrected);
          const size_t panel = want.size() / ((columns + 7) / 8), scales = 8 * sizeof(float);
          for (size_t end = panel; end <= want.size(); end += panel) {
            std::fill(want.begin() + ptrdiff_t(end - scales), want.begin() + ptrdiff_t(end), int8_t(99));
          }
          ASSERT_EQ(have, want) << columns << " x " << taps << " x " << channels << ", zero point " << zero_point;
        }
      }
    }
  }
}

}  // namespace
}  // namespace resnet50
