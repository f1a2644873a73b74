// Registers our int8 kernels into XNNPACK's gemm configuration, and adjusts reshaped operators. Knows XNNPACK's
// internal structures, nothing of the network.
#include "base/check.h"
#include "kernels/int8_kernels.h"
#include "kernels/int8_packing.h"
#include "xnnpack/compute.h"
#include "xnnpack/config.h"
#include "xnnpack/microfnptr.h"
#include "xnnpack/microparams-init.h"
#include "xnnpack/operator.h"
#include "xnnpack/pack.h"

enum { kRows = 6, kColumns = 8, kLog2Depth = 2 };
enum { kRowsIndex = kRows - 1 };  // XNNPACK's tables hold the kernel for n rows at n - 1

// What the operators being created on this thread get; null, and so a refusal, while none is chosen: XNNPACK's own int8
// kernels are not compiled. XNNPACK asks by a function without arguments, so the choice cannot travel any other way.
static _Thread_local const struct xnn_gemm_config* chosen;
static _Thread_local struct xnn_gemm_config ours;

const struct xnn_gemm_config* xnn_init_qs8_qc8w_gemm_config(void) { return chosen; }

// XNNPACK's signatures of the two packings that a convolution may ask for; there are no groups here.
static void pack_gemm(size_t groups, size_t outputs, size_t channels, size_t nr, size_t kr, size_t sr,
                      const void* weights, const void* bias, const void* scale, void* packed, size_t panel_tail,
                      const void* params) {
  (void)scale;
  RESNET50_CHECK(groups == 1 && nr == kColumns && kr == 1 << kLog2Depth && sr == 1);
  resnet50_int8_pack(outputs, 1, channels, weights, bias,
                     ((const struct xnn_qs8_packing_params*)params)->input_zero_point, panel_tail, packed);
}

static void pack_igemm(size_t groups, size_t outputs, size_t taps, size_t channels, size_t nr, size_t kr, size_t sr,
                       const void* weights, const void* bias, const void* scale, void* packed, size_t panel_tail,
                       const void* params) {
  (void)scale;
  RESNET50_CHECK(groups == 1 && nr == kColumns && kr == 1 << kLog2Depth && sr == 1);
  resnet50_int8_pack(outputs, taps, channels, weights, bias,
                     ((const struct xnn_qs8_packing_params*)params)->input_zero_point, panel_tail, packed);
}

void resnet50_int8_use(enum resnet50_int8_form form) {
  const struct resnet50_int8_kernels* kernels = resnet50_int8_kernels_of(form);
  RESNET50_CHECK(kernels->gemm != NULL);
  ours = (struct xnn_gemm_config){
      .pack_gemm_goi = pack_gemm,
      .pack_igemm_goki = pack_igemm,
      .mr = kRows,
      .nr = kColumns,
      .log2_kr = kLog2Depth,
  };
  ours.init.qs8_qc8w = xnn_init_qs8_qc8w_conv_minmax_fp32_scalar_params;
  ours.minmax.gemm[kRowsIndex] = xnn_init_hmp_gemm_ukernel((xnn_gemm_ukernel_fn)kernels->gemm);
  ours.minmax.igemm[kRowsIndex] = xnn_init_hmp_igemm_ukernel((xnn_igemm_ukernel_fn)kernels->igemm);
  chosen = &ours;
}

void resnet50_int8_use_none(void) { chosen = NULL; }

void resnet50_int8_fuse_residual(struct xnn_operator* op, enum resnet50_int8_form form,
                                 const struct resnet50_int8_residual* residual) {
  RESNET50_CHECK(op->ukernel.type == xnn_microkernel_type_gemm);
  struct gemm_context* context = &op->context.gemm.gemm.gemm;
  context->ukernel.function[XNN_UARCH_DEFAULT] = (xnn_gemm_ukernel_fn)resnet50_int8_kernels_of(form)->gemm_residual;
  context->fused_params = (void*)residual;
}

// A block's activations should stay in a second-level cache of which other things take a part.
static const size_t kBlockBytes = 160 * 1024;
// Enough pieces that threads which start late or lose their core to others cost little.
static const size_t kPiecesPerThread = 4;

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

void resnet50_int8_block(struct xnn_operator* op, size_t threads) {
  const bool gemm = op->ukernel.type == xnn_microkernel_type_gemm;
  struct compute_parameters* compute = &op->compute[0];
  // 2-D: rows x columns; convolutions of a batch through indirection have the batch in front.
  size_t first;
  switch (compute->type) {
    case xnn_parallelization_type_2d_tile_2d: first = 0; break;
    case xnn_parallelization_type_3d_tile_2d: first = 1; break;
    default: return;
  }
  const size_t rows = compute->range[first], columns = compute->range[first + 1];
  const size_t row_bytes = gemm ? op->group_input_channels : op->group_input_channels * 2;
  size_t block = kBlockBytes / row_bytes / kRows * kRows;
  if (block < kRows) block = kRows;
  const size_t batch = first == 1 ? compute->range[0] : 1;
  size_t column_block = columns;
  if (threads > 1) {
    // Rows are cut first; where there are too few of them (the 7x7 stage), columns.
    const size_t pieces = threads * kPiecesPerThread;
    const size_t per_piece = divide_up(divide_up(rows * batch, pieces), kRows) * kRows;
    const size_t smallest = 8 * kRows;
    if (per_piece >= smallest) {
      if (block > per_piece) block = per_piece;
    } else {
      if (block > rows) block = divide_up(rows, kRows) * kRows;
      const size_t blocks = divide_up(rows, block) * batch;
      column_block = divide_up(divide_up(columns, divide_up(pieces, blocks)), kColumns) * kColumns;
    }
  }
  compute->tile[0] = block;
  compute->tile[1] = column_block;
}

// Pixels of an image's output, rounded up to whole tiles: what XNNPACK keeps pointers for.
static size_t tiled_outputs(const struct xnn_operator* op) {
  return divide_up(op->output_height * op->output_width, kRows) * kRows;
}

void resnet50_int8_read_runs(struct xnn_operator* op, size_t run_step, size_t row_bytes) {
  RESNET50_CHECK(op->ukernel.type == xnn_microkernel_type_igemm && op->kernel_width == 1);
  const size_t taps = op->kernel_height, pixels = op->output_height * op->output_width;
  for (size_t i = 0; i < tiled_outputs(op); ++i) {
    // Places behind the last pixel repeat it, as XNNPACK's do.
    const size_t pixel = i < pixels ? i : pixels - 1;
    const size_t y = pixel / op->output_width, x = pixel % op->output_width;
    for (size_t tap = 0; tap < taps; ++tap) {
      const size_t row = y * op->stride_height + tap - op->padding_top;  // wraps above the image
      const bool inside = row < op->input_height;
      const void** pointer = op->indirection_buffer + i / kRows * kRows * taps + tap * kRows + i % kRows;
      *pointer = inside ? (const char*)op->last_input + row * row_bytes + x * run_step : op->zero_buffer;
    }
  }
  op->context.igemm.igemm.ba_stride = op->input_height * row_bytes;
}

void resnet50_int8_pin_input(struct xnn_operator* op) {
  if (op->ukernel.type != xnn_microkernel_type_igemm) return;
  struct igemm_context* context = &op->context.igemm.igemm;
  const size_t pointers = tiled_outputs(op) * context->ks;
  for (size_t i = 0; i < pointers; ++i) {
    const void** pointer = op->indirection_buffer + i;
    // The offset is the difference of two addresses modulo the size of memory: it may point backwards.
    if (*pointer != op->zero_buffer) *pointer = (const char*)*pointer + (ptrdiff_t)context->a_offset;
  }
  op->last_input = op->input;
  context->a_offset = 0;
}
