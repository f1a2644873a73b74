#include "quantize/second_moments.h"

#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "network/parallel.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

namespace resnet50 {
namespace {

constexpr size_t kPanel = 8;         // input values a panel
constexpr size_t kChunkPairs = 256;  // pairs of patches at a time: two panels of them stay in the first-level cache

struct Position {
  size_t image;
  int y, x;  // of the layer's output
};

// One position out of each of equally long runs of all positions, drawn by a fixed seed: regular strides would always
// meet the same columns.
std::vector<Position> SamplePositions(size_t images, Extent out) {
  const size_t pixels = out.height * out.width;
  const size_t all = images * pixels;
  const size_t count = std::min(all, kMostPatches);
  Random random(1);
  std::vector<Position> positions(count);
  for (size_t i = 0; i < count; ++i) {
    const auto boundary = [&](size_t k) { return size_t(uint64_t(k) * all / count); };  // size_t may have 32 bits
    const size_t first = boundary(i), end = boundary(i + 1);
    const size_t at = first + std::min(size_t(random.Unit() * float(end - first)), end - first - 1);
    positions[i] = {at / pixels, int(at % pixels / out.width), int(at % pixels % out.width)};
  }
  return positions;
}

// The patch's values, padded to whole panels by the caller.
void GatherPatch(const Layer& layer, const CodedTensor& input, const Position& p, int16_t* patch) {
  const int16_t* image = input.images[p.image].data();
  for (int ky = 0; ky < layer.kernel; ++ky) {
    for (int kx = 0; kx < layer.kernel; ++kx, patch += input.channels) {
      const int y = p.y * layer.stride + ky - layer.padding, x = p.x * layer.stride + kx - layer.padding;
      if (y < 0 || x < 0 || y >= int(input.extent.height) || x >= int(input.extent.width)) {
        std::memset(patch, 0, input.channels * sizeof(int16_t));
      } else {
        std::memcpy(patch, image + (size_t(y) * input.extent.width + size_t(x)) * input.channels,
                    input.channels * sizeof(int16_t));
      }
    }
  }
}

// sums[i * stride + j] += over pairs of patches a_i * b_j; both panels are [pairs][kPanel][2]. Half a panel of rows.
void MultiplyPanels(const int16_t* a, const int16_t* b, size_t pairs, int32_t* sums, size_t stride) {
#ifdef __wasm_simd128__
  v128_t s[4][2];
  for (int i = 0; i < 4; ++i) {
    s[i][0] = wasm_v128_load(sums + size_t(i) * stride);
    s[i][1] = wasm_v128_load(sums + size_t(i) * stride + 4);
  }
  for (size_t p = 0; p < pairs; ++p, a += 2 * kPanel, b += 2 * kPanel) {
    const v128_t b0 = wasm_v128_load(b), b1 = wasm_v128_load(b + kPanel);
    for (int i = 0; i < 4; ++i) {
      const v128_t ai = wasm_v128_load32_splat(a + 2 * i);
      s[i][0] = wasm_i32x4_add(s[i][0], wasm_i32x4_dot_i16x8(ai, b0));
      s[i][1] = wasm_i32x4_add(s[i][1], wasm_i32x4_dot_i16x8(ai, b1));
    }
  }
  for (int i = 0; i < 4; ++i) {
    wasm_v128_store(sums + size_t(i) * stride, s[i][0]);
    wasm_v128_store(sums + size_t(i) * stride + 4, s[i][1]);
  }
#else
  for (size_t p = 0; p < pairs; ++p, a += 2 * kPanel, b += 2 * kPanel) {
    for (size_t i = 0; i < 4; ++i) {
      for (size_t j = 0; j < kPanel; ++j) {
        sums[i * stride + j] += int32_t(a[2 * i]) * b[2 * j] + int32_t(a[2 * i + 1]) * b[2 * j + 1];
      }
    }
  }
#endif
}

}  // namespace

SecondMoments MeasureSecondMoments(const Layer& layer, const CodedTensor& input, const ThreadPool& pool) {
  SecondMoments moments;
  const size_t inputs = size_t(layer.kernel) * size_t(layer.kernel) * input.channels;
  const size_t panels = (inputs + kPanel - 1) / kPanel, padded = panels * kPanel;
  const Extent out{size_t(OutputSize(layer, int(input.extent.height))),
                   size_t(OutputSize(layer, int(input.extent.width)))};
  const std::vector<Position> positions = SamplePositions(input.images.size(), out);
  std::vector<int32_t> products(padded * padded);
  std::vector<int64_t> sums(padded);
  // [panel][pair][kPanel][2]: a pair of patches side by side, as the dot product of 16-bit pairs wants them.
  std::vector<int16_t> chunk(padded * kChunkPairs * 2);
  for (size_t first = 0; first < positions.size(); first += 2 * kChunkPairs) {
    const size_t count = std::min(2 * kChunkPairs, positions.size() - first);
    const size_t pairs = (count + 1) / 2;
    ParallelFor(pool, pairs, [&](size_t pair) {
      std::vector<int16_t> patches(2 * padded);
      for (size_t half = 0; half < 2 && 2 * pair + half < count; ++half) {
        GatherPatch(layer, input, positions[first + 2 * pair + half], patches.data() + half * padded);
      }
      for (size_t i = 0; i < padded; ++i) {
        int16_t* to = chunk.data() + ((i / kPanel) * kChunkPairs + pair) * 2 * kPanel + (i % kPanel) * 2;
        to[0] = patches[i];
        to[1] = patches[padded + i];
      }
    });
    ParallelFor(pool, panels, [&](size_t row) {
      const int16_t* a = chunk.data() + row * kChunkPairs * 2 * kPanel;
      for (size_t column = 0; column <= row; ++column) {
        const int16_t* b = chunk.data() + column * kChunkPairs * 2 * kPanel;
        int32_t* to = products.data() + row * kPanel * padded + column * kPanel;
        MultiplyPanels(a, b, pairs, to, padded);
        MultiplyPanels(a + kPanel, b, pairs, to + 4 * padded, padded);
      }
      for (size_t pair = 0; pair < pairs; ++pair) {
        for (size_t i = 0; i < 2 * kPanel; ++i) sums[row * kPanel + i / 2] += a[pair * 2 * kPanel + i];
      }
    });
  }
  moments.inputs = inputs;
  moments.patches = positions.size();
  moments.sums.assign(sums.begin(), sums.begin() + ptrdiff_t(inputs));
  if (padded == inputs) {
    moments.products = std::move(products);
  } else {
    moments.products.resize(inputs * inputs);
    for (size_t i = 0; i < inputs; ++i) {
      std::copy_n(products.data() + i * padded, inputs, moments.products.data() + i * inputs);
    }
  }
  return moments;
}

}  // namespace resnet50
