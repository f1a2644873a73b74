// What an image file says of itself before any pixel is decoded: format, size, variety. Reads signatures and headers
// only; knows nothing of decoding.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/image.h"

namespace resnet50 {

// What the decoder must see in place of bytes [begin, end) of the file, so that it reads varieties that it does not
// know.
struct FilePatch {
  size_t begin, end;
  std::string insert;
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
  // The file ends without its last marker or chunk, or what comes after its pixels is damaged. The decoder finds out
  // whether the pixels are complete.
  bool ends_early = false;
  // JPEG that ends early: where its last scan or segment stops. All scans are there, the last one perhaps in part.
  std::optional<size_t> tail_at = std::nullopt;
  bool is_unchecked = false;            // PNG: a checksum of its pixels is wrong; perhaps only the checksum is
  std::vector<FilePatch> patches = {};  // in order of position, not overlapping
};

// Errors: kImageTooLarge (a side over kMaxSide, or more pixels than max_pixels; found as soon as the size is read),
// kNotAnImage, kUnsupportedFormat (names the format and a remedy), kTruncatedImage (the file ends inside its header or
// before its pixels do), kCorruptImage.
Result<ImageHeader> ReadHeader(std::span<const uint8_t> bytes, uint64_t max_pixels = UINT64_MAX);

}  // namespace resnet50
