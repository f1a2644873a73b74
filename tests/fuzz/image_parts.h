// A JPEG as its segments, a PNG as its chunks: taken apart, and put together again with right lengths and checksums.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "targets.h"

namespace resnet50::fuzz {

struct Part {
  uint32_t name;              // JPEG: the byte behind 0xFF; PNG: four characters, the first one highest
  std::vector<uint8_t> body;  // without name, length and checksum
  std::vector<uint8_t> tail;  // JPEG: what follows up to the next marker: the pixels of a scan, or stray bytes
};

// Says something untrue of one part when it is written.
struct Lie {
  size_t part;
  uint32_t length_off = 0;    // added to its length
  uint32_t checksum_off = 0;  // added to its checksum (PNG)
};

struct ImageParts {
  bool png;
  std::vector<Part> parts;
  std::optional<Lie> lie = std::nullopt;
};

constexpr uint32_t ChunkName(const char (&letters)[5]) {
  return uint32_t(uint8_t(letters[0])) << 24 | uint32_t(uint8_t(letters[1])) << 16 |
         uint32_t(uint8_t(letters[2])) << 8 | uint8_t(letters[3]);
}

// Markers without a length: TEM, RST0..7, SOI, EOI.
constexpr bool IsBare(uint32_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD9); }

// Nothing if the bytes are neither.
std::optional<ImageParts> TakeApart(Bytes file);

// At most `max_size` bytes; a longer file is cut off there.
std::vector<uint8_t> PutTogether(const ImageParts& image, size_t max_size);

}  // namespace resnet50::fuzz
