// Where every activation tensor lives in one arena: a buffer is reused as soon as its last reader has run.
// Knows lifetimes and bytes, not what is computed.
#pragma once

#include <cstddef>
#include <vector>

namespace resnet50 {

// A tensor is written by step `first` and last read by step `last` (steps are numbered in running order).
struct TensorLifetime {
  size_t bytes;
  int first;
  int last;
};

struct ActivationPlan {
  std::vector<size_t> offsets;  // one a tensor, in bytes, multiples of 64
  size_t arena_bytes;
};

// Greedy by size (Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020): the largest
// tensors are placed first, each into the lowest gap that is free during its whole lifetime. `tail_bytes` are kept free
// behind every tensor, for kernels that read a vector past the end.
ActivationPlan PlanActivations(const std::vector<TensorLifetime>& tensors, size_t tail_bytes);

}  // namespace resnet50
