#include "training/finetune_gemm.h"

#include <algorithm>
#include <cstring>

#include "network/parallel.h"

namespace resnet50 {
namespace {

// 12 sums, 2 vectors of b and one of a: as many registers as V8 has on x86.
constexpr size_t kTileRows = 6;
constexpr size_t kTileColumns = 8;
constexpr size_t kDepthBlock = 256;  // a panel of b, 8 KiB, stays in the first-level cache
constexpr size_t kTaskStrips = 8;    // 48 rows of a, 48 KiB a block, stay in the second
constexpr size_t kTaskPanels = 32;

typedef float Float4 __attribute__((vector_size(16)));  // NOLINT(modernize-use-using): attributes of a vector type

Float4 Load(const float* from) {
  Float4 value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

size_t Strips(size_t count, size_t tile) { return (count + tile - 1) / tile; }

// [count / tile][depth][tile], the last strip filled up with zeros. Element [i, d] of `from` goes to strip i / tile.
void Pack(const float* from, size_t stride, size_t depth_stride, size_t count, size_t depth, size_t tile, float* to,
          const ThreadPool& pool) {
  ParallelFor(pool, Strips(count, tile), [=](size_t strip) {
    float* out = to + strip * tile * depth;
    const size_t valid = std::min(tile, count - strip * tile);
    const float* in = from + strip * tile * stride;
    if (valid < tile) std::fill(out, out + tile * depth, 0.0F);
    for (size_t d = 0; d < depth; ++d) {
      for (size_t i = 0; i < valid; ++i) out[d * tile + i] = in[i * stride + d * depth_stride];
    }
  });
}

// Adds the products of `depth` steps to a tile of sums, [kTileRows][kTileColumns].
void AddTile(const float* a, const float* b, size_t depth, float* sums) {
  Float4 low[kTileRows], high[kTileRows];
  for (size_t r = 0; r < kTileRows; ++r) {
    low[r] = Load(sums + r * kTileColumns);
    high[r] = Load(sums + r * kTileColumns + 4);
  }
  for (size_t d = 0; d < depth; ++d, a += kTileRows, b += kTileColumns) {
    const Float4 b_low = Load(b), b_high = Load(b + 4);
    for (size_t r = 0; r < kTileRows; ++r) {
      const Float4 factor = {a[r], a[r], a[r], a[r]};
      low[r] += factor * b_low;
      high[r] += factor * b_high;
    }
  }
  for (size_t r = 0; r < kTileRows; ++r) {
    std::memcpy(sums + r * kTileColumns, &low[r], sizeof low[r]);
    std::memcpy(sums + r * kTileColumns + 4, &high[r], sizeof high[r]);
  }
}

// One tile of c: rows from `row`, columns from `column`, over a block of the depth; sums of earlier blocks are in c.
void UpdateTile(const GemmShape& shape, const float* a, const float* b, size_t depth, bool first, size_t row,
                size_t column, float* c) {
  float sums[kTileRows * kTileColumns] = {};
  const size_t rows = std::min(kTileRows, shape.rows - row), columns = std::min(kTileColumns, shape.columns - column);
  float* corner = c + row * shape.columns + column;
  for (size_t r = 0; r < rows && !first; ++r) {
    std::memcpy(sums + r * kTileColumns, corner + r * shape.columns, columns * sizeof(float));
  }
  AddTile(a, b, depth, sums);
  for (size_t r = 0; r < rows; ++r) {
    std::memcpy(corner + r * shape.columns, sums + r * kTileColumns, columns * sizeof(float));
  }
}

}  // namespace

size_t GemmScratch(const GemmShape& shape) {
  return (Strips(shape.rows, kTileRows) * kTileRows + Strips(shape.columns, kTileColumns) * kTileColumns) * shape.depth;
}

void Multiply(const GemmShape& shape, MatrixView a, MatrixView b, float* c, float* scratch, const ThreadPool& pool) {
  const size_t strips = Strips(shape.rows, kTileRows), panels = Strips(shape.columns, kTileColumns);
  float* packed_a = scratch;
  float* packed_b = scratch + strips * kTileRows * shape.depth;
  Pack(a.data, a.row_stride, a.column_stride, shape.rows, shape.depth, kTileRows, packed_a, pool);
  Pack(b.data, b.column_stride, b.row_stride, shape.columns, shape.depth, kTileColumns, packed_b, pool);
  const size_t across = Strips(panels, kTaskPanels);
  ParallelFor(pool, Strips(strips, kTaskStrips) * across, [=](size_t task) {
    const size_t first_strip = task / across * kTaskStrips, first_panel = task % across * kTaskPanels;
    const size_t end_strip = std::min(strips, first_strip + kTaskStrips);
    const size_t end_panel = std::min(panels, first_panel + kTaskPanels);
    for (size_t d = 0; d < shape.depth; d += kDepthBlock) {
      const size_t depth = std::min(kDepthBlock, shape.depth - d);
      for (size_t panel = first_panel; panel < end_panel; ++panel) {
        for (size_t strip = first_strip; strip < end_strip; ++strip) {
          UpdateTile(shape, packed_a + (strip * shape.depth + d) * kTileRows,
                     packed_b + (panel * shape.depth + d) * kTileColumns, depth, d == 0, strip * kTileRows,
                     panel * kTileColumns, c);
        }
      }
    }
  });
}

}  // namespace resnet50
