// Our int8 microkernels as C functions, and the switch that makes XNNPACK's operators use them. Plain C, because
// XNNPACK's internal headers are.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/int8_packing.h"

#ifdef __cplusplus
extern "C" {
#endif

struct xnn_operator;

// The inner product of a kernel. All give the same bits; which are compiled depends on the flavor, which is fastest on
// the machine.
enum resnet50_int8_form {
  resnet50_int8_scalar,
  resnet50_int8_plain_simd,
  resnet50_int8_relaxed_i32,
  resnet50_int8_relaxed_i16,
  resnet50_int8_forms,
};

// What a kernel does with its sums: y = round(sum * scale + (residual - residual_zero_point) * residual_scale) +
// output_zero_point, halves to even, clamped to [output_min, 127]. The flip and the mask serve
// tensors whose bytes have their top bit turned.
struct resnet50_int8_epilogue {
  int32_t output_zero_point, output_min;
  int32_t magic_less_zero_point;  // RESNET50_INT8_MAGIC_BITS - output_zero_point
  uint8_t output_flip;            // what codes are xored with before they are stored: 0 or 0x80
  int16_t residual_zero_point;
  int16_t residual_mask;                    // of the residual's byte, extended by its sign: -1, or 0xFF for 0..255
  float residual_scale;                     // the residual's scale over the output's
  ptrdiff_t residual_offset;                // bytes from an output to its residual: both tensors have the same layout
  const struct resnet50_int8_spill* spill;  // forms that sum pairs: what their panels leave out; else null
  const void* weights;                      // the operator's first panel; set where spill is
};

// 1.5 * 2^23: added to a real below 2^22 in size, it leaves the integer nearest to the real in the low bits.
#define RESNET50_INT8_MAGIC 12582912.0F
#define RESNET50_INT8_MAGIC_BITS 0x4B400000

struct resnet50_int8_epilogue resnet50_int8_epilogue_of(int32_t output_zero_point, int32_t output_min);

// Kernels give wrong codes for reals below -RESNET50_INT8_MAGIC. A layer is kept away from there when it is loaded: its
// inputs move no sum further than the swing from its bias, and no bias lies below the floor (both in codes of the
// output). A sum whose bias was raised to the floor is clamped to the least code before and after.
#define RESNET50_INT8_LARGEST_SWING 6.2e6
#define RESNET50_INT8_BIAS_FLOOR (-6.3e6)

// XNNPACK's signatures. `params` is XNNPACK's memory for parameters, which holds a pointer to our epilogue.
typedef void (*resnet50_int8_gemm_fn)(size_t rows, size_t columns, size_t channels, const int8_t* a, size_t a_stride,
                                      const void* w, int8_t* c, size_t c_stride, size_t panel_stride,
                                      const void* params);
typedef void (*resnet50_int8_igemm_fn)(size_t rows, size_t columns, size_t channels, size_t taps_bytes,
                                       const int8_t** a, const void* w, int8_t* c, size_t c_stride, size_t panel_stride,
                                       size_t a_offset, const int8_t* zero, const void* params);

// The kernels of one form; null functions where it is not compiled into this flavor.
struct resnet50_int8_kernels {
  resnet50_int8_gemm_fn gemm;
  resnet50_int8_gemm_fn gemm_residual;
  resnet50_int8_igemm_fn igemm;
  enum resnet50_int8_layout layout;  // of the weights that it reads
};
const struct resnet50_int8_kernels* resnet50_int8_kernels_of(enum resnet50_int8_form form);

// How an operator that is about to be created packs its weights and runs.
struct resnet50_int8_choice {
  enum resnet50_int8_form form;
  bool unsigned_input;                // the input's bytes, and its zero point's, are to be read as 0..255
  struct resnet50_int8_spill* spill;  // filled for layouts that have one
};

// From now on (on this thread) XNNPACK creates int8 convolutions with our kernels, until resnet50_int8_use_none(),
// after which it refuses to create any.
void resnet50_int8_use(const struct resnet50_int8_choice* choice);
void resnet50_int8_use_none(void);

// Gives a reshaped operator its epilogue, which must live as long as the operator runs; `weights` is filled in. The
// next reshape undoes it.
void resnet50_int8_finish_with(struct xnn_operator* op, enum resnet50_int8_form form, bool adds_residual,
                               struct resnet50_int8_epilogue* epilogue);

// A reshaped convolution with a kernel of one column, over an input that lies otherwise than XNNPACK thinks: the window
// of output column x begins at byte x * run_step of an input row of `row_bytes`, so that windows overlap. The row holds
// its own padding at both sides. The next reshape undoes it.
void resnet50_int8_read_runs(struct xnn_operator* op, size_t run_step, size_t row_bytes);

// Of int8 and f32 convolutions alike: puts the input's address into the pointers of a convolution that has been set up,
// so that the kernel need not add it to each of them for every tap (for the first image of a batch). Another setup is
// as good as before.
void resnet50_pin_input(struct xnn_operator* op);

// Blocks of rows and columns of a batch's outputs.
struct resnet50_blocks {
  size_t rows, columns;
};
// Cuts `batch` x `rows` x `columns` outputs into blocks that suit the caches and keep `threads` busy. `row_bytes` are
// the activations that a row brings into the cache.
struct resnet50_blocks resnet50_cut(size_t batch, size_t rows, size_t columns, size_t row_bytes, size_t threads);
// Does so with a reshaped convolution, int8 or f32, or an f32 fully connected layer.
void resnet50_block(struct xnn_operator* op, size_t element_bytes, size_t threads);

#ifdef __cplusplus
}
#endif
