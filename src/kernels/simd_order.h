// Means that keep the source's order of instructions: LLVM and wasm-opt sort them as if there were registers enough,
// and V8, which has 15 for vectors on x86, spills the rest.
#pragma once

#include <wasm_simd128.h>

namespace resnet50::kernels {

// Keeps LLVM from moving loads over this place.
[[gnu::always_inline]] inline void KeepOrder() { __asm__ volatile("" ::: "memory"); }
// Keeps LLVM from moving what computes `v` behind this place, or what comes later before it.
[[gnu::always_inline]] inline void Pin(v128_t& v) { __asm__ volatile("" : "+r"(v)::"memory"); }

// The four bytes at `p` in all lanes; `p` moves on by as much. JavaScriptCore makes one instruction of such a load if
// no offset is in it, else three (JSC 2.50 on x86: 30 against 39 GMAC/s in the plain int8 form). So every row has a
// pointer of its own, moved at once, which LLVM is kept from turning into offsets.
template <typename Value>
[[gnu::always_inline]] inline v128_t TakeSplat(const Value*& p) {
  const v128_t splat = wasm_v128_load32_splat(p);
  p += 4 / sizeof(Value);
  __asm__("" : "+r"(p));
  return splat;
}

}  // namespace resnet50::kernels
