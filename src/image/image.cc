#include "image/image.h"

#include <string>

namespace resnet50 {

std::string_view Name(ImageFormat format) {
  switch (format) {
    case ImageFormat::kJpeg: return "jpeg";
    case ImageFormat::kPng: return "png";
    case ImageFormat::kBmp: return "bmp";
    case ImageFormat::kRaw: return "raw";
  }
  return "raw";
}

PixelBuffer PixelBuffer::Allocate(size_t bytes) {
  PixelBuffer buffer;
  buffer.data_.reset(static_cast<uint8_t*>(std::malloc(bytes)));
  if (buffer.data_) buffer.size_ = bytes;
  return buffer;
}

PixelBuffer PixelBuffer::Adopt(uint8_t* block, size_t bytes) {
  PixelBuffer buffer;
  buffer.data_.reset(block);
  buffer.size_ = bytes;
  return buffer;
}

Result<Image> AllocateImage(int width, int height) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide ||
      uint64_t(width) * uint64_t(height) > kMaxPixels) {
    return Error{ErrorCode::kImageTooLarge, "image",
                 std::to_string(width) + " x " + std::to_string(height) + " pixels: sides must lie in 1.." +
                     std::to_string(kMaxSide) + ", and pixels must be at most " + std::to_string(kMaxPixels)};
  }
  Image image;
  image.width = width;
  image.height = height;
  image.pixels = PixelBuffer::Allocate(size_t(width) * size_t(height) * kRgb);
  if (image.pixels.data() == nullptr) {
    return Error{ErrorCode::kOutOfMemory, "image",
                 "no memory for " + std::to_string(width) + " x " + std::to_string(height) + " pixels"};
  }
  return image;
}

}  // namespace resnet50
