// Registers our int8 kernels into XNNPACK's gemm configuration, and adjusts reshaped operators. Knows XNNPACK's
// internal structures, nothing of the network.
#include <string.h>

#include "base/check.h"
#include "kernels/int8_kernels.h"
#include "kernels/int8_packing.h"
#include "xnnpack/compute.h"
#include "xnnpack/config.h"
#include "xnnpack/math.h"
#include "xnnpack/microfnptr.h"
#include "xnnpack/microparams-init.h"
#include "xnnpack/operator.h"
#include "xnnpack/pack.h"

// Tiles of one row, as far as XNNPACK is concerned: our kernels take any number of rows and cut tiles themselves, and
// the pointers of an indirection buffer then lie row by row.
enum { kRows = 1, kColumns = 8, kLog2Depth = 2 };

// What the operators being created on this thread get; null, and so a refusal, while none is chosen: XNNPACK's own int8
// kernels are not compiled. XNNPACK asks by a function without arguments, so the choice cannot travel any other way.
static _Thread_local const struct xnn_gemm_config* chosen;
static _Thread_local struct xnn_gemm_config ours;
static _Thread_local struct resnet50_int8_choice use;

const struct xnn_gemm_config* xnn_init_qs8_qc8w_gemm_config(void) { return chosen; }

static void pack(size_t outputs, size_t taps, size_t channels, const void* weights, const void* bias, void* packed,
                 size_t panel_tail, const struct xnn_qs8_packing_params* params) {
  const int8_t code = (int8_t)params->input_zero_point;
  resnet50_int8_pack(resnet50_int8_kernels_of(use.form)->layout, outputs, taps, channels, weights, bias,
                     use.unsigned_input ? (uint8_t)code : code, panel_tail, packed, use.spill);
}

// XNNPACK's signatures of the two packings that a convolution may ask for; there are no groups here.
static void pack_gemm(size_t groups, size_t outputs, size_t channels, size_t nr, size_t kr, size_t sr,
                      const void* weights, const void* bias, const void* scale, void* packed, size_t panel_tail,
                      const void* params) {
  (void)scale;
  RESNET50_CHECK(groups == 1 && nr == kColumns && kr == 1 << kLog2Depth && sr == 1);
  pack(outputs, 1, channels, weights, bias, packed, panel_tail, params);
}

static void pack_igemm(size_t groups, size_t outputs, size_t taps, size_t channels, size_t nr, size_t kr, size_t sr,
                       const void* weights, const void* bias, const void* scale, void* packed, size_t panel_tail,
                       const void* params) {
  (void)scale;
  RESNET50_CHECK(groups == 1 && nr == kColumns && kr == 1 << kLog2Depth && sr == 1);
  pack(outputs, taps, channels, weights, bias, packed, panel_tail, params);
}

void resnet50_int8_use(const struct resnet50_int8_choice* choice) {
  use = *choice;
  const struct resnet50_int8_kernels* kernels = resnet50_int8_kernels_of(use.form);
  RESNET50_CHECK(kernels->gemm != NULL);
  ours = (struct xnn_gemm_config){
      .pack_gemm_goi = pack_gemm,
      .pack_igemm_goki = pack_igemm,
      .mr = kRows,
      .nr = kColumns,
      .log2_kr = kLog2Depth,
  };
  ours.init.qs8_qc8w = xnn_init_qs8_qc8w_conv_minmax_fp32_scalar_params;
  ours.minmax.gemm[kRows - 1] = xnn_init_hmp_gemm_ukernel((xnn_gemm_ukernel_fn)kernels->gemm);
  ours.minmax.igemm[kRows - 1] = xnn_init_hmp_igemm_ukernel((xnn_igemm_ukernel_fn)kernels->igemm);
  chosen = &ours;
}

void resnet50_int8_use_none(void) { chosen = NULL; }

void resnet50_int8_finish_with(struct xnn_operator* op, enum resnet50_int8_form form, bool adds_residual,
                               struct resnet50_int8_epilogue* epilogue) {
  if (op->ukernel.type == xnn_microkernel_type_gemm) {
    struct gemm_context* context = &op->context.gemm.gemm.gemm;
    if (adds_residual) {
      context->ukernel.function[XNN_UARCH_DEFAULT] = (xnn_gemm_ukernel_fn)resnet50_int8_kernels_of(form)->gemm_residual;
    }
    epilogue->weights = context->packed_w;
    memcpy(&context->params, &epilogue, sizeof epilogue);
  } else {
    RESNET50_CHECK(op->ukernel.type == xnn_microkernel_type_igemm && !adds_residual);
    struct igemm_context* context = &op->context.igemm.igemm;
    epilogue->weights = context->packed_w;
    memcpy(&context->params, &epilogue, sizeof epilogue);
  }
}

// A block's activations should stay in a second-level cache of which other things take a part.
static const size_t kBlockBytes = 160 * 1024;
// Enough pieces that threads which start late or lose their core to others cost little.
static const size_t kPiecesPerThread = 4;

// The lowest block that is worth its share of every panel's way into the first-level cache.
static const size_t kLowestBlock = 40;
// The tallest tile. From kAnyHeight rows on, every height is a sum of tiles of 6 and 5 rows, of 5 and 4, and of 3
// and 2.
static const size_t kTallestTile = 6;
static const size_t kAnyHeight = 20;

// The height of `blocks` equal blocks: a low last one would leave the thread that gets it idle.
static size_t even_height(size_t rows, size_t blocks) {
  const size_t height = divide_round_up(rows, blocks);
  return height >= kAnyHeight ? height : round_up(height, kTallestTile);
}

struct resnet50_blocks resnet50_cut(size_t batch, size_t rows, size_t columns, size_t row_bytes, size_t threads) {
  size_t most = kBlockBytes / row_bytes / kTallestTile * kTallestTile;
  if (most < kTallestTile) most = kTallestTile;
  if (threads == 1) return (struct resnet50_blocks){even_height(rows, divide_round_up(rows, most)), columns};
  // Rows are cut first, into a multiple of the threads; where there are too few of them (the 7x7 stage), columns.
  const size_t pieces = threads * kPiecesPerThread;
  const size_t per_piece = divide_round_up(rows * batch, pieces);
  if (per_piece >= kLowestBlock) {
    if (most > per_piece) most = per_piece;
    const size_t blocks = divide_round_up(rows, most);
    return (struct resnet50_blocks){even_height(rows, batch == 1 ? round_up(blocks, threads) : blocks), columns};
  }
  const size_t height = even_height(rows, divide_round_up(rows, most));
  const size_t blocks = divide_round_up(rows, height) * batch;
  const size_t column_block = round_up(divide_round_up(columns, divide_round_up(pieces, blocks)), kColumns);
  return (struct resnet50_blocks){height, column_block};
}

void resnet50_block(struct xnn_operator* op, size_t element_bytes, size_t threads) {
  const bool gemm = op->ukernel.type == xnn_microkernel_type_gemm;
  struct compute_parameters* compute = &op->compute[0];
  // 2-D: rows x columns; convolutions of a batch through indirection have the batch in front.
  size_t first;
  switch (compute->type) {
    case xnn_parallelization_type_2d_tile_2d: first = 0; break;
    case xnn_parallelization_type_3d_tile_2d: first = 1; break;
    default: return;
  }
  const size_t batch = first == 1 ? compute->range[0] : 1;
  const size_t row_bytes = op->group_input_channels * element_bytes * (gemm ? 1 : 2);
  const struct resnet50_blocks blocks =
      resnet50_cut(batch, compute->range[first], compute->range[first + 1], row_bytes, threads);
  compute->tile[0] = blocks.rows;
  compute->tile[1] = blocks.columns;
}

void resnet50_int8_read_runs(struct xnn_operator* op, size_t run_step, size_t row_bytes) {
  RESNET50_CHECK(op->ukernel.type == xnn_microkernel_type_igemm && op->kernel_width == 1);
  const void** pointer = op->indirection_buffer;
  for (size_t y = 0; y < op->output_height; ++y) {
    for (size_t x = 0; x < op->output_width; ++x) {
      for (size_t tap = 0; tap < op->kernel_height; ++tap, ++pointer) {
        const size_t row = y * op->stride_height + tap - op->padding_top;  // wraps above the image
        const bool inside = row < op->input_height;
        *pointer = inside ? (const char*)op->last_input + row * row_bytes + x * run_step : op->zero_buffer;
      }
    }
  }
  op->context.igemm.igemm.ba_stride = op->input_height * row_bytes;
}

void resnet50_pin_input(struct xnn_operator* op) {
  if (op->ukernel.type != xnn_microkernel_type_igemm) return;
  struct igemm_context* context = &op->context.igemm.igemm;
  const size_t pointers = op->output_height * op->output_width * context->ks;
  for (size_t i = 0; i < pointers; ++i) {
    const void** pointer = op->indirection_buffer + i;
    // The offset is the difference of two addresses modulo the size of memory: it may point backwards.
    if (*pointer != op->zero_buffer) *pointer = (const char*)*pointer + (ptrdiff_t)context->a_offset;
  }
  op->last_input = op->input;
  context->a_offset = 0;
}
