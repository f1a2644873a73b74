#include "image/view.h"

#include <cmath>
#include <cstring>
#include <string>

namespace resnet50 {

ViewBox BoxOf(const Region& region, int width, int height) {
  const auto edge = [](double fraction, int side) { return int(std::nearbyint(fraction * double(side))); };
  const int left = edge(region.left, width), top = edge(region.top, height);
  return {left, top, edge(region.right, width) - left, edge(region.bottom, height) - top};
}

Result<Image> View(const Image& image, int degrees, const ViewBox& box) {
  if (degrees != 0 && degrees != 90 && degrees != 180 && degrees != 270) {
    return Error{ErrorCode::kInvalidArgument, "rotate", "must be 0, 90, 180 or 270, not " + std::to_string(degrees)};
  }
  const bool sideways = degrees % 180 != 0;
  const int width = sideways ? image.height : image.width, height = sideways ? image.width : image.height;
  const bool inside = box.left >= 0 && box.top >= 0 && box.width > 0 && box.height > 0 &&
                      box.width <= width - box.left && box.height <= height - box.top;
  if (!inside) {
    return Error{ErrorCode::kInvalidArgument, "region",
                 "holds no pixel of the " + std::to_string(width) + " x " + std::to_string(height) +
                     " image, or lies outside of it"};
  }
  Result<Image> out = AllocateImage(box.width, box.height);
  if (!out) return out;
  out->format = image.format;
  out->orientation = image.orientation;
  // Where the pixels of a row come from: a start, and a step to the next in bytes.
  const ptrdiff_t line = ptrdiff_t(image.width) * kRgb;
  const ptrdiff_t step = degrees == 0 ? kRgb : degrees == 90 ? -line : degrees == 180 ? -kRgb : line;
  for (int y = 0; y < box.height; ++y) {
    const int across = box.left, down = box.top + y;  // in the turned image
    const int from_x = degrees == 0     ? across
                       : degrees == 90  ? down
                       : degrees == 180 ? image.width - 1 - across
                                        : image.width - 1 - down;
    const int from_y = degrees == 0     ? down
                       : degrees == 90  ? image.height - 1 - across
                       : degrees == 180 ? image.height - 1 - down
                                        : across;
    const uint8_t* from = image.row(from_y) + ptrdiff_t(from_x) * kRgb;
    uint8_t* to = out->row(y);
    for (int x = 0; x < box.width; ++x) std::memcpy(to + x * kRgb, from + x * step, kRgb);
  }
  return out;
}

}  // namespace resnet50
