// How torchvision 0.14 resizes 8-bit tensors where no antialiasing is asked for: torch.nn.functional.interpolate
// (align_corners=False) in float32, two taps a side (bilinear) or four (bicubic, a = -0.75) however much the image
// shrinks, rounded to the nearest level, halves to even. Source: torchvision/transforms/functional_tensor.py, and
// PyTorch's UpSample.h for the arithmetic. PyTorch adds in another order for each memory layout and kind of CPU, so
// about one value in twenty thousand differs by a level, from ours as from its own.
#pragma once

#include "image/resize.h"

namespace resnet50 {

// As Resize, without antialiasing; nearest neighbour is floor(index * scale), which is not Pillow's.
Result<Image> ResizeAsTensor(const Image& image, int width, int height, Interpolation interpolation,
                             const Window& window);

}  // namespace resnet50
