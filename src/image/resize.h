// Pillow's Image.resize on 8-bit RGB, bit for bit: antialiased triangle and cubic filters in 22-bit fixed point, a
// horizontal pass, then a vertical one over 8-bit intermediates; nearest neighbour by Pillow's scaled walk.
// Source: Pillow, src/libImaging/Resample.c and Geometry.c (their arithmetic, not their code).
#pragma once

#include "base/result.h"
#include "image/image.h"

namespace resnet50 {

enum class Interpolation : uint8_t { kNearest, kBilinear, kBicubic };

// A part of the resized image, in its pixels.
struct Window {
  int left, top, width, height;
};

// The window of `image` resized to width x height; equal to resizing the whole and cutting the window out.
// The window lies inside the resized image. Errors: kOutOfMemory.
Result<Image> Resize(const Image& image, int width, int height, Interpolation interpolation, const Window& window);

}  // namespace resnet50
