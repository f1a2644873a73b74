#include "convert/quantization_run.h"

#include <algorithm>
#include <utility>

#include "image/normalize.h"
#include "quantize/calibration.h"

namespace resnet50 {
namespace {

constexpr size_t kObservedBatch = 4;
constexpr size_t kMatchedImages = 32;       // enough for means and deviations; all their tensors are held at once
constexpr double kObservationShare = 0.25;  // of the time that quantization takes, about

}  // namespace

Status SetFoldedLayers(Network& network, const std::vector<FoldedLayer>& layers) {
  for (size_t row = 0; row < layers.size(); ++row) {
    const Layer& layer = network.layers()[row];
    if (!layer.has_weights()) continue;
    LayerWeights weights;
    weights.real = layers[row].weight;
    weights.bias = layers[row].bias;
    if (Status status = network.SetWeights(layer.name, weights); !status) return status;
  }
  return {};
}

QuantizationRun::QuantizationRun(const QuantizationSubject& subject, const QuantizationOptions& options)
    : subject_(subject), options_(options), statistics_(subject.checkpoint.layers) {
  options_.widen_ranges = subject.has_generated_images;
}

QuantizationRun::~QuantizationRun() {
  // Given up half-way. Weights that fitted once fit again.
  if (is_changed_) (void)RestoreNetwork();
}

Status QuantizationRun::RestoreNetwork() {
  Status status = SetFoldedLayers(subject_.network, subject_.checkpoint.folded);
  if (status) is_changed_ = false;
  return status;
}

// Generated pictures: the network becomes one whose batch norms see on them what they saw in training.
Status QuantizationRun::Match() {
  weights_ = subject_.checkpoint.folded;
  if (!subject_.has_generated_images || !options_.match_batch_norm) return {};
  std::vector<std::vector<float>> images(std::min(subject_.crops.size(), kMatchedImages));
  const int side = subject_.transforms.crop_size;
  for (size_t k = 0; k < images.size(); ++k) {
    images[k].resize(size_t(side) * size_t(side) * kInputChannels);
    NormalizeToFloat(subject_.crops[k], subject_.transforms, images[k]);
  }
  Result<std::vector<ChannelMap>> maps =
      MatchBatchNorm(subject_.checkpoint.layers, weights_, images, side, subject_.network.pool());
  if (!maps) return std::move(maps).error();
  maps_ = std::move(maps).value();
  is_changed_ = true;
  return SetFoldedLayers(subject_.network, weights_);
}

// One batch through the f32 network; whether more are left.
Result<bool> QuantizationRun::Observe() {
  Network& network = subject_.network;
  const size_t first = size_t(statistics_.images());
  const size_t count = std::min(kObservedBatch, subject_.crops.size() - first);
  const int side = subject_.transforms.crop_size;
  if (Status status = network.Prepare(int(count), side, side); !status) return std::move(status).error();
  const std::span<float> input = network.input_reals();
  for (size_t i = 0; i < count; ++i) {
    NormalizeToFloat(subject_.crops[first + i], subject_.transforms,
                     input.subspan(i * input.size() / count, input.size() / count));
  }
  Status status = statistics_.Observe(network, int(count), {size_t(side), size_t(side)});
  if (!status) return std::move(status).error();
  return size_t(statistics_.images()) < subject_.crops.size();
}

// The f32 network has been observed: its memory is needed for what comes.
Status QuantizationRun::Prepare() {
  is_changed_ = true;
  subject_.network.ForgetWeights();
  const Transforms& transforms = subject_.transforms;
  quantizer_ =
      std::make_unique<Quantizer>(subject_.checkpoint.layers, std::move(weights_), statistics_,
                                  NormalizedRange(transforms.mean, transforms.std), options_, subject_.network.pool());
  quantizer_->Prepare();
  const int side = transforms.crop_size;
  std::vector<float> reals(size_t(side) * size_t(side) * kInputChannels);
  for (const Image& crop : subject_.crops) {
    NormalizeToFloat(crop, transforms, reals);
    quantizer_->AddImage(reals, side);
  }
  return {};
}

// One row; whether more are left.
Result<bool> QuantizationRun::Quantize() {
  Result<bool> more = quantizer_->Step();
  if (!more || more.value()) return more;
  if (!maps_.empty()) quantizer_->Unmatch(maps_);
  if (Status status = RestoreNetwork(); !status) return std::move(status).error();
  return false;
}

double QuantizationRun::Share() const {
  if (phase_ == Phase::kDone) return 1.0;
  if (!quantizer_) return kObservationShare * double(statistics_.images()) / double(subject_.crops.size());
  const double share = double(quantizer_->rows_done()) / double(quantizer_->rows());
  return kObservationShare + (1.0 - kObservationShare) * share;
}

Result<double> QuantizationRun::Continue() {
  const auto finish = [&](Status status, Phase next) {
    if (status) phase_ = next;
    return status;
  };
  const auto repeat = [&](Result<bool> more, Phase next) -> Status {
    if (!more) return std::move(more).error();
    if (!more.value()) phase_ = next;
    return {};
  };
  Status status;
  switch (phase_) {
    case Phase::kMatch: status = finish(Match(), Phase::kObserve); break;
    case Phase::kObserve: status = repeat(Observe(), Phase::kPrepare); break;
    case Phase::kPrepare: status = finish(Prepare(), Phase::kQuantize); break;
    case Phase::kQuantize: status = repeat(Quantize(), Phase::kDone); break;
    case Phase::kDone: break;
  }
  if (!status) return std::move(status).error();
  return Share();
}

}  // namespace resnet50
