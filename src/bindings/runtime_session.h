// A network at work as JavaScript holds it: one call per answer, from a picture's bytes to labels. Translates only;
// knows pointers into wasm memory as numbers, nothing of promises or workers.
#pragma once

#include <emscripten/val.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inference/picture.h"
#include "inference/session.h"

namespace resnet50::js {

// See web/core/types.ts, CoreSession: calls that take longer than a slice say that they are pending. Blocks that inputs
// point to are freed by the call, whatever comes of it.
class SessionHandle {
 public:
  static emscripten::val Create(const emscripten::val& options);

  Network& network() { return session_->network(); }
  emscripten::val MissingLayers() const;
  emscripten::val LoadShard(uintptr_t pointer, size_t bytes, const std::string& name);
  emscripten::val InitializeRandomly(uint32_t seed);
  emscripten::val SetHead(const emscripten::val& head);
  size_t FastestThreads() const { return session_->network().fastest_threads(); }

  emscripten::val Classify(const emscripten::val& picture, const emscripten::val& settings,
                           const emscripten::val& pick);
  emscripten::val Logits(const emscripten::val& input, const emscripten::val& settings);
  emscripten::val Features(const emscripten::val& input, const emscripten::val& settings,
                           const emscripten::val& stages);
  emscripten::val Explain(const emscripten::val& picture, const emscripten::val& settings, const emscripten::val& pick);
  emscripten::val Preprocess(const emscripten::val& picture, const emscripten::val& settings,
                             const std::string& layout);
  // What the last call said was pending.
  emscripten::val Proceed();
  // Gives it up, and frees its picture.
  void Cancel();

 private:
  // Of a call, until its answer is there.
  struct Opened {
    Picture picture;
    Transforms transforms;
  };
  using Answer = std::function<emscripten::val(InferenceSession&)>;

  explicit SessionHandle(std::unique_ptr<InferenceSession> session) : session_(std::move(session)) {}

  // Reads a picture and what is to be made of it into opened_.
  Status Open(const emscripten::val& input, const emscripten::val& settings);
  // A run of opened_ ...
  emscripten::val RunPicture(int crops, const std::vector<std::string>& stages, Answer answer);
  // ... or of a tensor, in a block of wasm memory, or a picture, whichever `input` is.
  emscripten::val RunInput(const emscripten::val& input, const emscripten::val& settings,
                           const std::vector<std::string>& stages, Answer answer);
  emscripten::val Begin(const SessionInput& input, const std::vector<std::string>& stages, Answer answer);

  std::unique_ptr<InferenceSession> session_;
  std::optional<Opened> opened_;
  PixelBuffer tensor_;
  Answer answer_;
  NormalizedCrop crop_;     // the last one, until JavaScript has copied it
  std::vector<float> map_;  // likewise
};

}  // namespace resnet50::js
