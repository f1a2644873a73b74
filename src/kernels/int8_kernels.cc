#include "kernels/int8_kernels.h"

#include "kernels/int8_entry.h"
#include "kernels/int8_form_scalar.h"
#ifdef __wasm_simd128__
#include "kernels/int8_form_simd.h"
#endif

namespace resnet50::kernels {
namespace {

static_assert(sizeof(Int8Epilogue) == sizeof(resnet50_int8_residual) &&
                  offsetof(Int8Epilogue, residual_offset) == offsetof(resnet50_int8_residual, offset) &&
                  offsetof(Int8Epilogue, residual_scale) == offsetof(resnet50_int8_residual, scale),
              "the C and C++ views of the epilogue are one");

template <typename Form>
constexpr resnet50_int8_kernels KernelsOf() {
  return {Gemm<Form, Residual::kNone>, Gemm<Form, Residual::kAdded>, Igemm<Form>};
}

constexpr resnet50_int8_kernels kKernels[resnet50_int8_forms] = {
// In wasm the reference is for tests only; pages need not carry it.
#if !defined(__wasm_simd128__) || defined(RESNET50_WASM_TESTS)
    KernelsOf<ScalarForm>(),
#else
    {},
#endif
#ifdef __wasm_simd128__
    {WidenedGemm<PlainForm, Residual::kNone>, WidenedGemm<PlainForm, Residual::kAdded>, WidenedIgemm<PlainForm>},
#else
    {},
#endif
#ifdef __wasm_relaxed_simd__
    KernelsOf<RelaxedI32Form>(),
    KernelsOf<RelaxedI16Form>(),
#else
    {},
    {},
#endif
};

}  // namespace
}  // namespace resnet50::kernels

const resnet50_int8_kernels* resnet50_int8_kernels_of(resnet50_int8_form form) {
  return &resnet50::kernels::kKernels[form];
}
