// An image file, from bytes to labels.
#include <algorithm>
#include <memory>
#include <vector>

#include "inference/picture.h"
#include "inference/session.h"
#include "synthetic_network.h"
#include "targets.h"

namespace resnet50::fuzz {
namespace {

constexpr int kSide = 32;  // the smallest that the network takes
// A run of the network takes a tenth of a second, and its way does not depend on its input's values: one picture in so
// many goes through it, chosen by its pixels, so that an input always goes the same way.
constexpr uint32_t kRunOneIn = 64;

// One for all inputs, as a model serves many images: what one leaves behind the next would see.
InferenceSession& SharedSession() {
  static const std::unique_ptr<InferenceSession> session = SyntheticSession();
  return *session;
}

PixelBuffer CopyOf(Bytes bytes) {
  PixelBuffer copy = PixelBuffer::Allocate(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.data());
  return copy;
}

// FNV-1a, 32 bits.
uint32_t Hash(const Image& image) {
  uint32_t value = 0x811C9DC5U;
  for (size_t i = 0; i < image.pixels.size(); ++i) value = (value ^ image.pixels.data()[i]) * 0x01000193U;
  return value;
}

void CheckLabels(const ImageInput& input) {
  const Result<std::vector<ScoredClass>> best = SharedSession().Classify(input, {});
  if (!best) {
    Check(best.error().code != ErrorCode::kInternal && best.error().code != ErrorCode::kNotFinite, "logits are finite");
    return;
  }
  Check(best->size() == 5, "five labels");
  for (size_t i = 0; i < best->size(); ++i) {
    const ScoredClass& scored = best.value()[i];
    Check(scored.index >= 0 && scored.index < kClasses, "labels exist");
    Check(scored.score >= 0 && scored.score <= 1 && (i == 0 || scored.score <= best.value()[i - 1].score),
          "best first");
  }
}

void Label(Bytes bytes, uint32_t run_one_in) {
  if (bytes.empty()) return;
  PictureSettings settings;
  settings.decode.max_pixels = 1 << 12;
  // The last byte also turns the picture: in most files it is free.
  settings.rotate = int(bytes.back() % 4U) * 90;
  const Result<Picture> picture = OpenPicture({.bytes = CopyOf(bytes)}, settings);
  if (!picture) return;
  Transforms transforms;
  transforms.resize_size = kSide;
  transforms.crop_size = kSide;
  const Result<NormalizedCrop> seen = Preprocess(picture->viewed, transforms, TensorLayout::kNhwc);
  if (!seen) {
    Check(seen.error().code == ErrorCode::kImageTooLarge, "only a sliver cannot be resized");
    return;
  }
  for (const float value : seen->tensor) Check(value > -3.0F && value < 3.0F, "normalized values are in range");
  if (Hash(seen->crop) % run_one_in == 0) CheckLabels({picture->viewed, transforms});
}

}  // namespace

void FuzzLabels(Bytes bytes) { Label(bytes, kRunOneIn); }

void LabelAlways(Bytes bytes) { Label(bytes, 1); }

}  // namespace resnet50::fuzz
