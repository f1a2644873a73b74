// From what a caller hands over (an image file, or raw pixels) to the part of a picture that is looked at. Knows no
// network.
#pragma once

#include "base/result.h"
#include "image/decode.h"
#include "image/image.h"
#include "image/view.h"

namespace resnet50 {

// A picture before it is decoded.
struct PictureSource {
  PixelBuffer bytes;
  // Of raw pixels, rows without padding; 0 each for an image file.
  int width = 0, height = 0, channels = 0;
};

struct PictureSettings {
  DecodeOptions decode;
  int rotate = 0;  // clockwise: 0, 90, 180 or 270 degrees
  Region region;   // of the turned picture
};

// A decoded picture, cut to its view.
struct Picture {
  Image viewed;
  int width = 0, height = 0;  // of the whole, decoded, before it is turned
  int rotate = 0;
  ViewBox part{};  // what `viewed` is of the turned whole
};

// Decodes and cuts; the source's bytes are freed as soon as they are decoded, since a network that runs afterwards
// needs the memory. Errors: those of Decode (image files), FromPixels (raw pixels) and View.
Result<Picture> OpenPicture(PictureSource source, const PictureSettings& settings);

// A part of `viewed`, in fractions of its sides, as a part of the turned whole.
Region OnWhole(const Picture& picture, const Region& of_view);

}  // namespace resnet50
