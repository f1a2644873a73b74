// A part of an image, turned by quarters: what a user wants to be looked at, before any resizing.
#pragma once

#include "base/result.h"
#include "image/image.h"

namespace resnet50 {

// A part of an image in fractions of its sides, from its upper left corner.
struct Region {
  double left = 0.0, top = 0.0, right = 1.0, bottom = 1.0;
};

// A part of the turned image, in its pixels.
struct ViewBox {
  int left, top, width, height;
};

// The pixels of a region of an image, edges rounded as Python's round() does (halves to even), which is what callers of
// Pillow's Image.crop use. May be empty.
ViewBox BoxOf(const Region& region, int width, int height);

// The box of `image` turned clockwise by `degrees` (0, 90, 180 or 270). Errors: kInvalidArgument (other degrees, a box
// that is empty or not inside the turned image), kOutOfMemory.
Result<Image> View(const Image& image, int degrees, const ViewBox& box);

}  // namespace resnet50
