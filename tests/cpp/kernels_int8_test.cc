// Every form of the int8 kernels against the scalar one, bit for bit, over odd shapes, strides, padding, residuals and
// extreme values; and the scalar one against arithmetic spelled out here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/kernel_choice.h"
#include "kernels/self_check.h"
#include "kernels_problem.h"

namespace resnet50 {
namespace {

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
  for (size_t rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 19, 49}) {
    for (size_t columns : {1, 3, 7, 8, 9, 16, 24}) {
      for (size_t channels : {1, 3, 4, 5, 8, 12, 16, 17, 20, 64}) {
        for (int variant = 0; variant < 4; ++variant) {
          const bool extreme = variant == 3, eight_bits = TakesEightBits() && (variant & 1);
          Problem p = MakeProblem(random, rows, columns, channels, 1, extreme);
          const size_t a_stride = channels + random.Next() % 5, c_stride = columns + random.Next() % 5;
          const std::vector<int8_t> input = RandomInput(random, rows * a_stride, eight_bits, extreme);
          // Outputs and residuals lie in one block, as in the network's arena.
          const size_t size = rows * c_stride;
          std::vector<int8_t> have(2 * size + 2 * kTail, 55), want = have;
          for (size_t i = size + kTail; i < have.size(); ++i) have[i] = want[i] = RandomCode(random, -128, 127);
          p.epilogue.residual_offset = ptrdiff_t(size + kTail);
          const bool residual = variant >= 2;
          const auto run = [&](const resnet50_int8_kernels& k, std::vector<int8_t>& out) {
            const Packed packed = PackFor(k, p);
            const resnet50_int8_epilogue* params = WithWeights(p, packed);
            (residual ? k.gemm_residual : k.gemm)(rows, columns, channels, input.data(), a_stride, packed.panels.data(),
                                                  out.data(), c_stride, 8, &params);
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
  for (size_t rows : {1, 4, 5, 6, 8, 13, 18, 49}) {
    for (size_t columns : {5, 8, 20}) {
      for (size_t channels : {3, 8, 12, 21, 64}) {
        for (size_t taps : {1, 7, 9, 49}) {
          const bool extreme = random.Next() % 4 == 0, eight_bits = TakesEightBits() && (random.Next() & 1);
          Problem p = MakeProblem(random, rows, columns, channels, taps, extreme);
          const std::vector<int8_t> input = RandomInput(random, 40 * channels, eight_bits, extreme);
          const std::vector<int8_t> zero(channels + kTail, int8_t(random.Next() % 100));
          const size_t offset = random.Next() % channels;
          // One pointer per row and tap; some at the padding, which a_offset must not move.
          std::vector<const int8_t*> pointers;
          for (size_t i = 0; i < rows * taps; ++i) {
            pointers.push_back(random.Next() % 4 == 0 ? zero.data() : input.data() + random.Next() % 39 * channels);
          }
          const size_t c_stride = columns + random.Next() % 3;
          std::vector<int8_t> have(rows * c_stride + kTail, 55), want = have;
          const auto run = [&](const resnet50_int8_kernels& k, std::vector<int8_t>& out) {
            const Packed packed = PackFor(k, p);
            const resnet50_int8_epilogue* params = WithWeights(p, packed);
            k.igemm(rows, columns, channels, taps * sizeof(void*), pointers.data(), packed.panels.data(), out.data(),
                    c_stride, 8, offset, zero.data(), &params);
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
    const resnet50_int8_epilogue* params = &p.epilogue;
    const std::vector<int8_t> residual = RandomInput(random, rows * columns, true, false);
    std::vector<int8_t> arena(2 * rows * columns + 2 * kTail);
    std::copy(residual.begin(), residual.end(), arena.begin() + ptrdiff_t(rows * columns + kTail));
    p.epilogue.residual_offset = ptrdiff_t(rows * columns + kTail);
    resnet50_int8_kernels_of(resnet50_int8_scalar)
        ->gemm_residual(rows, columns, channels, input.data(), channels, packed.data(), arena.data(), columns, 8,
                        &params);
    for (size_t m = 0; m < rows; ++m) {
      for (size_t n = 0; n < columns; ++n) {
        int32_t sum = p.bias[n];
        for (size_t k = 0; k < channels; ++k) sum += input[m * channels + k] * p.weights[n * channels + k];
        const resnet50_int8_epilogue& e = p.epilogue;
        const int8_t byte = residual[m * columns + n];
        const int other = e.residual_mask == -1 ? int(byte) : int(uint8_t(byte));
        const float added = float(other - e.residual_zero_point) * e.residual_scale;
        const float value = float(sum) * p.scale[n] + added;
        const int code = int(std::nearbyint(std::clamp(value, -1000.0F, 1000.0F))) + e.output_zero_point;
        const int clamped = std::clamp(code, int(e.output_min), 127);
        ASSERT_EQ(arena[m * columns + n], e.output_flip == 0 ? clamped : int(int8_t(uint8_t(clamped + 128))));
      }
    }
  }
}

// Codes of eight bits as this machine's form for them reads them, against the same codes as signed bytes.
TEST(Int8EightBits, TheFormOfThisMachineEqualsTheReference) {
  const EightBitForm best = BestEightBitForm();
  const resnet50_int8_kernels& kernels = *resnet50_int8_kernels_of(best.form);
  const resnet50_int8_kernels& reference = *resnet50_int8_kernels_of(resnet50_int8_scalar);
  Random random(14);
  for (int round = 0; round < 200; ++round) {
    const size_t rows = 1 + random.Next() % 30, columns = 8 + random.Next() % 20, channels = 1 + random.Next() % 70;
    Problem p = MakeProblem(random, rows, columns, channels, 1, round % 4 == 0);
    const std::vector<int8_t> codes = RandomInput(random, rows * channels, true, round % 8 == 0);
    std::vector<int8_t> bytes = codes, have(rows * columns + kTail, 55), want = have;
    const auto run = [&](const resnet50_int8_kernels& k, const std::vector<int8_t>& input, int32_t zero_point,
                         std::vector<int8_t>& out) {
      const Packed packed = PackFor(k, p, zero_point);
      const resnet50_int8_epilogue* params = WithWeights(p, packed);
      k.gemm(rows, columns, channels, input.data(), channels, packed.panels.data(), out.data(), columns, 8, &params);
    };
    if (best.unsigned_input) {
      for (int8_t& byte : bytes) byte = int8_t(uint8_t(byte) ^ 0x80);
    }
    run(kernels, bytes, best.unsigned_input ? 0 : -128, have);
    run(reference, codes, -128, want);
    ASSERT_EQ(have, want) << rows << " x " << columns << " x " << channels;
  }
}

// The number that pages and programs compare with (KernelsCompute) is that of the reference, and of every form.
TEST_P(Int8Form, GivesTheKnownDigest) { EXPECT_EQ(Int8Digest(GetParam()), kInt8Digest); }

TEST(Int8Choice, TheFormsOfThisMachineCompute) { EXPECT_TRUE(KernelsCompute()); }

}  // namespace
}  // namespace resnet50
