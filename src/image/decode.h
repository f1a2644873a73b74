// Image files and raw pixels -> 8-bit RGB, as Pillow's Image.open(file).convert('RGB') gives it. JPEG and PNG are
// decoded by stb_image, BMP by ourselves; everything else is an error that names the format.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "image/image.h"

namespace resnet50 {

struct DecodeOptions {
  uint64_t max_pixels = 268'402'689;  // width x height; checked against the header before any pixel is allocated
  bool apply_orientation = true;      // Pillow and torchvision do not
  std::optional<RgbColor> background =
      std::nullopt;  // alpha is composed on it; dropped, as Pillow does, where there is none
};

// Errors: ReadHeader's, and kCorruptImage, kTruncatedImage, kOutOfMemory. docs/decoder-table.md lists, file by file,
// where the pixels differ from Pillow's.
Result<Image> Decode(std::span<const uint8_t> bytes, const DecodeOptions& options);

// Copies raw 8-bit pixels: grey (1 channel), RGB (3) or RGBA (4, not premultiplied), rows without padding.
// Errors: kInvalidArgument (channels, or too few bytes), kImageTooLarge, kOutOfMemory.
Result<Image> FromPixels(std::span<const uint8_t> pixels, int width, int height, int channels,
                         std::optional<RgbColor> background);

}  // namespace resnet50
