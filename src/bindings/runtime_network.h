// The network as JavaScript holds it. Knows pointers into wasm memory as numbers, nothing of promises or workers.
#pragma once

#include <emscripten/val.h>

#include <memory>
#include <string>

#include "network/network.h"
#include "network/shard_loader.h"

namespace resnet50::js {

// Owns a network and what is half loaded into it.
class NetworkHandle {
 public:
  static emscripten::val Create(const emscripten::val& options);

  Network& network() { return *network_; }
  int classes() const { return network_->classes(); }
  emscripten::val MissingLayers() const;
  emscripten::val LoadShard(uintptr_t pointer, size_t bytes, const std::string& name);
  emscripten::val InitialiseRandomly(uint32_t seed);
  // images: an array of ImageHandle; transforms: CoreTransforms.
  emscripten::val Run(const emscripten::val& images, const emscripten::val& transforms);
  // float32 NCHW at the pointer, normalised.
  emscripten::val RunTensor(uintptr_t pointer, int n, int height, int width);

 private:
  explicit NetworkHandle(std::unique_ptr<Network> network);
  emscripten::val RunPrepared();

  std::unique_ptr<Network> network_;
  ShardLoader loader_;
};

}  // namespace resnet50::js
