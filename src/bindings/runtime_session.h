// A network at work as JavaScript holds it: one call per answer, from a picture's bytes to labels. Translates only;
// knows pointers into wasm memory as numbers, nothing of promises or workers.
#pragma once

#include <emscripten/val.h>

#include <memory>
#include <string>
#include <vector>

#include "inference/session.h"

namespace resnet50::js {

// See web/core/types.ts, CoreSession. Blocks that inputs point to are freed by the call, whatever comes of it.
class SessionHandle {
 public:
  static emscripten::val Create(const emscripten::val& options);

  Network& network() { return session_->network(); }
  emscripten::val MissingLayers() const;
  emscripten::val LoadShard(uintptr_t pointer, size_t bytes, const std::string& name);
  emscripten::val InitializeRandomly(uint32_t seed);
  emscripten::val SetHead(const emscripten::val& head);

  emscripten::val Classify(const emscripten::val& picture, const emscripten::val& settings,
                           const emscripten::val& pick);
  emscripten::val Logits(const emscripten::val& input, const emscripten::val& settings);
  emscripten::val Features(const emscripten::val& input, const emscripten::val& settings,
                           const emscripten::val& stages);
  emscripten::val Explain(const emscripten::val& picture, const emscripten::val& settings, const emscripten::val& pick);
  emscripten::val Preprocess(const emscripten::val& picture, const emscripten::val& settings,
                             const std::string& layout);

 private:
  explicit SessionHandle(std::unique_ptr<InferenceSession> session) : session_(std::move(session)) {}

  std::unique_ptr<InferenceSession> session_;
  NormalizedCrop crop_;     // the last one, until JavaScript has copied it
  std::vector<float> map_;  // likewise
};

}  // namespace resnet50::js
