// Means that keep the source's order of instructions: LLVM and wasm-opt sort them as if there were registers enough,
// and V8, which has 15 for vectors on x86, spills the rest.
#pragma once

#include <wasm_simd128.h>

namespace resnet50::kernels {

// Keeps LLVM from moving loads over this place.
[[gnu::always_inline]] inline void KeepOrder() { __asm__ volatile("" ::: "memory"); }
// Keeps LLVM from moving what computes `v` behind this place, or what comes later before it.
[[gnu::always_inline]] inline void Pin(v128_t& v) { __asm__ volatile("" : "+r"(v)::"memory"); }

}  // namespace resnet50::kernels
