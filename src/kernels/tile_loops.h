// Loops that tiles of all kernels are made of, over counts that the compiler knows.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

namespace resnet50::kernels {

// Calls body(i) for i in 0..n-1 with i a compile-time constant, so that arrays of vectors become registers. (A loop
// that LLVM unrolls late leaves them in memory: the accumulators were stored at every step.)
template <size_t kCount, typename Body>
[[gnu::always_inline]] inline void Unroll(const Body& body) {
  [&]<size_t... kIndex>(std::index_sequence<kIndex...>) __attribute__((always_inline)) {
    (body(std::integral_constant<size_t, kIndex>{}), ...);
  }
  (std::make_index_sequence<kCount>{});
}

// The same until body(i) says that it was the last; whether one did.
template <size_t kCount, typename Body>
[[gnu::always_inline]] inline bool AnyOf(const Body& body) {
  return [&]<size_t... kIndex>(std::index_sequence<kIndex...>) __attribute__((always_inline)) {
    return (body(kIndex) || ...);
  }
  (std::make_index_sequence<kCount>{});
}

// Calls body.operator()<rows>(first row) for pieces that make up `rows`: as many as possible of kTallest, the rest in
// pieces of one row less if that leaves nothing over (49 = 4 x 6 + 5 x 5), else in fours, twos and ones.
template <size_t kTallest, typename Body>
[[gnu::always_inline]] inline void ForRowPieces(size_t rows, const Body& body) {
  constexpr size_t kLower = kTallest - 1;
  const size_t missing = (kTallest - rows % kTallest) % kTallest;  // pieces that are one row lower
  const bool fits = rows >= missing * kLower;
  const size_t tall = fits ? rows - missing * kLower : rows / kTallest * kTallest;
  size_t row = 0;
  for (; row < tall; row += kTallest) body.template operator()<kTallest>(row);
  if (fits) {
    for (; row < rows; row += kLower) body.template operator()<kLower>(row);
    return;
  }
  if constexpr (kLower > 4) {
    if (rows - row >= 4) body.template operator()<4>(row), row += 4;
  }
  if constexpr (kLower > 2) {
    if (rows - row >= 2) body.template operator()<2>(row), row += 2;
  }
  if (row < rows) body.template operator()<1>(row);
}

// Writes the first `columns` of each row of a tile that is `kWidth` wide.
template <size_t kWidth = 8, typename Value>
[[gnu::noinline]] void CopyLanes(const Value* lanes, size_t rows, size_t columns, Value* out, size_t stride_bytes) {
  for (size_t r = 0; r < rows; ++r, lanes += kWidth) {
    std::memcpy(reinterpret_cast<char*>(out) + r * stride_bytes, lanes, columns * sizeof(Value));
  }
}

// The most taps of a convolution here (7x7).
inline constexpr size_t kMostTaps = 49;

// The pointers of a tile to all taps, moved by `offset` bytes, except those to the padding.
template <typename Value>
void MovePointers(const Value* const* from, size_t count, size_t offset, const Value* zero, const Value** to) {
  for (size_t i = 0; i < count; ++i) {
    const auto* moved = reinterpret_cast<const Value*>(reinterpret_cast<const char*>(from[i]) + offset);
    to[i] = from[i] == zero ? zero : moved;
  }
}

}  // namespace resnet50::kernels
