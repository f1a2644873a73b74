// Our int8 microkernels as C functions, and the switch that makes XNNPACK's operators use them. Plain C, because
// XNNPACK's internal headers are.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xnn_operator;

// The inner product of a kernel. All give the same bits; which are compiled depends on the flavour, which is fastest on
// the machine.
enum resnet50_int8_form {
  resnet50_int8_scalar,
  resnet50_int8_plain_simd,
  resnet50_int8_relaxed_i32,
  resnet50_int8_relaxed_i16,
  resnet50_int8_forms,
};

typedef void (*resnet50_int8_gemm_fn)(size_t rows, size_t columns, size_t channels, const int8_t* a, size_t a_stride,
                                      const void* w, int8_t* c, size_t c_stride, size_t panel_stride,
                                      const void* params);
typedef void (*resnet50_int8_igemm_fn)(size_t rows, size_t columns, size_t channels, size_t taps_bytes,
                                       const int8_t** a, const void* w, int8_t* c, size_t c_stride, size_t panel_stride,
                                       size_t a_offset, const int8_t* zero, const void* params);

// The kernels of one form; null functions where it is not compiled into this flavour.
struct resnet50_int8_kernels {
  resnet50_int8_gemm_fn gemm;
  resnet50_int8_gemm_fn gemm_residual;
  resnet50_int8_igemm_fn igemm;
};
const struct resnet50_int8_kernels* resnet50_int8_kernels_of(enum resnet50_int8_form form);

// From now on (on this thread) XNNPACK creates int8 convolutions with our kernels of this form, until
// resnet50_int8_use_none(), after which it refuses to create any.
void resnet50_int8_use(enum resnet50_int8_form form);
void resnet50_int8_use_none(void);

// The residual of a 1x1 convolution that was created with our kernels: y = conv + (residual - zero_point) * scale, then
// the clamp, in one rounding.
struct resnet50_int8_residual {
  int16_t output_zero_point, output_min, output_max, zero_point;
  float scale;
  ptrdiff_t offset;  // bytes from the output tensor to the residual's
};

// Makes a reshaped operator add `residual`, which must live as long as the operator runs. The next reshape undoes it.
void resnet50_int8_fuse_residual(struct xnn_operator* op, enum resnet50_int8_form form,
                                 const struct resnet50_int8_residual* residual);

// A reshaped convolution with a kernel of one column, over an input that lies otherwise than XNNPACK thinks: the window
// of output column x begins at byte x * run_step of an input row of `row_bytes`, so that windows overlap. The row holds
// its own padding at both sides. The next reshape undoes it.
void resnet50_int8_read_runs(struct xnn_operator* op, size_t run_step, size_t row_bytes);

// Puts the input's address into the pointers of a convolution that has been set up, so that the kernel need not add it
// to each of them for every tap (for the first image of a batch). Another setup is as good as before.
void resnet50_int8_pin_input(struct xnn_operator* op);

// Cuts a reshaped int8 convolution into blocks of rows and columns that suit the caches and keep `threads` busy.
void resnet50_int8_block(struct xnn_operator* op, size_t threads);

#ifdef __cplusplus
}
#endif
