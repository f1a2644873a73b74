// The part of every module that belongs to no object: memory.

#include <emscripten/bind.h>
#include <emscripten/heap.h>

#include <cstdint>
#include <cstdlib>

namespace resnet50::js {
namespace {

uintptr_t Allocate(size_t bytes) { return reinterpret_cast<uintptr_t>(std::malloc(bytes == 0 ? 1 : bytes)); }

void Release(uintptr_t pointer) { std::free(reinterpret_cast<void*>(pointer)); }

size_t MemoryBytes() { return emscripten_get_heap_size(); }

}  // namespace
}  // namespace resnet50::js

EMSCRIPTEN_BINDINGS(module) {
  emscripten::function("allocate", &resnet50::js::Allocate);
  emscripten::function("release", &resnet50::js::Release);
  emscripten::function("memoryBytes", &resnet50::js::MemoryBytes);
}
