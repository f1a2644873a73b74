// Pixels -> network input, over arbitrary sizes, crops and filters.
#include "image/transform.h"

#include <vector>

#include "image/decode.h"
#include "image/normalize.h"
#include "targets.h"

namespace resnet50::fuzz {
namespace {

// Long and thin, or up to about 90 x 90: pixels stay few, so that time goes into new shapes.
Image Source(Bytes& bytes) {
  uint32_t width = 1 + TakeNumber(bytes, 2) % kMaxSide, height = 1 + TakeNumber(bytes, 2) % kMaxSide;
  while (uint64_t(width) * height > 1U << 13) (width > height ? width : height) /= 2;
  Result<Image> image = AllocateImage(int(width), int(height));
  Check(image.ok(), "small images can be allocated");
  return std::move(image).value();
}

}  // namespace

void FuzzTransform(Bytes bytes) {
  Image image = Source(bytes);
  Transforms transforms;
  transforms.resize_size = 1 + int(TakeNumber(bytes, 2) % 512);
  transforms.crop_size = 1 + int(TakeNumber(bytes, 2) % 96);
  transforms.interpolation = Interpolation(TakeNumber(bytes, 1) % 3);
  const bool quantized = (TakeNumber(bytes, 1) & 1) != 0;
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    image.pixels.data()[i] = bytes.empty() ? uint8_t(i) : bytes[i % bytes.size()];
  }
  const TransformGeometry geometry = GeometryFor(image.width, image.height, transforms);
  Check(geometry.width > 0 && geometry.height > 0, "resized sides are positive");
  const Result<Image> crop = ResizeAndCrop(image, transforms);
  if (!crop) {
    Check(crop.error().code == ErrorCode::kImageTooLarge, "only a sliver cannot be resized");
    return;
  }
  Check(crop->width == transforms.crop_size && crop->height == transforms.crop_size, "the crop has its size");
  const size_t values = size_t(crop->width) * size_t(crop->height) * kRgb;
  if (quantized) {
    std::vector<uint8_t> codes(values);
    NormalizeToCodes(crop.value(), transforms, {0.02F, 118, 0, 254}, codes);
    for (const uint8_t code : codes) Check(code <= 254, "codes obey their rule");
  } else {
    std::vector<float> reals(values);
    NormalizeToFloat(crop.value(), transforms, reals);
    for (const float real : reals) Check(real > -3.0F && real < 3.0F, "normalized values are in range");
  }
}

}  // namespace resnet50::fuzz
