// torchvision's ImageClassification preset on 8-bit pixels: resize the shorter side, cut out the middle (or corners).
// Geometry and resampling follow torchvision.transforms (resize, center_crop, ten_crop) and Pillow's Image.resize.
#pragma once

#include <array>

#include "base/result.h"
#include "image/image.h"
#include "image/resize.h"
#include "image/view.h"

namespace resnet50 {

struct Transforms {
  int resize_size = 232;
  int crop_size = 224;
  Interpolation interpolation = Interpolation::kBilinear;
  bool antialias = true;  // as Pillow resizes; false: as torchvision 0.14 resizes 8-bit tensors by default
  std::array<float, 3> mean{0.485F, 0.456F, 0.406F};
  std::array<float, 3> std{0.229F, 0.224F, 0.225F};
};

// Where the crop lies in the resized image; negative offsets are padding (zeros), as torchvision pads.
struct TransformGeometry {
  int width, height;  // after resizing
  int left, top;
};
TransformGeometry GeometryFor(int width, int height, const Transforms& transforms);

// The crop in the middle of an image of width x height, in fractions of its sides; beyond 0..1 where it is padded.
Region CropOf(int width, int height, const Transforms& transforms);

// Which square of the resized image. `count` is 1 (the middle), 2 (the middle and its mirror image), 5 (the corners,
// then the middle: torchvision's five_crop) or 10 (those, then those of the mirrored image: ten_crop); `index` is below
// it.
struct CropChoice {
  int count = 1;
  int index = 0;
};

// crop_size x crop_size pixels. Only what the crop shows is resampled. Errors: kInvalidArgument (another count, or
// corners of an image smaller than the crop), kImageTooLarge (the resized long side passes kMaxResizedSide),
// kOutOfMemory.
Result<Image> ResizeAndCrop(const Image& image, const Transforms& transforms, const CropChoice& choice = {});

}  // namespace resnet50
