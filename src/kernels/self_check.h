// Whether our int8 kernels compute what they are defined to compute, in the code that the engine has made of them so
// far.
#pragma once

#include <cstdint>

#include "kernels/int8_kernels.h"

namespace resnet50 {

// A number that stands for every output of a form on fixed inputs: matrices and windows, residuals, tiles of all
// heights and panels that are not full. It is the same for all forms.
uint32_t Int8Digest(resnet50_int8_form form);
inline constexpr uint32_t kInt8Digest = 3752872586U;

// Whether the forms that networks run here give that number.
bool KernelsCompute();

}  // namespace resnet50
