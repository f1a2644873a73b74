#include "image/header_formats.h"

#include <algorithm>
#include <string>
#include <utility>

namespace resnet50 {

Error HeaderFault(ErrorCode code, std::string message) { return {code, "image", std::move(message)}; }
Error TruncatedFile(const char* format) {
  return HeaderFault(ErrorCode::kTruncatedImage,
                     std::string("the ") + format + " file ends before its pixels do: it is truncated");
}
Error CorruptFile(const char* format, const char* why) {
  return HeaderFault(ErrorCode::kCorruptImage, std::string("the ") + format + " file is corrupt: " + why);
}
Error UnsupportedFormat(const std::string& what) {
  return HeaderFault(
      ErrorCode::kUnsupportedFormat,
      what + " is not supported: convert it to JPEG or PNG first (in a web page, the browser decodes what it knows)");
}

Status CheckImageSize(int width, int height, uint64_t max_pixels) {
  const bool too_wide = std::max(width, height) > kMaxSide;
  max_pixels = std::min(max_pixels, kMaxPixels);
  if (!too_wide && uint64_t(width) * uint64_t(height) <= max_pixels) return {};
  return HeaderFault(ErrorCode::kImageTooLarge,
                     std::to_string(width) + " x " + std::to_string(height) + " pixels are over the limit of " +
                         (too_wide ? std::to_string(kMaxSide) + " a side" : std::to_string(max_pixels) + " in all"));
}

}  // namespace resnet50
