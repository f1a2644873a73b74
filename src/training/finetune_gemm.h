// Products of f32 matrices, split over threads by tiles of the result and never along the sums: the same bits for every
// number of threads. Plain SIMD of four lanes. Knows nothing of networks.
#pragma once

#include <cstddef>

#include "network/operators.h"

namespace resnet50 {

// Element [i, j] lies at data[i * row_stride + j * column_stride].
struct MatrixView {
  const float* data;
  size_t row_stride, column_stride;
};

struct GemmShape {
  size_t rows, columns, depth;
};

// Floats of scratch that Multiply needs: both factors, packed into panels.
size_t GemmScratch(const GemmShape& shape);

// c = a b: a is [rows, depth], b [depth, columns], c [rows, columns] dense and row-major, apart from both and from
// `scratch`, which holds GemmScratch(shape) floats.
void Multiply(const GemmShape& shape, MatrixView a, MatrixView b, float* c, float* scratch, const ThreadPool& pool);

}  // namespace resnet50
