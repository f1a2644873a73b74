// A network at work: pictures or tensors in, answers out. Crops, the classifier (the network's own or one of the
// user's), stage outputs, class activation maps. Knows no files, labels or JavaScript.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "head/custom_head.h"
#include "head/top_k.h"
#include "image/image.h"
#include "image/transform.h"
#include "image/view.h"
#include "network/network.h"
#include "network/shard_loader.h"

namespace resnet50 {

// Numbers of an embedding: channels of the last stage, whose mean the classifier reads.
inline constexpr size_t kEmbedding = 2048;

// A picture as it is to be looked at. `crops` as CropChoice::count: 1, 2, 5 or 10.
struct ImageInput {
  const Image& image;
  const Transforms& transforms;
  int crops = 1;
};

// A normalized batch, [n, 3, height, width].
struct TensorInput {
  std::span<const float> values;
  int n, height, width;
};

using SessionInput = std::variant<ImageInput, TensorInput>;

// Which classes an answer names, and what makes scores of their logits.
struct ClassChoice {
  Activation activation = Activation::kSoftmax;
  TopKOptions top = {};
};

// What model.features gives of one stage, a block for each row of the input: [rows, channels, height, width].
struct StageOutput {
  std::span<const float> values;
  int channels, height, width;
};

// Where in a picture a class was seen.
struct Explanation {
  ScoredClass best;
  std::vector<float> map;  // [height, width]
  int height, width;
  Region crop;  // what the network saw, of the image it was given
};

// The crop that the network sees, and what torchvision's transforms make of it.
struct NormalizedCrop {
  Image crop;                 // crop_size square
  std::vector<float> tensor;  // [3, side, side], or [side, side, 3]
};

enum class TensorLayout : uint8_t { kNchw, kNhwc };

// Errors: those of ResizeAndCrop.
Result<NormalizedCrop> Preprocess(const Image& image, const Transforms& transforms, TensorLayout layout);

class InferenceSession {
 public:
  // Errors: those of Network::Create.
  static Result<std::unique_ptr<InferenceSession>> Create(NetworkOptions options);

  Network& network() { return *network_; }
  ShardLoader& loader() { return loader_; }

  // Of the classifier in use.
  int classes() const;
  // Further runs end in this classifier, in float32; in the network's own if there is none.
  void SetHead(std::optional<CustomHead> head);

  // An answer in parts, for callers that must stay reachable meanwhile: Begin, Advance until it is true, then Logits,
  // Best, StageOutputs or ExplainBest. Gives up what was begun before; what `input` refers to must live until the
  // answer is there. `stages` by the names of FindStage. Errors: those of FindStage.
  Status Begin(const SessionInput& input, std::span<const std::string> stages = {});
  // Goes on, a row of the network at a time, until the end (true) or until `pause` says so, which is asked after each
  // row. Errors: those of ResizeAndCrop, Network::Prepare and Network::Run; kNotReady if nothing was begun.
  using Pause = std::function<bool()>;
  Result<bool> Advance(const Pause& pause = {});

  // Of what has run, valid until the next Begin: one row for each crop or each image of a batch.
  std::span<const float> Logits() const { return logits_; }
  // The best classes; scores are means over the crops. Errors: those of MeanScores.
  Result<std::vector<ScoredClass>> Best(const ClassChoice& choice) const;
  // In the order of the names; valid until the next Begin.
  std::vector<StageOutput> StageOutputs() const;
  // The class activation map of the best of the allowed classes (TopKOptions::allowed), of an image with one crop.
  // Errors: those of Best; kInvalidArgument if no class is allowed.
  Result<Explanation> ExplainBest(const ClassChoice& choice);

  // The same in one call each.
  Result<std::span<const float>> Logits(const SessionInput& input);
  Result<std::vector<ScoredClass>> Classify(const ImageInput& input, const ClassChoice& choice);
  Result<std::vector<StageOutput>> Features(const SessionInput& input, std::span<const std::string> stages);
  Result<Explanation> Explain(const ImageInput& input, const ClassChoice& choice);

 private:
  // How far an input has come.
  struct Progress {
    SessionInput input;
    int crop = 0;    // the next one to be prepared; a tensor counts as one
    size_t row = 0;  // of the network, the next one to run
    bool prepared = false;
  };

  explicit InferenceSession(std::unique_ptr<Network> network);

  // Begin and Advance to the end.
  Status Run(const SessionInput& input, std::span<const std::string> stages = {});
  // One step: an input is prepared, or a row runs.
  Status Step();
  bool Done() const;
  // Fills the network's input with the next crop, or the tensor.
  Status FillNext();
  Status FillCrop(const ImageInput& input, int index);
  Status FillTensor(const TensorInput& input);
  // Appends the logits of what has run.
  void TakeLogits();
  void ScoreEmbeddings();
  Result<std::vector<float>> ActivationMap(int index);
  std::vector<float> CustomActivationMap(int index) const;
  // How many taps come before those of a call.
  size_t HeadTaps() const;

  std::unique_ptr<Network> network_;
  ShardLoader loader_;
  std::optional<CustomHead> head_;
  std::optional<Progress> progress_;
  std::vector<Tap> taps_;  // with a classifier of the user's own avgpool and layer4, then the stages asked for
  std::vector<float> logits_;
};

}  // namespace resnet50
