// A decoded image: 8-bit RGB in memory of its own. Knows no file format beyond its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"

namespace resnet50 {

enum class ImageFormat : uint8_t { kJpeg, kPng, kBmp, kRaw };

// 'jpeg', 'png', 'bmp', 'raw'.
std::string_view Name(ImageFormat format);

struct RgbColor {
  uint8_t r, g, b;
};

// Bytes whose allocation may fail without ending the program, unlike std::vector's without exceptions.
class PixelBuffer {
 public:
  PixelBuffer() = default;
  // Contents are indeterminate. Empty (data() null) where memory ran out.
  static PixelBuffer Allocate(size_t bytes);
  // Takes over a block that malloc gave.
  static PixelBuffer Adopt(uint8_t* block, size_t bytes);

  uint8_t* data() { return data_.get(); }
  const uint8_t* data() const { return data_.get(); }
  size_t size() const { return size_; }
  // Gives the block away, to be freed with free().
  uint8_t* release() { return data_.release(); }

 private:
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  std::unique_ptr<uint8_t, Free> data_;
  size_t size_ = 0;
};

inline constexpr int kRgb = 3;            // bytes per pixel
inline constexpr int kMaxSide = 1 << 24;  // pixels; stb_image is compiled with the same limit
// In all: their RGBA fits in 32-bit addresses.
inline constexpr uint64_t kMaxPixels = uint64_t{1} << 28;

struct Image {
  int width = 0;
  int height = 0;
  PixelBuffer pixels;  // width * height * 3 bytes, rows top to bottom, no padding
  ImageFormat format = ImageFormat::kRaw;
  int orientation = 1;  // as the file's EXIF data says, 1..8, whether or not it has been applied

  uint8_t* row(int y) { return pixels.data() + size_t(y) * size_t(width) * kRgb; }
  const uint8_t* row(int y) const { return pixels.data() + size_t(y) * size_t(width) * kRgb; }
};

// An image of indeterminate pixels. Errors: kImageTooLarge (a side is not in 1..kMaxSide, or more than kMaxPixels),
// kOutOfMemory.
Result<Image> AllocateImage(int width, int height);

}  // namespace resnet50
