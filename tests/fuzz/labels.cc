// An image file, from bytes to labels.
#include <cmath>

#include "head/top_k.h"
#include "image/decode.h"
#include "image/normalize.h"
#include "image/transform.h"
#include "synthetic_network.h"
#include "targets.h"

namespace resnet50::fuzz {
namespace {

constexpr int kSide = 32;

// One for all inputs, as a model serves many images: what one leaves behind the next would see.
Network& SharedNetwork() {
  static const std::unique_ptr<Network> network = SyntheticNetwork();
  return *network;
}

std::vector<float> LogitsOf(Network& network, const Image& image) {
  Transforms transforms;
  transforms.resize_size = kSide;
  transforms.crop_size = kSide;
  const Result<Image> crop = ResizeAndCrop(image, transforms);
  if (!crop) return {};
  const InputQuantization& q = network.input_quantization();
  std::vector<uint8_t> codes(size_t(kSide * kSide * kRgb));
  NormalizeToCodes(crop.value(), transforms, {q.scale, q.zero_point, 0, kMaxInputCode}, codes);
  Check(network.Prepare(1, kSide, kSide).ok(), "the network takes the shape");
  network.SetInputCodes(0, codes);
  Check(network.Run().ok(), "the network runs");
  return {network.logits().begin(), network.logits().end()};
}

}  // namespace

void FuzzLabels(Bytes bytes) {
  const Result<Image> image = Decode(bytes, {.max_pixels = 1 << 16});
  if (!image) return;
  Network& network = SharedNetwork();
  const std::vector<float> logits = LogitsOf(network, image.value());
  if (logits.empty()) return;
  Check(logits.size() == size_t(kClasses), "a logit a class");
  for (const float logit : logits) Check(std::isfinite(logit), "logits are finite");
  const std::vector<double> scores = Softmax(logits);
  const std::vector<ScoredClass> best = TopK(scores, {.k = 5});
  Check(best.size() == 5, "five labels");
  for (size_t i = 0; i < best.size(); ++i) {
    Check(best[i].index >= 0 && best[i].index < kClasses, "labels exist");
    Check(best[i].score >= 0 && best[i].score <= 1 && (i == 0 || best[i].score <= best[i - 1].score), "best first");
  }
}

}  // namespace resnet50::fuzz
