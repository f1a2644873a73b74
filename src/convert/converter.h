// A checkpoint on its way to weight shards: checks it, folds it into an f32 network, quantizes that on example images,
// and writes int8 or f32 shards. The same input gives the same bytes. Knows no files and no JavaScript.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/resnet.h"
#include "image/image.h"
#include "image/transform.h"
#include "network/network.h"
#include "quantize/fold.h"
#include "quantize/quantizer.h"

namespace resnet50 {

// Output channels [first, first + channels) of one layer, which go into one shard.
struct ShardPiece {
  size_t layer;  // row of the table
  size_t first;
  size_t channels;
};
using ShardPlan = std::vector<std::vector<ShardPiece>>;

// Greedy in network order: a layer goes into the current shard if it fits, is cut by output channels if it fits no
// shard. No shard is longer than `max_bytes`, unless a single channel is.
ShardPlan PlanShards(const std::vector<Layer>& layers, Precision precision, size_t max_bytes);

class Converter {
 public:
  // `bytes` are copied only as far as tensors need them. `transforms` are for calibration photos.
  // Errors: kCheckpointFormat, kCheckpointMismatch, kOutOfMemory.
  static Result<std::unique_ptr<Converter>> Create(std::vector<uint8_t> bytes, std::string_view file_name,
                                                   const Transforms& transforms, size_t threads,
                                                   const ResNetChoice& choice = {});

  int classes() const { return classes_; }
  // What was understood of the file; its state dict is empty.
  const RecognizedResNet& recognized() const { return recognized_; }
  // Trainable parameters, as torchvision's num_params counts them.
  size_t parameters() const;

  // Adds a photo to the calibration images.
  Status Calibrate(const Image& image);
  // The same with the index-th generated picture.
  Status CalibrateGenerated(uint32_t index);

  // Begins quantization on the images so far. Errors: kNotReady (there are none).
  Status BeginQuantization(const QuantizationOptions& options);
  // Does a part of it; gives the share done so far, 1.0 when all is. Errors: kNotReady, kOutOfMemory, kInternal.
  Result<double> ContinueQuantization();
  // Ranges, reports and layers, once all is done; null before.
  const Quantizer* quantizer() const { return quantized_ ? quantizer_.get() : nullptr; }

  // The logits of the f32 network for a photo; valid until the next call. Errors: those of Network::Run.
  Result<std::span<const float>> RunFloat(const Image& image);

  // The number of shards. Errors: kNotReady (int8 before quantization is done).
  Result<size_t> Plan(Precision precision, size_t max_bytes);
  // The index-th shard of the plan, a whole safetensors file.
  Result<std::vector<uint8_t>> WriteShard(size_t index) const;

 private:
  Converter() = default;

  Result<FoldedLayer> Fold(const Layer& layer) const;
  Result<std::vector<FoldedLayer>> FoldAll() const;  // by row
  Status SetLayer(const Layer& layer, const FoldedLayer& folded);
  Status RestoreNetwork();  // to the checkpoint's own weights
  Status PrepareWeights();
  Status FinishQuantization();
  Status ObserveBatch();

  std::vector<uint8_t> bytes_;  // what the state dict's tensors view
  StateDict state_;
  RecognizedResNet recognized_;
  int classes_ = 0;
  Transforms transforms_;
  std::unique_ptr<Network> network_;
  std::vector<Image> crops_;         // calibration images, crop_size square
  bool generated_ = false;           // whether any of them was
  std::vector<FoldedLayer> folded_;  // by row, from the first step until the quantizer has them
  std::vector<ChannelMap> maps_;     // by row, while the f32 network is another than the checkpoint's
  std::unique_ptr<ActivationStatistics> statistics_;
  std::unique_ptr<Quantizer> quantizer_;
  QuantizationOptions quantization_;
  bool quantized_ = false;
  Precision precision_ = Precision::kInt8;
  ShardPlan plan_;
};

}  // namespace resnet50
