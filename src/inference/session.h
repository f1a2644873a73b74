// A network at work: pictures or tensors in, answers out. Crops, the classifier (the network's own or one of the
// user's), stage outputs, class activation maps. Knows no files, labels or JavaScript.
#pragma once

#include <cstdint>
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

  // Logits, one row for each crop or each image of a batch: valid until the next call. Errors: those of ResizeAndCrop,
  // Network::Prepare and Network::Run.
  Result<std::span<const float>> Logits(const SessionInput& input);

  // The best classes; scores are means over the crops. Errors: those of Logits and MeanScores.
  Result<std::vector<ScoredClass>> Classify(const ImageInput& input, const ClassChoice& choice);

  // Outputs of stages by the names of FindStage, in the order of the names: valid until the next call. Errors: those of
  // Logits and FindStage.
  Result<std::vector<StageOutput>> Features(const SessionInput& input, std::span<const std::string> stages);

  // The class activation map of the best of the allowed classes (TopKOptions::allowed); `input` has one crop. Errors:
  // those of Classify; kInvalidArgument if no class is allowed.
  Result<Explanation> Explain(const ImageInput& input, const ClassChoice& choice);

 private:
  explicit InferenceSession(std::unique_ptr<Network> network);

  Status Run(const SessionInput& input);
  Status RunCrops(const ImageInput& input);
  Status RunTensor(const TensorInput& input);
  Status FillInput(const Image& crop, const Transforms& transforms);
  // Runs what was prepared and appends its logits.
  Status RunPrepared();
  void ScoreEmbeddings();
  Result<std::vector<float>> ActivationMap(int index);
  std::vector<float> CustomActivationMap(int index) const;
  // How many taps come before those of a call.
  size_t HeadTaps() const;

  std::unique_ptr<Network> network_;
  ShardLoader loader_;
  std::optional<CustomHead> head_;
  std::vector<Tap> taps_;    // with a classifier of the user's own, avgpool and layer4 before all others
  std::vector<Tap> stages_;  // of the last call of Features
  std::vector<float> logits_;
};

}  // namespace resnet50
