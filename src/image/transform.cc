#include "image/transform.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "image/resize_tensor.h"

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

Region CropOf(int width, int height, const Transforms& transforms) {
  const TransformGeometry g = GeometryFor(width, height, transforms);
  const double crop = transforms.crop_size, w = g.width, h = g.height;
  return {g.left / w, g.top / h, (g.left + crop) / w, (g.top + crop) / h};
}

namespace {

// Where the chosen square lies, and whether it is mirrored.
struct Square {
  int left, top;
  bool mirrored;
};

Square ChooseSquare(const TransformGeometry& g, int crop, const CropChoice& choice) {
  const bool corners = choice.count >= 5;
  const int corner = corners ? choice.index % 5 : 4;
  const bool mirrored = corners ? choice.index >= 5 : choice.index == 1;
  int left = g.left, top = g.top;
  if (corner < 4) {
    left = corner % 2 == 0 ? 0 : g.width - crop;
    top = corner < 2 ? 0 : g.height - crop;
  }
  // torchvision mirrors the resized image, then cuts.
  if (mirrored && corners) left = g.width - crop - left;
  return {left, top, mirrored};
}

void MirrorRows(Image& image) {
  for (int y = 0; y < image.height; ++y) {
    uint8_t* row = image.row(y);
    for (int x = 0; x < image.width / 2; ++x) {
      std::swap_ranges(row + x * kRgb, row + (x + 1) * kRgb, row + (image.width - 1 - x) * kRgb);
    }
  }
}

// A crop x crop image whose visible part is `part`; zeros around it.
Result<Image> Pad(const Image& part, const Square& square, int crop) {
  Result<Image> padded = AllocateImage(crop, crop);
  if (!padded) return padded;
  std::memset(padded->pixels.data(), 0, padded->pixels.size());
  for (int y = 0; y < part.height; ++y) {
    std::memcpy(padded->row(y + std::max(0, -square.top)) + size_t(std::max(0, -square.left)) * kRgb, part.row(y),
                size_t(part.width) * kRgb);
  }
  return padded;
}

Status CheckChoice(const TransformGeometry& g, int crop, const CropChoice& choice) {
  const bool known = choice.count == 1 || choice.count == 2 || choice.count == 5 || choice.count == 10;
  if (!known || choice.index < 0 || choice.index >= choice.count) {
    return Error{ErrorCode::kInvalidArgument, "crops", "must be 1, 2, 5 or 10"};
  }
  if (choice.count >= 5 && crop > std::min(g.width, g.height)) {
    return Error{ErrorCode::kInvalidArgument, "crops",
                 std::to_string(choice.count) + " crops of " + std::to_string(crop) +
                     " pixels do not fit into an image of " + std::to_string(g.width) + " x " +
                     std::to_string(g.height) + ": raise resizeSize or lower cropSize"};
  }
  return {};
}

}  // namespace

Result<Image> ResizeAndCrop(const Image& image, const Transforms& transforms, const CropChoice& choice) {
  const TransformGeometry g = GeometryFor(image.width, image.height, transforms);
  if (std::max(g.width, g.height) >= kMaxResizedSide) {
    return Error{ErrorCode::kImageTooLarge, "image",
                 std::to_string(image.width) + " x " + std::to_string(image.height) + " is too narrow to be resized"};
  }
  const int crop = transforms.crop_size;
  if (Status status = CheckChoice(g, crop, choice); !status) return std::move(status).error();
  const Square square = ChooseSquare(g, crop, choice);
  const Window window{std::max(0, square.left), std::max(0, square.top), std::min(crop, g.width),
                      std::min(crop, g.height)};
  const auto resize = transforms.antialias ? Resize : ResizeAsTensor;
  Result<Image> result = resize(image, g.width, g.height, transforms.interpolation, window);
  if (result && (window.width != crop || window.height != crop)) result = Pad(result.value(), square, crop);
  if (result && square.mirrored) MirrorRows(result.value());
  return result;
}

}  // namespace resnet50
