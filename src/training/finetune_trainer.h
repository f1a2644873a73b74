// Fine-tuning of layer4 and fc on the maps that layer3 gives: batches with flips and crops of the maps, AdamW with
// steps relative to the weights' size, a cosine schedule, held-out examples that decide which epoch counts. Goes batch
// by batch, so that the caller can show progress and stop. Knows nothing of pictures, files or JavaScript.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "training/finetune_optimizer.h"
#include "training/hold_out.h"
#include "training/layer3_maps.h"
#include "training/layer4_network.h"

namespace resnet50 {

struct FinetuneOptions {
  Layer4Shape shape;  // classes and, in tests, channels
  size_t batch = 16;
  int epochs = 8;
  int patience = 3;              // epochs without improvement on the held-out examples, after which training ends
  double hold_out = 0.2;         // share of each class, 0..0.9
  double rate = 0.003;           // of the first epochs, relative to the weights; in (0, 1]
  float label_smoothing = 0.0F;  // of labels, 0..0.5
  bool augment = true;
  uint32_t seed = 0;
  size_t threads = 1;
};

struct FinetuneProgress {
  int epoch = 0;     // that ended last, 0 for none
  size_t batch = 0;  // of those of the epoch, done so far
  size_t batches = 0;
  Fit trained;   // of the epoch so far, while its weights moved
  Fit held_out;  // after the last epoch; zero where nothing is held out
  bool epoch_done = false;
  bool done = false;
};

class FinetuneTrainer {
 public:
  // Examples are added afterwards. Errors: kInvalidArgument (options), kOutOfMemory.
  static Result<std::unique_ptr<FinetuneTrainer>> Create(const FinetuneOptions& options, Extent extent);

  // The weights to begin with, to be written before Begin.
  Layer4Network& network() { return *network_; }

  // Keeps a map, [in, h, w] as torch has it, h and w as Create was told. Errors: kInvalidArgument (a number that is not
  // finite, a size or label that does not fit), kNotReady (training has begun), kOutOfMemory.
  Status Add(std::span<const float> nchw, int32_t label);
  // Draws the held-out examples, and judges the network as it is. Errors: those of HoldOut; kInvalidArgument (a class
  // without examples, weights that are not finite).
  Status Begin();
  // One batch, and after the last one of an epoch the held-out examples. Errors: kNotReady; kInternal where the loss is
  // no number any more.
  Result<FinetuneProgress> Step();
  // Puts the weights of the best epoch into the network: on held-out examples, or the last. 0: those of the beginning.
  int Finish();

  size_t trained() const { return split_.trained.size(); }
  size_t held_out() const { return split_.held_out.size(); }
  // Of the best epoch.
  Fit best_held_out() const { return best_score_; }
  // Fills the network's input with maps as they are and runs it, batch by batch; `see` gets the number of maps.
  template <typename See>
  Status RunAll(std::span<const size_t> examples, const See& see);
  // The trained examples' rows.
  std::span<const size_t> training_rows() const { return split_.trained; }
  std::span<const int32_t> labels() const { return labels_; }

 private:
  FinetuneTrainer(const FinetuneOptions& options, Extent extent);
  void Shuffle();
  Status TrainBatch();
  Result<Fit> Judge();
  void KeepBest(const Fit& score, int epoch);
  size_t Batches() const { return (split_.trained.size() + options_.batch - 1) / options_.batch; }

  FinetuneOptions options_;
  Layer3Maps maps_;
  std::vector<int32_t> labels_;
  Split split_;
  std::unique_ptr<Layer4Network> network_;
  std::unique_ptr<FinetuneOptimizer> optimizer_;
  Random random_;
  std::vector<size_t> order_;
  std::vector<float> best_, logit_gradient_;
  Fit best_score_, sums_;
  int best_epoch_ = 0;
  size_t seen_ = 0;  // examples of this epoch
  FinetuneProgress progress_;
  bool begun_ = false;
};

template <typename See>
Status FinetuneTrainer::RunAll(std::span<const size_t> examples, const See& see) {
  for (size_t first = 0; first < examples.size(); first += options_.batch) {
    const std::span<const size_t> batch = examples.subspan(first, std::min(options_.batch, examples.size() - first));
    const size_t floats = maps_.floats();
    for (size_t i = 0; i < batch.size(); ++i) maps_.Read(batch[i], {}, network_->input() + i * floats);
    Result<std::span<const float>> logits = network_->Forward(batch.size(), maps_.extent());
    if (!logits) return std::move(logits).error();
    see(batch, logits.value());
  }
  return {};
}

}  // namespace resnet50
