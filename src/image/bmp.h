// Windows and OS/2 bitmaps: header, palettes, bit fields and run-length coding, with Pillow's arithmetic for turning
// five and six bits into eight. Knows nothing of other formats.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace resnet50 {

// Where a channel lies in a pixel of 16 or 32 bits. A mask of 0: the channel is not there.
struct BitField {
  uint32_t mask;
};

struct BmpHeader {
  int width, height;               // pixels, both above 0; sides are not limited here
  bool top_down;                   // rows are stored from the top; from the bottom otherwise
  int bits;                        // a pixel: 1, 4, 8 (palette), 16, 24, 32
  bool run_length;                 // 4 or 8 bits only
  size_t palette_at;               // offset in the file
  int palette_stride;              // bytes an entry: 3 or 4
  int palette_size;                // entries in the file, at most 256; later ones are grey
  size_t pixels_at;                // offset in the file
  std::array<BitField, 4> fields;  // red, green, blue, alpha; 16 and 32 bits only
  bool has_alpha() const { return fields[3].mask != 0; }
};

// Errors: kTruncatedImage, kUnsupportedFormat (header sizes, JPEG or PNG inside), kCorruptImage.
Result<BmpHeader> ReadBmpHeader(std::span<const uint8_t> bytes);

// Writes width * height pixels of `components` bytes, 3 (RGB) or 4 (RGBA), rows from top to bottom. Pixels that a
// run-length code skips have the palette's first color. Errors: kTruncatedImage.
Status DecodeBmp(std::span<const uint8_t> bytes, const BmpHeader& header, int components, std::span<uint8_t> out);

}  // namespace resnet50
