#include "inference/picture.h"

#include <utility>

namespace resnet50 {
namespace {

// The source's bytes go with it.
Result<Image> DecodeSource(PictureSource source, const DecodeOptions& options) {
  const std::span<const uint8_t> bytes(source.bytes.data(), source.bytes.size());
  if (source.channels == 0) return Decode(bytes, options);
  return FromPixels(bytes, source.width, source.height, source.channels, options.background);
}

bool IsSideways(int degrees) { return degrees % 180 != 0; }

}  // namespace

Result<Picture> OpenPicture(PictureSource source, const PictureSettings& settings) {
  Result<Image> decoded = DecodeSource(std::move(source), settings.decode);
  if (!decoded) return std::move(decoded).error();
  Picture picture;
  picture.width = decoded->width;
  picture.height = decoded->height;
  picture.rotate = settings.rotate;
  const bool sideways = IsSideways(settings.rotate);
  const int width = sideways ? picture.height : picture.width, height = sideways ? picture.width : picture.height;
  picture.part = BoxOf(settings.region, width, height);
  const bool whole = picture.part.width == width && picture.part.height == height;
  if (whole && settings.rotate == 0) {
    picture.viewed = std::move(decoded).value();
    return picture;
  }
  Result<Image> viewed = View(decoded.value(), settings.rotate, picture.part);
  if (!viewed) return std::move(viewed).error();
  picture.viewed = std::move(viewed).value();
  return picture;
}

Region OnWhole(const Picture& picture, const Region& of_view) {
  const bool sideways = IsSideways(picture.rotate);
  const double width = sideways ? picture.height : picture.width, height = sideways ? picture.width : picture.height;
  const ViewBox& part = picture.part;
  return {(part.left + of_view.left * part.width) / width, (part.top + of_view.top * part.height) / height,
          (part.left + of_view.right * part.width) / width, (part.top + of_view.bottom * part.height) / height};
}

}  // namespace resnet50
