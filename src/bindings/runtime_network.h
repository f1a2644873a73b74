// The network as JavaScript holds it. Knows pointers into wasm memory as numbers, nothing of promises or workers.
#pragma once

#include <emscripten/val.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/runtime_image.h"
#include "head/custom_head.h"
#include "image/transform.h"
#include "network/network.h"
#include "network/shard_loader.h"

namespace resnet50::js {

// Owns a network and what is half loaded into it.
class NetworkHandle {
 public:
  static emscripten::val Create(const emscripten::val& options);

  Network& network() { return *network_; }
  int classes() const;
  emscripten::val MissingLayers() const;
  emscripten::val LoadShard(uintptr_t pointer, size_t bytes, const std::string& name);
  emscripten::val InitializeRandomly(uint32_t seed);
  // transforms: CoreTransforms; one row of logits a crop.
  emscripten::val Run(const emscripten::val& image, const emscripten::val& transforms, int crops);
  // float32 NCHW at the pointer, normalized.
  emscripten::val RunTensor(uintptr_t pointer, int n, int height, int width);
  // Further runs copy the output of a stage; of none after an empty name.
  emscripten::val Keep(const std::string& stage);
  // The i-th of the kept outputs of the last run.
  emscripten::val Kept(size_t index) const;
  // The class activation map of the last run.
  emscripten::val ActivationMap(int index);
  // Further runs end in a head of the user's own (CoreHead), in float32; in the network's own after null.
  emscripten::val SetHead(const emscripten::val& head);

 private:
  explicit NetworkHandle(std::unique_ptr<Network> network);
  Status FillInput(const Image& crop, const Transforms& transforms);
  emscripten::val Block(std::span<const float> values, size_t row) const;

  // Runs what was prepared; adds its logits to logits_.
  Status RunPrepared();
  // n embeddings of the last run, where there is a head of the user's own.
  std::span<const float> Embeddings() const { return taps_[0].nchw; }
  // Where the taps of the caller begin.
  size_t HeadTaps() const { return head_ ? 2 : 0; }
  std::vector<float> CustomMap(int index) const;

  std::unique_ptr<Network> network_;
  ShardLoader loader_;
  std::optional<CustomHead> head_;
  std::vector<Tap> taps_;  // with a head of the user's own, avgpool and layer4 before all others
  std::vector<float> logits_, activation_map_;
};

}  // namespace resnet50::js
