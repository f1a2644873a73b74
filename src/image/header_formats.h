// What the readers of headers share, and the two that have files to themselves. For header.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "image/header.h"

namespace resnet50 {

Error HeaderFault(ErrorCode code, std::string message);
Error TruncatedFile(const char* format);
Error CorruptFile(const char* format, const char* why);
Error UnsupportedFormat(const std::string& what);

// kImageTooLarge over the limits of kMaxSide, kMaxPixels and the caller.
Status CheckImageSize(int width, int height, uint64_t max_pixels);

// The bytes begin with the format's signature. Errors: as ReadHeader.
Result<ImageHeader> ReadJpegHeader(std::span<const uint8_t> bytes, uint64_t max_pixels);
Result<ImageHeader> ReadPngHeader(std::span<const uint8_t> bytes, uint64_t max_pixels);

}  // namespace resnet50
