// Which microkernels XNNPACK's elementwise and reduction operators use here, in place of XNNPACK's own tables
// (src/configs/{binary-elementwise,unary-elementwise,reduce,dwconv}-config.c). ResNet-50 needs four of their ninety
// entries; the others would pull a hundred kernels into every module. Convolutions and pooling keep XNNPACK's tables.
// This file knows XNNPACK's internal headers, nothing of the network.

#include <stddef.h>

#include "xnnpack/common.h"
#include "xnnpack/config.h"
#include "xnnpack/hardware-config.h"
#include "xnnpack/microparams-init.h"
#include "xnnpack/reduce.h"
#include "xnnpack/reference-config.h"
#include "xnnpack/vbinary.h"
#include "xnnpack/vcvt.h"
#include "xnnpack/vunary.h"

#if XNN_ARCH_WASMSIMD || XNN_ARCH_WASMRELAXEDSIMD
#define PICK(wasm, portable) wasm
#else
#define PICK(wasm, portable) portable
#endif

// --- residual addition ---------------------------------------------------------------------------------------------

// Of f32 alone: in int8 the convolution that ends a block adds its shortcut.
const struct xnn_binary_elementwise_config* xnn_init_f32_vadd_config(void) {
  static const struct xnn_binary_elementwise_config config = {
      .op_ukernel = (xnn_vbinary_ukernel_fn)PICK(xnn_f32_vadd_ukernel__wasmsimd_u16, xnn_f32_vadd_ukernel__scalar_u8),
      .opc_ukernel =
          (xnn_vbinary_ukernel_fn)PICK(xnn_f32_vaddc_ukernel__wasmsimd_u16, xnn_f32_vaddc_ukernel__scalar_u8),
      .ropc_ukernel =
          (xnn_vbinary_ukernel_fn)PICK(xnn_f32_vaddc_ukernel__wasmsimd_u16, xnn_f32_vaddc_ukernel__scalar_u8),
      .element_tile = PICK(16, 8),
  };
  return &config;
}

// --- ReLU after the f32 addition -------------------------------------------------------------------------------------

const struct xnn_unary_elementwise_config* xnn_init_f32_clamp_config(void) {
  static const struct xnn_unary_elementwise_config config = {
      .ukernel =
          (xnn_vunary_ukernel_fn)PICK(xnn_f32_vclamp_ukernel__wasmsimd_x86_u8, xnn_f32_vclamp_ukernel__scalar_u4),
      .init = (xnn_init_unary_uparams_fn)xnn_init_f32_clamp_scalar_params,
  };
  return &config;
}

// --- global average pooling: sums, then (int8) int32 -> f32 -> int8 --------------------------------------------------

const struct xnn_unary_elementwise_config* xnn_init_s32_to_f32_cvt_config(void) {
  static const struct xnn_unary_elementwise_config config = {
      .ukernel =
          (xnn_vunary_ukernel_fn)PICK(xnn_s32_f32_vcvt_ukernel__wasmsimd_u16, xnn_s32_f32_vcvt_ukernel__scalar_u4),
      .init = (xnn_init_unary_uparams_fn)xnn_init_s32_f32_cvt_scalar_params,
  };
  return &config;
}

const struct xnn_unary_elementwise_config* xnn_init_f32_to_qs8_cvt_config(void) {
  static const struct xnn_unary_elementwise_config config = {
      .ukernel = (xnn_vunary_ukernel_fn)xnn_f32_qs8_vcvt_ukernel__scalar_imagic_u4,
      .init = (xnn_init_unary_uparams_fn)xnn_init_f32_qs8_cvt_scalar_params,
  };
  return &config;
}

// The network reduces over height and width, never over channels: the kernel along rows is all that runs, but XNNPACK
// asks for both tables.
const struct xnn_reduce_config* xnn_init_qs8_rdsum_config(void) {
  static const struct xnn_reduce_config config = {
      .rd_ukernel =
          (xnn_rdsum_ukernel_fn)PICK(xnn_qs8_rdsum_ukernel_7p7x__wasmsimd_c32, xnn_qs8_rdsum_ukernel_7p7x__scalar_c4),
      .init = xnn_init_qs8_reduce_scalar_params,
      .update = xnn_update_qs8_reduce_scalar_params,
  };
  return &config;
}

const struct xnn_reduce_config* xnn_init_qs8_rsum_config(void) { return xnn_init_qs8_rdsum_config(); }

const struct xnn_reduce_config* xnn_init_f32_rdsum_config(void) {
  static const struct xnn_reduce_config config = {
      .rd_ukernel =
          (xnn_rdsum_ukernel_fn)PICK(xnn_f32_rdsum_ukernel_7p7x__wasmsimd_c16, xnn_f32_rdsum_ukernel_7p7x__scalar_c4),
      .update = xnn_update_f32_reduce_scalar_params,
  };
  return &config;
}

const struct xnn_reduce_config* xnn_init_f32_rsum_config(void) { return xnn_init_f32_rdsum_config(); }

// --- depthwise convolution: none in this network; XNNPACK asks for the tables whenever it makes a
// convolution ---------

const struct xnn_dwconv_config* xnn_init_qs8_qc8w_dwconv_config(void) {
  static const struct xnn_dwconv_config none[XNN_MAX_QC8_DWCONV_UKERNELS] = {{.primary_tile = 0}};
  return none;
}

const struct xnn_dwconv_config* xnn_init_f32_dwconv_config(void) {
  static const struct xnn_dwconv_config none[XNN_MAX_F32_DWCONV_UKERNELS] = {{.primary_tile = 0}};
  return none;
}

const struct xnn_vmulcaddc_config* xnn_init_f32_vmulcaddc_config(void) {
  static const struct xnn_vmulcaddc_config unused = {.channel_tile = 1, .row_tile = 1};
  return &unused;
}

// --- what the operators' tables name and this network never asks for -------------------------------------------------

#define NO_BINARY(name) \
  const struct xnn_binary_elementwise_config* xnn_init_##name##_config(void) { return NULL; }
NO_BINARY(f16_vadd)
NO_BINARY(f16_vdiv)
NO_BINARY(f16_vmax)
NO_BINARY(f16_vmin)
NO_BINARY(f16_vmul)
NO_BINARY(f16_vprelu)
NO_BINARY(f16_vsqrdiff)
NO_BINARY(f16_vsub)
NO_BINARY(f32_vcopysign)
NO_BINARY(f32_vdiv)
NO_BINARY(f32_vmax)
NO_BINARY(f32_vmin)
NO_BINARY(f32_vmul)
NO_BINARY(f32_vprelu)
NO_BINARY(f32_vsqrdiff)
NO_BINARY(f32_vsub)
NO_BINARY(qs8_vadd)
NO_BINARY(qs8_vmul)
NO_BINARY(qu8_vadd)
NO_BINARY(qu8_vmul)

#define NO_UNARY(name) \
  const struct xnn_unary_elementwise_config* xnn_init_##name##_config(void) { return NULL; }
NO_UNARY(f16_abs)
NO_UNARY(f16_clamp)
NO_UNARY(f16_elu)
NO_UNARY(f16_hswish)
NO_UNARY(f16_lrelu)
NO_UNARY(f16_neg)
NO_UNARY(f16_rndd)
NO_UNARY(f16_rndne)
NO_UNARY(f16_rndu)
NO_UNARY(f16_rsqrt)
NO_UNARY(f16_sigmoid)
NO_UNARY(f16_sqr)
NO_UNARY(f16_sqrt)
NO_UNARY(f16_tanh)
NO_UNARY(f16_to_f32_cvt)
NO_UNARY(f16_to_qs8_cvt)
NO_UNARY(f32_abs)
NO_UNARY(f32_elu)
NO_UNARY(f32_exp)
NO_UNARY(f32_gelu)
NO_UNARY(f32_hswish)
NO_UNARY(f32_log)
NO_UNARY(f32_lrelu)
NO_UNARY(f32_neg)
NO_UNARY(f32_rndd)
NO_UNARY(f32_rndne)
NO_UNARY(f32_rndu)
NO_UNARY(f32_rsqrt)
NO_UNARY(f32_sigmoid)
NO_UNARY(f32_sqr)
NO_UNARY(f32_sqrt)
NO_UNARY(f32_tanh)
NO_UNARY(f32_to_f16_cvt)
NO_UNARY(f32_to_qp8_cvt)
NO_UNARY(f32_to_qu8_cvt)
NO_UNARY(qs8_cvt)
NO_UNARY(qs8_lrelu)
NO_UNARY(qs8_to_f16_cvt)
NO_UNARY(qs8_to_f32_cvt)
NO_UNARY(qu8_cvt)
NO_UNARY(qu8_lrelu)
NO_UNARY(qu8_to_f32_cvt)
NO_UNARY(s8_clamp)
NO_UNARY(u8_clamp)
NO_UNARY(xx_copy)

#define NO_REDUCE(name) \
  const struct xnn_reduce_config* xnn_init_##name##_config(void) { return NULL; }
NO_REDUCE(f16_f32acc_rsum)
NO_REDUCE(f16_f32acc_rdsum)
NO_REDUCE(f16_rminmax)
NO_REDUCE(f32_rminmax)
NO_REDUCE(qu8_rsum)
NO_REDUCE(qu8_rdsum)

const struct xnn_x8_lut_config* xnn_init_x8_lut_config(void) { return NULL; }

const struct xnn_unary_elementwise_config* xnn_init_unary_reference_config(enum xnn_unary_operator op,
                                                                           enum xnn_datatype input_datatype,
                                                                           enum xnn_datatype output_datatype) {
  (void)op, (void)input_datatype, (void)output_datatype;
  return NULL;
}

const struct xnn_binary_elementwise_config* xnn_init_binary_reference_config(enum xnn_binary_operator op,
                                                                             enum xnn_datatype datatype) {
  (void)op, (void)datatype;
  return NULL;
}
