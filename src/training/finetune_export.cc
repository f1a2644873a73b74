#include "training/finetune_export.h"

#include <algorithm>
#include <map>
#include <utility>

#include "quantize/error_compensation.h"
#include "quantize/range_search.h"
#include "quantize/weight_grid.h"
#include "weights/shard_format.h"

namespace resnet50 {
namespace {

constexpr size_t kExamples = 256;
constexpr float kLeastRange = 1e-6F;

// Read by a convolution, so in seven bits: all but the projection, the last addition and the pooled features.
bool HasSevenBits(const std::string& row, size_t blocks) {
  return row != "avgpool" && !row.ends_with("downsample.0") && row != "layer4." + std::to_string(blocks - 1) + ".add";
}

}  // namespace

Result<FinetuneExport> FinetuneExport::Measure(FinetuneTrainer& trainer, Range input) {
  FinetuneExport exported(trainer.network());
  exported.input_ = input;
  const std::span<const size_t> rows =
      trainer.training_rows().first(std::min(kExamples, trainer.training_rows().size()));
  const auto look = [&](const auto& see) {
    return trainer.RunAll(rows, [&](std::span<const size_t>, std::span<const float>) {
      for (const Layer4Network::Tensor& tensor : trainer.network().Tensors()) see(tensor);
    });
  };
  RangeMap& ranges = exported.ranges_;
  Status status = look([&](const Layer4Network::Tensor& tensor) {
    Range& range = ranges.try_emplace(tensor.name, Range{0.0F, kLeastRange}).first->second;
    const auto [low, high] = std::minmax_element(tensor.values.begin(), tensor.values.end());
    range = {std::min(range.min, *low), std::max(range.max, *high)};
  });
  if (!status) return std::move(status).error();
  std::map<std::string, RangeSearch> searches;
  for (const auto& [name, range] : ranges) {
    if (range.min >= 0.0F) searches.emplace(name, RangeSearch(range.max));
  }
  status = look([&](const Layer4Network::Tensor& tensor) {
    const auto search = searches.find(tensor.name);
    if (search == searches.end()) return;
    const std::vector<float> worth(tensor.channels, 1.0F);
    for (size_t at = 0; at < tensor.values.size(); at += tensor.channels) {
      search->second.Add(tensor.values.subspan(at, tensor.channels), worth);
    }
  });
  if (!status) return std::move(status).error();
  for (const auto& [name, search] : searches) {
    const int codes = HasSevenBits(name, trainer.network().shape().blocks) ? 127 : 255;
    ranges.find(name)->second.max = search.Find(RangeMethod::kSquares, codes);
  }
  return exported;
}

std::vector<std::string> FinetuneExport::Layers() const {
  std::vector<std::string> layers;
  for (const Layer4Parameter& parameter : network_->parameters()) {
    if (!parameter.is_bias) layers.push_back(parameter.name.substr(0, parameter.name.rfind('.')));
  }
  return layers;
}

// Of the codes that the layer reads.
float FinetuneExport::InputScale(const std::string& layer) const {
  const auto seven = [](Range range) { return QuantizeNonNegative(range, ActivationBits::kSeven).scale; };
  if (layer == "fc") return QuantizeFull(ranges_.find("avgpool")->second).scale;
  const std::string block = layer.substr(0, layer.find('.', 7)), part = layer.substr(block.size() + 1);
  if (part == "conv2") return seven(ranges_.find(block + ".conv1")->second);
  if (part == "conv3") return seven(ranges_.find(block + ".conv2")->second);
  const int before = std::stoi(block.substr(7)) - 1;
  return before < 0 ? seven(input_) : seven(ranges_.find("layer4." + std::to_string(before) + ".add")->second);
}

Result<std::vector<uint8_t>> FinetuneExport::Write(const std::string& layer, Precision precision) const {
  const Layer4Parameter* weight = network_->Find(layer + ".weight");
  const Layer4Parameter* bias = network_->Find(layer + ".bias");
  if (weight == nullptr || bias == nullptr) {
    return Error{ErrorCode::kInvalidArgument, layer, "is no layer that was trained"};
  }
  const std::span<const float> all = network_->values();
  const std::span<const float> weights = all.subspan(weight->first, weight->count);
  const std::span<const float> biases = all.subspan(bias->first, bias->count);
  const int64_t out = int64_t(weight->channels);
  const int64_t kernel = layer.ends_with("conv2") ? 3 : 1;
  LayerPiece piece{.layer = layer,
                   .shape = {out, int64_t(weight->count) / out / (kernel * kernel), kernel, layer == "fc"},
                   .channels = size_t(out),
                   .bias = biases};
  if (precision == Precision::kFloat32) {
    piece.real = weights;
    return WriteShard({&piece, 1}, WeightOrder::kOhwi);
  }
  const FoldedLayer folded{{weights.begin(), weights.end()}, {biases.begin(), biases.end()}};
  std::vector<float> steps = FineSteps(folded);
  const std::vector<float> least = LeastSteps(folded, InputScale(layer));
  for (size_t c = 0; c < steps.size(); ++c) steps[c] = std::max(steps[c], least[c]);
  const std::vector<int8_t> codes = RoundToNearest(weights, steps);
  piece.codes = codes;
  piece.scale = steps;
  return WriteShard({&piece, 1}, WeightOrder::kOhwi);
}

}  // namespace resnet50
