// torchvision's ImageClassification preset on 8-bit pixels: resize the shorter side, cut out the middle. Geometry and
// resampling follow torchvision.transforms (resize, center_crop) and Pillow's Image.resize.
#pragma once

#include <array>

#include "base/result.h"
#include "image/image.h"
#include "image/resize.h"

namespace resnet50 {

struct Transforms {
  int resize_size = 232;
  int crop_size = 224;
  Interpolation interpolation = Interpolation::kBilinear;
  std::array<float, 3> mean{0.485F, 0.456F, 0.406F};
  std::array<float, 3> std{0.229F, 0.224F, 0.225F};
};

// Where the crop lies in the resized image; negative offsets are padding (zeros), as torchvision pads.
struct TransformGeometry {
  int width, height;  // after resizing
  int left, top;
};
TransformGeometry GeometryFor(int width, int height, const Transforms& transforms);

// crop_size x crop_size pixels. Only what the crop shows is resampled. Errors: kImageTooLarge (the resized long side
// passes kMaxResizedSide), kOutOfMemory.
Result<Image> ResizeAndCrop(const Image& image, const Transforms& transforms);

}  // namespace resnet50
