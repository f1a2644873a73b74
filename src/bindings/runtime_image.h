// A decoded image as JavaScript holds it.
#pragma once

#include <emscripten/val.h>

#include <string>
#include <utility>

#include "image/image.h"

namespace resnet50::js {

class ImageHandle {
 public:
  explicit ImageHandle(Image image) : image_(std::move(image)) {}

  const Image& image() const { return image_; }
  int width() const { return image_.width; }
  int height() const { return image_.height; }
  uintptr_t pixels() const { return reinterpret_cast<uintptr_t>(image_.pixels.data()); }
  std::string format() const { return std::string(Name(image_.format)); }
  int orientation() const { return image_.orientation; }

 private:
  Image image_;
};

}  // namespace resnet50::js
