#include "inference/session.h"

#include <array>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "head/class_activation_map.h"
#include "image/normalize.h"

namespace resnet50 {
namespace {

// What a classifier of the user's own reads: the embedding, and the last stage for activation maps.
constexpr std::array kHeadStages = {"avgpool", "layer4"};

}  // namespace

InferenceSession::InferenceSession(std::unique_ptr<Network> network)
    : network_(std::move(network)), loader_(*network_) {}

Result<std::unique_ptr<InferenceSession>> InferenceSession::Create(NetworkOptions options) {
  Result<std::unique_ptr<Network>> network = Network::Create(std::move(options));
  if (!network) return std::move(network).error();
  return std::unique_ptr<InferenceSession>(new InferenceSession(std::move(network).value()));
}

int InferenceSession::classes() const {
  return head_ ? std::visit([](const auto& head) { return head.classes(); }, *head_) : network_->classes();
}

size_t InferenceSession::HeadTaps() const { return head_ ? kHeadStages.size() : 0; }

void InferenceSession::SetHead(std::optional<CustomHead> head) {
  progress_.reset();  // its logits would be of two classifiers
  head_ = std::move(head);
}

Status InferenceSession::Begin(const SessionInput& input, std::span<const std::string> stages) {
  // What the last call gave goes before this one needs memory.
  progress_.reset();
  logits_.clear();
  taps_.clear();
  if (head_) {
    for (const char* stage : kHeadStages) taps_.push_back({FindStage(network_->layers(), stage).value()});
  }
  for (const std::string& stage : stages) {
    Result<size_t> row = FindStage(network_->layers(), stage);
    if (!row) return std::move(row).error();
    taps_.push_back({row.value()});
  }
  progress_.emplace(Progress{input});
  return {};
}

bool InferenceSession::Done() const {
  const auto* image = std::get_if<ImageInput>(&progress_->input);
  return !progress_->prepared && progress_->crop == (image == nullptr ? 1 : image->crops);
}

Result<bool> InferenceSession::Advance(const Pause& pause) {
  if (!progress_) return Error{ErrorCode::kNotReady, "session", "Begin must come before Advance"};
  while (!Done()) {
    if (Status status = Step(); !status) {
      progress_.reset();
      return std::move(status).error();
    }
    if (pause && !Done() && pause()) return false;
  }
  return true;
}

Status InferenceSession::Step() {
  if (!progress_->prepared) {
    progress_->row = 0;
    progress_->prepared = true;
    return FillNext();
  }
  if (Status status = network_->RunRow(progress_->row, taps_); !status) return status;
  if (++progress_->row < network_->layers().size()) return {};
  TakeLogits();
  progress_->prepared = false;
  ++progress_->crop;
  return {};
}

Status InferenceSession::FillNext() {
  if (const auto* image = std::get_if<ImageInput>(&progress_->input)) return FillCrop(*image, progress_->crop);
  return FillTensor(*std::get_if<TensorInput>(&progress_->input));
}

Status InferenceSession::FillCrop(const ImageInput& input, int index) {
  const Transforms& transforms = input.transforms;
  Result<Image> resized = ResizeAndCrop(input.image, transforms, {input.crops, index});
  if (!resized) return std::move(resized).error();
  const Image& crop = resized.value();
  if (Status status = network_->Prepare(1, crop.height, crop.width); !status) return status;
  if (network_->precision() == Precision::kFloat32) {
    NormalizeToFloat(crop, transforms, network_->input_reals());
    return {};
  }
  std::vector<uint8_t> codes(crop.pixels.size());
  const InputQuantization& q = network_->input_quantization();
  NormalizeToCodes(crop, transforms, {q.scale, q.zero_point, 0, kMaxInputCode}, codes);
  network_->SetInputCodes(0, codes);
  return {};
}

Status InferenceSession::FillTensor(const TensorInput& input) {
  if (Status status = network_->Prepare(input.n, input.height, input.width); !status) return status;
  network_->SetInput(input.values);
  return {};
}

Status InferenceSession::Run(const SessionInput& input, std::span<const std::string> stages) {
  if (Status status = Begin(input, stages); !status) return status;
  Result<bool> ran = Advance();
  return ran ? Status{} : Status{std::move(ran).error()};
}

void InferenceSession::TakeLogits() {
  if (head_) return ScoreEmbeddings();
  const std::span<const float> logits = network_->logits();
  logits_.insert(logits_.end(), logits.begin(), logits.end());
}

void InferenceSession::ScoreEmbeddings() {
  const std::span<const float> embeddings = taps_[0].nchw;
  const size_t rows = embeddings.size() / kEmbedding, first = logits_.size(), count = size_t(classes());
  logits_.resize(first + rows * count);
  for (size_t i = 0; i < rows; ++i) {
    const std::span<const float> embedding = embeddings.subspan(i * kEmbedding, kEmbedding);
    const std::span<float> logits = std::span(logits_).subspan(first + i * count, count);
    std::visit([&](const auto& head) { head.Score(embedding, logits); }, *head_);
  }
}

Result<std::span<const float>> InferenceSession::Logits(const SessionInput& input) {
  if (Status status = Run(input); !status) return std::move(status).error();
  return Logits();
}

Result<std::vector<ScoredClass>> InferenceSession::Classify(const ImageInput& input, const ClassChoice& choice) {
  if (Status status = Run(input); !status) return std::move(status).error();
  return Best(choice);
}

Result<std::vector<StageOutput>> InferenceSession::Features(const SessionInput& input,
                                                            std::span<const std::string> stages) {
  if (Status status = Run(input, stages); !status) return std::move(status).error();
  return StageOutputs();
}

Result<std::vector<ScoredClass>> InferenceSession::Best(const ClassChoice& choice) const {
  Result<std::vector<double>> scores = MeanScores(logits_, logits_.size() / size_t(classes()), choice.activation);
  if (!scores) return std::move(scores).error();
  return TopK(scores.value(), choice.top);
}

std::vector<StageOutput> InferenceSession::StageOutputs() const {
  std::vector<StageOutput> outputs;
  for (const Tap& tap : std::span(taps_).subspan(HeadTaps())) {
    const Extent extent = network_->extent(tap.row);
    outputs.push_back({tap.nchw, network_->layers()[tap.row].out_channels, int(extent.height), int(extent.width)});
  }
  return outputs;
}

Result<std::vector<float>> InferenceSession::ActivationMap(int index) {
  return head_ ? CustomActivationMap(index) : ClassActivationMap(*network_, index);
}

std::vector<float> InferenceSession::CustomActivationMap(int index) const {
  const std::span<const float> embedding = std::span(taps_[0].nchw).first(kEmbedding), stage = taps_[1].nchw;
  const std::vector<float> direction =
      std::visit([&](const auto& head) { return head.Direction(embedding, index); }, *head_);
  std::vector<float> map(stage.size() / kEmbedding);
  for (size_t k = 0; k < kEmbedding; ++k) {
    for (size_t p = 0; p < map.size(); ++p) map[p] += direction[k] * stage[k * map.size() + p];
  }
  return map;
}

Result<Explanation> InferenceSession::Explain(const ImageInput& input, const ClassChoice& choice) {
  if (Status status = Run(input); !status) return std::move(status).error();
  return ExplainBest(choice);
}

Result<Explanation> InferenceSession::ExplainBest(const ClassChoice& choice) {
  RESNET50_CHECK(progress_ && std::holds_alternative<ImageInput>(progress_->input));
  const ImageInput& input = std::get<ImageInput>(progress_->input);
  RESNET50_CHECK(input.crops == 1);
  Result<std::vector<ScoredClass>> best = Best(choice);
  if (!best) return std::move(best).error();
  if (best->empty()) return Error{ErrorCode::kInvalidArgument, "index", "leaves no class to explain"};
  Explanation explanation{};
  explanation.best = best->front();
  Result<std::vector<float>> map = ActivationMap(explanation.best.index);
  if (!map) return std::move(map).error();
  explanation.map = std::move(map).value();
  const Extent extent = network_->extent(FindStage(network_->layers(), "layer4").value());
  explanation.height = int(extent.height);
  explanation.width = int(extent.width);
  explanation.crop = CropOf(input.image.width, input.image.height, input.transforms);
  return explanation;
}

Result<NormalizedCrop> Preprocess(const Image& image, const Transforms& transforms, TensorLayout layout) {
  Result<Image> crop = ResizeAndCrop(image, transforms);
  if (!crop) return std::move(crop).error();
  NormalizedCrop result{std::move(crop).value(), {}};
  std::vector<float> nhwc(result.crop.pixels.size());
  NormalizeToFloat(result.crop, transforms, nhwc);
  const size_t area = nhwc.size() / kRgb;
  result.tensor = layout == TensorLayout::kNhwc ? std::move(nhwc) : ToNchw(std::span<const float>(nhwc), 1, area, kRgb);
  return result;
}

}  // namespace resnet50
