// A part of an image, turned by quarters: what a user wants to be looked at, before any resizing.
#pragma once

#include "base/result.h"
#include "image/image.h"

namespace resnet50 {

// A part of the turned image, in its pixels.
struct ViewBox {
  int left, top, width, height;
};

// The box of `image` turned clockwise by `degrees` (0, 90, 180 or 270). Errors: kInvalidArgument (other degrees, a box
// that is empty or not inside the turned image), kOutOfMemory.
Result<Image> View(const Image& image, int degrees, const ViewBox& box);

}  // namespace resnet50
