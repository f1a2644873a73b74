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
#include "kernels/int8_spill.h"
#include "kernels/self_check.h"

namespace resnet50 {
namespace {

constexpr size_t kTail = 64;  // kernels may read a vector past the end of any tensor

struct Problem {
  size_t rows, columns, channels, taps;
  std::vector<int8_t> weights;  // [columns][taps][channels]
  std::vector<int32_t> bias;
  std::vector<float> scale;
  resnet50_int8_epilogue epilogue;
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
  // Codes of seven bits, of eight for values that are not negative, and of eight for others.
  const int zero_point = random.Next() % 3 == 0 ? -128 : 0;
  p.epilogue = resnet50_int8_epilogue_of(zero_point, random.Next() % 3 == 0 ? -128 : zero_point);
  p.epilogue.residual_zero_point = RandomCode(random, -100, 100);
  p.epilogue.residual_scale = random.Between(0.1F, 1.5F);
  return p;
}

// By output: see src/kernels/int8_tile.h.
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

size_t PanelBytes(const Problem& p) { return 64 + p.taps * ((p.channels + 3) / 4) * 32; }

// Weights as a form reads them, and what its kernels need beside them.
struct Packed {
  std::vector<int8_t> panels;
  resnet50_int8_spill spill;
};

Packed PackFor(const resnet50_int8_kernels& kernels, const Problem& p) {
  Packed packed;
  packed.panels.resize(PanelBytes(p) * ((p.columns + 7) / 8));
  const bool spills = kernels.layout == resnet50_int8_with_spill;
  resnet50_int8_pack(kernels.layout, p.columns, p.taps, p.channels, p.weights.data(), p.bias.data(), 0, 32,
                     packed.panels.data(), spills ? &packed.spill : nullptr);
  // XNNPACK writes the scales.
  for (size_t c = 0; c < p.columns; ++c) {
    std::memcpy(packed.panels.data() + (c / 8 + 1) * PanelBytes(p) - 32 + c % 8 * 4, &p.scale[c], sizeof(float));
  }
  return packed;
}

const resnet50_int8_epilogue* WithWeights(Problem& p, const Packed& packed) {
  p.epilogue.weights = packed.panels.data();
  p.epilogue.spill = &packed.spill;
  return &p.epilogue;
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
        const float added = float(residual[m * columns + n] - e.residual_zero_point) * e.residual_scale;
        const float value = float(sum) * p.scale[n] + added;
        const int code = int(std::nearbyint(std::clamp(value, -1000.0F, 1000.0F))) + e.output_zero_point;
        ASSERT_EQ(arena[m * columns + n], std::clamp(code, int(e.output_min), 127));
      }
    }
  }
}

// The number that pages and programs compare with (KernelsCompute) is that of the reference, and of every form.
TEST_P(Int8Form, GivesTheKnownDigest) { EXPECT_EQ(Int8Digest(GetParam()), kInt8Digest); }

TEST(Int8Choice, TheFormsOfThisMachineCompute) { EXPECT_TRUE(KernelsCompute()); }

TEST(Int8Packing, IsTheLayoutThatTheKernelsRead) {
  Random random(17);
  for (size_t columns : {1, 7, 8, 9, 16, 24}) {
    for (size_t channels : {3, 4, 12, 16, 48, 50, 64}) {
      for (size_t taps : {1, 7, 9}) {
        for (int32_t zero_point : {0, 5, -128}) {
          const Problem p = MakeProblem(random, 1, columns, channels, taps, false);
          std::vector<int8_t> have(Pack(p).size(), 99);
          resnet50_int8_pack(resnet50_int8_by_output, columns, taps, channels, p.weights.data(), p.bias.data(),
                             zero_point, 8 * sizeof(float), have.data(), nullptr);
          // Scales are XNNPACK's to write; biases carry the zero point's share.
          Problem corrected = p;
          for (size_t c = 0; c < columns; ++c) {
            for (size_t i = 0; i < taps * channels; ++i) {
              corrected.bias[c] -= zero_point * p.weights[c * taps * channels + i];
            }
          }
          std::vector<int8_t> want = Pack(corrected);
          const size_t panel = PanelBytes(p), scales = 8 * sizeof(float);
          for (size_t end = panel; end <= want.size(); end += panel) {
            std::fill(want.begin() + ptrdiff_t(end - scales), want.begin() + ptrdiff_t(end), int8_t(99));
          }
          ASSERT_EQ(have, want) << columns << " x " << taps << " x " << channels << ", zero point " << zero_point;
        }
      }
    }
  }
}

TEST(Int8Packing, ByPairEveryTwoChannelsOfAllOutputsLieTogether) {
  Random random(18);
  for (size_t columns : {1, 8, 20}) {
    for (size_t channels : {3, 16, 50}) {
      const Problem p = MakeProblem(random, 1, columns, channels, 2, false);
      std::vector<int8_t> want = Pack(p), have = want;
      for (size_t panel = 0; panel < want.size(); panel += PanelBytes(p)) {
        for (size_t step = panel + 32; step < panel + PanelBytes(p) - 32; step += 32) {
          const std::vector<int8_t> by_output(want.begin() + ptrdiff_t(step), want.begin() + ptrdiff_t(step + 32));
          for (size_t c = 0; c < 8; ++c) {
            for (size_t d = 0; d < 4; ++d) want[step + d / 2 * 16 + c * 2 + d % 2] = by_output[c * 4 + d];
          }
        }
      }
      resnet50_int8_pack(resnet50_int8_by_pair, columns, 2, channels, p.weights.data(), p.bias.data(), 0, 32,
                         have.data(), nullptr);
      ASSERT_EQ(have, want) << columns << " x " << channels;
    }
  }
}

// Lanes that no activations 0..127 can make leave int16, and with what was spilled the weights that were given.
TEST(Int8Packing, SpillsWhatInt16MayNotHold) {
  Random random(19);
  size_t spilled = 0;
  for (size_t columns : {1, 8, 20}) {
    for (size_t channels : {3, 4, 8, 12, 20, 64}) {
      for (const bool extreme : {false, true}) {
        const Problem p = MakeProblem(random, 1, columns, channels, 3, extreme);
        std::vector<int8_t> panels = Pack(p);
        const std::vector<int8_t> want = panels;
        resnet50_int8_spill spill;
        resnet50_int8_pack(resnet50_int8_with_spill, columns, 3, channels, p.weights.data(), p.bias.data(), 0, 32,
                           panels.data(), &spill);
        const size_t tap_bytes = (channels + 3) / 4 * 32;
        for (size_t panel = 0; panel < (columns + 7) / 8; ++panel) {
          int8_t* steps = panels.data() + panel * PanelBytes(p) + 32;
          for (size_t tap = 0; tap < 3; ++tap) {
            for (size_t at = 0; at + 64 <= tap_bytes; at += 64) {
              for (size_t lane = 0; lane < 32; lane += 2) {
                int most = 0, least = 0;
                for (size_t i : {lane, lane + 1, lane + 32, lane + 33}) {
                  const int product = 127 * steps[tap * tap_bytes + at + i];
                  (product > 0 ? most : least) += product;
                }
                ASSERT_LE(most, INT16_MAX);
                ASSERT_GE(least, INT16_MIN);
              }
            }
          }
          for (const resnet50_int8_spilled& step : spill.OfPanel(panel)) {
            ++spilled;
            for (size_t i = 0; i < 32; ++i) {
              int8_t& weight = steps[step.tap * tap_bytes + step.channel * 8 + i];
              if (step.weights[i] != 0) {
                ASSERT_EQ(weight, 0);
                weight = step.weights[i];
              }
            }
          }
        }
        ASSERT_EQ(panels, want) << columns << " x " << channels;
      }
    }
  }
  EXPECT_GT(spilled, 100U);
}

// The outputs of the network's convolutions at 224 x 224: rows, columns, and the bytes that a row brings along.
constexpr size_t kShapes[][3] = {{12544, 64, 42},  {3136, 64, 64},    {3136, 64, 128},  {3136, 256, 64},
                                 {3136, 64, 256},  {3136, 128, 256},  {784, 128, 256},  {784, 512, 128},
                                 {784, 512, 512},  {784, 128, 512},   {784, 256, 512},  {196, 256, 512},
                                 {196, 1024, 256}, {196, 1024, 1024}, {196, 256, 1024}, {196, 512, 1024},
                                 {49, 512, 1024},  {49, 2048, 512},   {49, 2048, 2048}, {49, 512, 2048}};

TEST(Int8Blocks, KeepThreadsEquallyBusy) {
  for (const auto& [rows, columns, row_bytes] : kShapes) {
    for (size_t threads : {1, 2, 4, 8}) {
      const resnet50_blocks blocks = resnet50_cut(1, rows, columns, row_bytes, threads);
      ASSERT_TRUE(blocks.rows >= 20 || blocks.rows % 6 == 0) << blocks.rows;
      ASSERT_TRUE(blocks.columns == columns || blocks.columns % 8 == 0);
      // Whoever is free takes the next piece; pieces cost what they compute.
      std::vector<size_t> busy(threads);
      for (size_t row = 0; row < rows; row += blocks.rows) {
        for (size_t column = 0; column < columns; column += blocks.columns) {
          *std::min_element(busy.begin(), busy.end()) +=
              std::min(blocks.rows, rows - row) * std::min(blocks.columns, columns - column);
        }
      }
      const double share =
          double(rows * columns) / double(threads) / double(*std::max_element(busy.begin(), busy.end()));
      EXPECT_GE(share, threads <= 4 ? 0.99 : 0.92) << rows << " x " << columns << ", " << threads << " threads";
    }
  }
}

TEST(Int8Blocks, CoverOddShapesAndBatches) {
  for (size_t batch : {1, 3}) {
    for (size_t rows : {1, 5, 6, 47, 4096 * 4096}) {
      for (size_t columns : {8, 64, 2048}) {
        for (size_t threads : {1, 2, 3, 64}) {
          const resnet50_blocks blocks = resnet50_cut(batch, rows, columns, 1 << 20, threads);
          EXPECT_GT(blocks.rows, 0U);
          EXPECT_GT(blocks.columns, 0U);
          EXPECT_LE(blocks.columns, columns);
        }
      }
    }
  }
}

}  // namespace
}  // namespace resnet50
