// Random int8 convolutions for the tests of kernels, and their weights in the layouts that kernels read.
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

#include "base/random.h"
#include "kernels/int8_kernels.h"
#include "kernels/int8_packing.h"
#include "kernels/int8_spill.h"

namespace resnet50 {

inline constexpr size_t kTail = 64;  // kernels may read a vector past the end of any tensor

struct Problem {
  size_t rows, columns, channels, taps;
  std::vector<int8_t> weights;  // [columns][taps][channels]
  std::vector<int32_t> bias;
  std::vector<float> scale;
  resnet50_int8_epilogue epilogue;
};

inline int8_t RandomCode(Random& random, int low, int high) {
  return int8_t(low + int(random.Next() % uint32_t(high - low + 1)));
}

inline Problem MakeProblem(Random& random, size_t rows, size_t columns, size_t channels, size_t taps, bool extreme) {
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
  // Outputs and residuals as signed bytes, or as unsigned ones.
  if (random.Next() & 1) p.epilogue.output_flip = 0x80;
  if (random.Next() & 1) p.epilogue.residual_mask = 0xFF;
  p.epilogue.residual_scale = random.Between(0.1F, 1.5F);
  return p;
}

// By output: see src/kernels/int8_tile.h.
inline std::vector<int8_t> Pack(const Problem& p) {
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

inline size_t PanelBytes(const Problem& p) { return 64 + p.taps * ((p.channels + 3) / 4) * 32; }

// Weights as a form reads them, and what its kernels need beside them.
struct Packed {
  std::vector<int8_t> panels;
  resnet50_int8_spill spill;
};

inline Packed PackFor(const resnet50_int8_kernels& kernels, const Problem& p, int32_t input_zero_point = 0) {
  Packed packed;
  packed.panels.resize(PanelBytes(p) * ((p.columns + 7) / 8));
  const bool spills = kernels.layout == resnet50_int8_with_spill;
  resnet50_int8_pack(kernels.layout, p.columns, p.taps, p.channels, p.weights.data(), p.bias.data(), input_zero_point,
                     32, packed.panels.data(), spills ? &packed.spill : nullptr);
  // XNNPACK writes the scales.
  for (size_t c = 0; c < p.columns; ++c) {
    std::memcpy(packed.panels.data() + (c / 8 + 1) * PanelBytes(p) - 32 + c % 8 * 4, &p.scale[c], sizeof(float));
  }
  return packed;
}

inline const resnet50_int8_epilogue* WithWeights(Problem& p, const Packed& packed) {
  p.epilogue.weights = packed.panels.data();
  p.epilogue.spill = &packed.spill;
  return &p.epilogue;
}

}  // namespace resnet50
