// How convolutions are cut for caches and threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/int8_kernels.h"

namespace resnet50 {
namespace {

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
