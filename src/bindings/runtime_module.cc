// The parts of the module that belong to no object: memory and the head.

#include <emscripten/bind.h>
#include <emscripten/heap.h>
#include <emscripten/val.h>

#include <cstdlib>
#include <vector>

#include "bindings/js_result.h"
#include "head/top_k.h"

namespace resnet50::js {
namespace {

using emscripten::val;

uintptr_t Allocate(size_t bytes) { return reinterpret_cast<uintptr_t>(std::malloc(bytes == 0 ? 1 : bytes)); }

void Release(uintptr_t pointer) { std::free(reinterpret_cast<void*>(pointer)); }

size_t MemoryBytes() { return emscripten_get_heap_size(); }

// `activation` is a value of Activation. k is a double because JavaScript's Infinity means all.
val TopKOf(uintptr_t logits, size_t rows, size_t classes, int activation, double k, double threshold,
           uintptr_t allowed) {
  const Result<std::vector<double>> scores =
      MeanScores({reinterpret_cast<const float*>(logits), rows * classes}, rows, Activation(activation));
  if (!scores) return Failure(scores.error());
  TopKOptions options;
  options.k = k >= double(classes) ? classes : size_t(k > 0 ? k : 0);
  options.threshold = threshold;
  if (allowed != 0) options.allowed = {reinterpret_cast<const uint8_t*>(allowed), classes};
  val result = val::array();
  for (const ScoredClass& scored : TopK(scores.value(), options)) {
    val entry = val::object();
    entry.set("index", scored.index);
    entry.set("score", scored.score);
    result.call<void>("push", entry);
  }
  return Success(result);
}

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(module) {
  emscripten::function("allocate", &resnet50::js::Allocate);
  emscripten::function("release", &resnet50::js::Release);
  emscripten::function("memoryBytes", &resnet50::js::MemoryBytes);
  emscripten::function("topK", &resnet50::js::TopKOf);
}
