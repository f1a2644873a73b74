// Our f32 microkernels, with XNNPACK's signatures. Plain C, because XNNPACK's configuration takes them.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// What XNNPACK passes as parameters.
struct resnet50_f32_clamp {
  float min, max;
};

// c[m][n] = clamp(bias[n] + sum_k a[m][k] * w[k][n]), each sum in the order of k. Any number of rows per call. Weights
// in panels of 8 outputs: 8 biases, then 8 weights per channel. All strides and `channel_bytes` in bytes.
void resnet50_f32_gemm(size_t rows, size_t columns, size_t channel_bytes, const float* a, size_t a_stride,
                       const float* w, float* c, size_t c_stride, size_t panel_stride,
                       const struct resnet50_f32_clamp* clamp);

// The same through an indirection buffer: for every row, one pointer per tap (`taps_bytes` is their number x
// sizeof(void*)). All pointers but those to `zero` are moved by `a_offset` bytes.
void resnet50_f32_igemm(size_t rows, size_t columns, size_t channel_bytes, size_t taps_bytes, const float** a,
                        const float* w, float* c, size_t c_stride, size_t panel_stride, size_t a_offset,
                        const float* zero, const struct resnet50_f32_clamp* clamp);

#ifdef __cplusplus
}
#endif
