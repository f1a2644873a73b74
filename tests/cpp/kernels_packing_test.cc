// Layouts of packed weights, spelled out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "kernels_problem.h"

namespace resnet50 {
namespace {

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

}  // namespace
}  // namespace resnet50
