// Image files -> pixels, with every option.
#include "image/decode.h"

#include "targets.h"

namespace resnet50::fuzz {

void FuzzDecode(Bytes bytes) {
  const uint32_t choice = TakeNumber(bytes, 1);
  DecodeOptions options;
  options.max_pixels = uint64_t{1} << 12;
  options.apply_orientation = (choice & 1) != 0;
  if ((choice & 2) != 0) options.background = RgbColor{uint8_t(choice), 255, 0};
  const Result<Image> image = Decode(bytes, options);
  if (!image) {
    Check(!image.error().message.empty(), "every refusal has a message");
    Check(image.error().code != ErrorCode::kInternal, "a file is never refused as a defect of ours");
    return;
  }
  Check(image->width > 0 && image->height > 0, "sides are positive");
  Check(uint64_t(image->width) * uint64_t(image->height) <= options.max_pixels, "the limit holds");
  Check(image->pixels.size() == size_t(image->width) * size_t(image->height) * kRgb, "pixels fill the image");
  Check(image->orientation >= 1 && image->orientation <= 8, "EXIF orientation is 1..8");
  // Every pixel is read, so that the sanitizers see memory that was never written or is not ours.
  uint32_t sum = 0;
  for (size_t i = 0; i < image->pixels.size(); ++i) sum += image->pixels.data()[i];
  Check(sum <= 255U * image->pixels.size(), "pixels are bytes");
}

}  // namespace resnet50::fuzz
