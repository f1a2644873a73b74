#include "kernels/int8_kernels.h"

#include "kernels/int8_entry.h"
#include "kernels/int8_form_scalar.h"
#ifdef __wasm_simd128__
#include "kernels/int8_form_plain.h"
#include "kernels/int8_form_relaxed.h"
#endif

namespace resnet50::kernels {
namespace {

template <typename Form>
constexpr resnet50_int8_kernels KernelsOf() {
  return {Gemm<Form, Residual::kNone>, Gemm<Form, Residual::kAdded>, Igemm<Form>, Form::kLayout};
}

constexpr resnet50_int8_kernels kKernels[resnet50_int8_forms] = {
// In wasm the reference is for tests only; pages need not carry it.
#if !defined(__wasm_simd128__) || defined(RESNET50_WASM_TESTS)
    KernelsOf<ScalarForm>(),
#else
    {},
#endif
#ifdef __wasm_simd128__
    {WidenedGemm<PlainForm, Residual::kNone>, WidenedGemm<PlainForm, Residual::kAdded>, WidenedIgemm<PlainForm>,
     PlainForm::kLayout},
#else
    {},
#endif
#ifdef __wasm_relaxed_simd__
    KernelsOf<RelaxedI32Form>(),
    KernelsOf<RelaxedI16Form>(),
#elif !defined(__wasm_simd128__)
    // What stands for them natively: the first runs there, the second in tests.
    KernelsOf<ScalarUnsignedForm>(),
    KernelsOf<ScalarSpillForm>(),
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

resnet50_int8_epilogue resnet50_int8_epilogue_of(int32_t output_zero_point, int32_t output_min) {
  resnet50_int8_epilogue epilogue{};
  epilogue.output_zero_point = output_zero_point;
  epilogue.output_min = output_min;
  epilogue.magic_less_zero_point = RESNET50_INT8_MAGIC_BITS - output_zero_point;
  epilogue.residual_mask = -1;
  return epilogue;
}
