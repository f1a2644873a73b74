// What the fuzzers feed: one function a reader of foreign bytes. Each takes any bytes, must come back soon, and aborts
// where a promise of the reader is broken. Knows nothing of libFuzzer, so that tests replay findings through it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace resnet50::fuzz {

using Bytes = std::span<const uint8_t>;

// The first byte chooses options (background, orientation), the rest is an image file.
void FuzzDecode(Bytes bytes);
// Twelve bytes choose sizes, filter and crop, the rest are pixels, repeated as needed.
void FuzzTransform(Bytes bytes);
// A checkpoint file: zip, plain stream or safetensors.
void FuzzCheckpoint(Bytes bytes);
// A pickle by itself.
void FuzzPickle(Bytes bytes);
// A safetensors file, and the loader that fills a network from it.
void FuzzSafetensors(Bytes bytes);
// An image file, decoded, turned, transformed to 32 x 32; one in 64 of those that are read goes all the way to labels,
// through an int8 network and its ranking.
void FuzzLabels(Bytes bytes);
// The same, but every file that is read goes all the way.
void LabelAlways(Bytes bytes);

// Ends the program where a promise is broken; not assert, which release builds leave out.
inline void Check(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

// The next `n` bytes of the input as a number, 0 behind its end. Consumes them.
inline uint32_t TakeNumber(Bytes& bytes, size_t n) {
  uint32_t value = 0;
  for (size_t i = 0; i < n; ++i) {
    value = value << 8 | (bytes.empty() ? 0U : bytes.front());
    if (!bytes.empty()) bytes = bytes.subspan(1);
  }
  return value;
}

}  // namespace resnet50::fuzz
