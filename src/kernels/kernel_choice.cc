#include "kernels/kernel_choice.h"

#ifdef __wasm_relaxed_simd__
#include <wasm_simd128.h>
#endif

#include <cstdint>

namespace resnet50 {
namespace {

bool IsCompiled(resnet50_int8_form form) { return resnet50_int8_kernels_of(form)->gemm != nullptr; }

#ifdef __wasm_relaxed_simd__
// Outside of its defined range (bytes of the second operand over 127) the i32 dot product shows what it is made of.
// Sums of two products that saturate at int16 mean vpmaddubsw: x86 without VNNI, where an engine needs several
// instructions for the i32 form and the i16 form does with three cheap ones. Exact sums mean vpdpbusd, negative ones
// sdot: one instruction each. So no clock is needed, which would have to wait until the engine has optimized its code.
bool SumsOfPairsSaturate() {
  volatile uint8_t bytes[2] = {127, 255};  // volatile: the engine must compute it, not the compiler
  const v128_t a = wasm_u8x16_splat(bytes[0]), b = wasm_u8x16_splat(bytes[1]);
  const v128_t sum = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(a, b, wasm_i32x4_const_splat(0));
  return wasm_i32x4_extract_lane(sum, 0) == 2 * INT16_MAX;
}
#else
bool SumsOfPairsSaturate() { return false; }
#endif

}  // namespace

resnet50_int8_form BestInt8Form() {
  if (!IsCompiled(resnet50_int8_relaxed_i32)) return ExactInt8Form();
  return SumsOfPairsSaturate() ? resnet50_int8_relaxed_i16 : resnet50_int8_relaxed_i32;
}

resnet50_int8_form ExactInt8Form() {
  return IsCompiled(resnet50_int8_plain_simd) ? resnet50_int8_plain_simd : resnet50_int8_scalar;
}

const char* Name(resnet50_int8_form form) {
  static constexpr const char* kNames[] = {"scalar", "simd", "relaxed-i32", "relaxed-i16"};
  return kNames[form];
}

}  // namespace resnet50
