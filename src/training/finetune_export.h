// A fine-tuned layer4 and fc on their way into weight shards: the ranges of their activations, and one safetensors file
// a layer, in int8 or f32. Weights are rounded to nearest, a scale an output channel. Knows no
// manifest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "network/network.h"
#include "training/finetune_trainer.h"

namespace resnet50 {

class FinetuneExport {
 public:
  // Runs up to 256 of the trained examples through the trainer's network as it is. `input` is the range of layer3's
  // output, which stays as it was. Errors: those of Forward.
  static Result<FinetuneExport> Measure(FinetuneTrainer& trainer, Range input);

  // Of layer4.0.conv1 to layer4.2.add and avgpool.
  const RangeMap& ranges() const { return ranges_; }
  // Layers with weights, in network order.
  std::vector<std::string> Layers() const;
  // A layer's shard. Errors: kInvalidArgument (no such layer), those of WriteShard.
  Result<std::vector<uint8_t>> Write(const std::string& layer, Precision precision) const;

 private:
  explicit FinetuneExport(Layer4Network& network) : network_(&network) {}
  float InputScale(const std::string& layer) const;

  Layer4Network* network_;
  Range input_{};
  RangeMap ranges_;
};

}  // namespace resnet50
