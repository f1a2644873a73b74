#include "image/exif.h"

#include <cstring>
#include <utility>

#include "image/bytes.h"

namespace resnet50 {
namespace {

constexpr uint16_t kOrientationTag = 0x0112;
constexpr uint16_t kShort = 3, kLong = 4;

}  // namespace

int ReadOrientation(std::span<const uint8_t> tiff) {
  const bool little = StartsWith(tiff, "II");
  if (!little && !StartsWith(tiff, "MM")) return 1;
  ByteReader reader(tiff, !little);
  reader.Seek(2);
  if (reader.U16() != 42) return 1;
  reader.Seek(reader.U32());
  const int entries = reader.U16();
  for (int i = 0; i < entries && reader.ok(); ++i) {
    const uint16_t tag = reader.U16(), type = reader.U16();
    const uint32_t count = reader.U32();
    uint32_t value = 0;
    if (type == kLong) {
      value = reader.U32();
    } else {
      value = reader.U16();
      reader.Skip(2);
    }
    if (!reader.ok() || tag != kOrientationTag) continue;
    return (type == kShort || type == kLong) && count == 1 && value >= 1 && value <= 8 ? int(value) : 1;
  }
  return 1;
}

// Orientation o says where the stored first row and column belong; bit by bit of o - 1 (for 1..4) or o - 5 (for 5..8,
// which also swap the axes) it is a mirror.
Result<Image> ApplyOrientation(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool swap = orientation >= 5;
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;  // of the source
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Result<Image> turned = AllocateImage(swap ? image.height : image.width, swap ? image.width : image.height);
  if (!turned) return turned;
  for (int y = 0; y < turned->height; ++y) {
    uint8_t* out = turned->row(y);
    for (int x = 0; x < turned->width; ++x, out += kRgb) {
      const int u = swap ? y : x, v = swap ? x : y;
      const int source_x = flip_x ? image.width - 1 - u : u;
      const int source_y = flip_y ? image.height - 1 - v : v;
      std::memcpy(out, image.row(source_y) + size_t(source_x) * kRgb, kRgb);
    }
  }
  turned->format = image.format;
  turned->orientation = image.orientation;
  return turned;
}

}  // namespace resnet50
