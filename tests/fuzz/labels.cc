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

constexpr int kSide = 32;

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

}  // namespace

void FuzzLabels(Bytes bytes) {
  if (bytes.empty()) return;
  PictureSettings settings;
  settings.decode.max_pixels = 1 << 16;
  // The last byte also turns the picture: in most files it is free.
  settings.rotate = int(bytes.back() % 4U) * 90;
  const Result<Picture> picture = OpenPicture({.bytes = CopyOf(bytes)}, settings);
  if (!picture) return;
  Transforms transforms;
  transforms.resize_size = kSide;
  transforms.crop_size = kSide;
  const Result<std::vector<ScoredClass>> best = SharedSession().Classify({picture->viewed, transforms}, {});
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

}  // namespace resnet50::fuzz
