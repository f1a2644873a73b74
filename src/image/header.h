// What an image file says of itself before any pixel is decoded: format, size, variety. Reads signatures and headers
// only; knows nothing of decoding.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "image/image.h"

namespace resnet50 {

struct ImageHeader {
  ImageFormat format;
  int width;       // pixels as stored, before any EXIF rotation
  int height;
  int components;  // 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA or CMYK; 1 for palettes without transparency
  int bits;        // a component: 1..16
  bool has_alpha;
  bool is_adobe_cmyk;       // JPEG with four components and an Adobe marker: values are stored inverted
  bool is_plain_cmyk;       // JPEG with four components and no Adobe marker: stored as they are
  int orientation;          // EXIF, 1..8
};

// Errors: kNotAnImage, kUnsupportedFormat (names the format and a remedy), kTruncatedImage (the file ends inside its
// header or, JPEG and PNG, before its last marker or chunk), kCorruptImage.
Result<ImageHeader> ReadHeader(std::span<const uint8_t> bytes);

}  // namespace resnet50
