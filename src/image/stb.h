// stb_image behind one function: the only place that names it. Compiled for JPEG and PNG only; its other formats
// have open memory errors.
#pragma once

#include <cstdint>
#include <span>

#include "image/image.h"

namespace resnet50 {

// What stb_image made of a file: `components` values a pixel of one byte, or of two (native order) where asked for.
struct StbImage {
  uint8_t* pixels = nullptr;  // owned; freed by the destructor
  int width = 0, height = 0;
  const char* failure = nullptr;  // stb_image's own words; null on success
  bool out_of_memory = false;

  StbImage() = default;
  StbImage(const StbImage&) = delete;
  StbImage(StbImage&& other) noexcept;
  StbImage& operator=(StbImage&& other) noexcept;
  ~StbImage();
};

// Decodes to `components` (1..4) of 8 or 16 bits. stb_image may allocate `budget` bytes in all.
StbImage DecodeWithStb(std::span<const uint8_t> bytes, int components, bool sixteen_bits, size_t budget);

// Whether a zlib stream can be inflated within the budget and ends with the right checksum (Adler-32).
bool HasRightChecksum(std::span<const uint8_t> zlib, size_t budget);

}  // namespace resnet50
