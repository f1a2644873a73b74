// EXIF orientation: finding it and applying it. Follows the TIFF 6.0 directory layout and EXIF 2.3, tag 0x0112.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "image/image.h"

namespace resnet50 {

// The orientation in a TIFF structure (an APP1 segment behind "Exif\0\0", or a PNG eXIf chunk): 1..8, and 1 where there
// is none or the structure is broken.
int ReadOrientation(std::span<const uint8_t> tiff);

// The image turned and mirrored so that it stands upright. Errors: kOutOfMemory.
Result<Image> ApplyOrientation(Image image, int orientation);

}  // namespace resnet50
