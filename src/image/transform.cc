#include "image/transform.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace resnet50 {
namespace {

// Coefficients are kept for every column of the crop only, but their positions must stay exact in double.
constexpr int64_t kMaxResizedSide = 1 << 26;

// Python's round(): halves to even.
int RoundHalf(int doubled) { return int(std::nearbyint(double(doubled) / 2.0)); }

int CropOffset(int size, int crop) {
  // torchvision pads first where the crop is larger: (crop - size) // 2 on the near side.
  return size >= crop ? RoundHalf(size - crop) : -((crop - size) / 2);
}

}  // namespace

TransformGeometry GeometryFor(int width, int height, const Transforms& transforms) {
  const int64_t size = transforms.resize_size;
  const int64_t shorter = std::min(width, height), longer = std::max(width, height);
  // int(size * long / short): Python divides exactly rounded doubles, then truncates.
  const int64_t resized = int64_t(double(size * longer) / double(shorter));
  const int clamped = int(std::min(resized, kMaxResizedSide));
  TransformGeometry g{};
  g.width = width <= height ? int(size) : clamped;
  g.height = width <= height ? clamped : int(size);
  g.left = CropOffset(g.width, transforms.crop_size);
  g.top = CropOffset(g.height, transforms.crop_size);
  return g;
}

Result<Image> ResizeAndCrop(const Image& image, const Transforms& transforms) {
  const TransformGeometry g = GeometryFor(image.width, image.height, transforms);
  if (std::max(g.width, g.height) >= kMaxResizedSide) {
    return Error{ErrorCode::kImageTooLarge, "image",
                 std::to_string(image.width) + " x " + std::to_string(image.height) + " is too narrow to be resized"};
  }
  const int crop = transforms.crop_size;
  const Window window{std::max(0, g.left), std::max(0, g.top), std::min(crop, g.width), std::min(crop, g.height)};
  Result<Image> resized = Resize(image, g.width, g.height, transforms.interpolation, window);
  if (!resized || (window.width == crop && window.height == crop)) return resized;

  Result<Image> padded = AllocateImage(crop, crop);
  if (!padded) return padded;
  std::memset(padded->pixels.data(), 0, padded->pixels.size());
  for (int y = 0; y < window.height; ++y) {
    std::memcpy(padded->row(y + std::max(0, -g.top)) + size_t(std::max(0, -g.left)) * kRgb, resized->row(y),
                size_t(window.width) * kRgb);
  }
  return padded;
}

}  // namespace resnet50
