// What an image file says of itself before any pixel is decoded: format, size, variety. Reads signatures and headers
// only; knows nothing of decoding.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "image/image.h"

namespace resnet50 {

// What the decoder must see in place of bytes [begin, end) of the file, so that it reads varieties that it does not
// know.
struct FilePatch {
  size_t begin, end;
  std::string_view insert;  // static
};

struct ImageHeader {
  ImageFormat format;
  int width;  // pixels as stored, before any EXIF rotation
  int height;
  int components;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA or CMYK; 1 for palettes without transparency
  int bits;        // a component: 1..16
  bool has_alpha;
  bool is_adobe_cmyk;  // JPEG with four components and an Adobe marker: values are stored inverted
  bool is_plain_cmyk;  // JPEG with four components and no Adobe marker: stored as they are
  int orientation;     // EXIF, 1..8
  bool ends_early =
      false;  // PNG: the file ends behind pixels, inside a later chunk; Pillow reads it if they are complete
  std::optional<FilePatch> patch = std::nullopt;
};

// Errors: kImageTooLarge (a side over kMaxSide, or more pixels than max_pixels; found as soon as the size is read),
// kNotAnImage, kUnsupportedFormat (names the format and a remedy), kTruncatedImage (the file ends inside its header or
// before its pixels do; for JPEG, before its last marker), kCorruptImage.
Result<ImageHeader> ReadHeader(std::span<const uint8_t> bytes, uint64_t max_pixels = UINT64_MAX);

}  // namespace resnet50
