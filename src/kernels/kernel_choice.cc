#include "kernels/kernel_choice.h"

#ifdef __wasm_relaxed_simd__
#include <wasm_simd128.h>
#endif

#include <cstdint>
#include <initializer_list>

namespace resnet50 {
namespace {

bool IsCompiled(resnet50_int8_form form) { return resnet50_int8_kernels_of(form)->gemm != nullptr; }

// What the i32 dot product makes of bytes of its second operand over 127, for which the specification leaves it open.
// The answer is the same for every use of the instruction on a machine, and shows what it is made of.
enum class TopBit : uint8_t {
  kUnsigned,   // vpdpbusd: one instruction
  kSigned,     // sdot: one instruction
  kSaturates,  // vpmaddubsw, whose sums of two products saturate at int16: x86 without AVX-VNNI
  kOther,
};

#ifdef __wasm_relaxed_simd__
// Sums of 4 products, each of the same two bytes.
int32_t DotOf(int8_t weight, uint8_t activation) {
  volatile int8_t w = weight;  // volatile: the engine must compute it, not the compiler
  volatile uint8_t a = activation;
  const v128_t sums =
      wasm_i32x4_relaxed_dot_i8x16_i7x16_add(wasm_i8x16_splat(w), wasm_u8x16_splat(a), wasm_i32x4_const_splat(0));
  return wasm_i32x4_extract_lane(sums, 0);
}

// No clock is needed, which would have to wait until the engine has optimized its code.
TopBit ProbeTopBit() {
  if (DotOf(127, 255) == 2 * INT16_MAX) return TopBit::kSaturates;
  const auto reads = [](auto value) {
    for (const int weight : {127, -127, -128, 1}) {
      for (const int activation : {255, 254, 128, 129, 127, 0}) {
        if (DotOf(int8_t(weight), uint8_t(activation)) != 4 * weight * value(activation)) return false;
      }
    }
    return true;
  };
  if (reads([](int byte) { return byte; })) return TopBit::kUnsigned;
  if (reads([](int byte) { return int(int8_t(byte)); })) return TopBit::kSigned;
  return TopBit::kOther;
}
#else
// Natively the form that stands for the instruction reads bytes as x86 does.
TopBit ProbeTopBit() { return TopBit::kUnsigned; }
#endif

}  // namespace

resnet50_int8_form BestInt8Form() {
  if (!IsCompiled(resnet50_int8_relaxed_i32)) return ExactInt8Form();
  // With three cheap instructions per product, the i16 form beats the many that an engine needs for the i32 form there.
  return ProbeTopBit() == TopBit::kSaturates ? resnet50_int8_relaxed_i16 : resnet50_int8_relaxed_i32;
}

resnet50_int8_form ExactInt8Form() {
  return IsCompiled(resnet50_int8_plain_simd) ? resnet50_int8_plain_simd : resnet50_int8_scalar;
}

EightBitForm BestEightBitForm() {
  if (!IsCompiled(resnet50_int8_relaxed_i32)) return {ExactInt8Form(), false};
  const TopBit top_bit = ProbeTopBit();
  if (top_bit == TopBit::kUnsigned) return {resnet50_int8_relaxed_i32, true};
  if (top_bit == TopBit::kSigned) return {resnet50_int8_relaxed_i32, false};
  return {ExactInt8Form(), false};
}

const char* Name(resnet50_int8_form form) {
  static constexpr const char* kNames[] = {"scalar", "simd", "relaxed-i32", "relaxed-i16"};
  return kNames[form];
}

}  // namespace resnet50
