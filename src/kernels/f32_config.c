// XNNPACK's f32 convolutions and fully connected layer run our kernels (f32_kernels.h), in place of those of its own
// table (src/configs/gemm-config.c). Knows XNNPACK's internal headers, nothing of the network.
#include "kernels/f32_kernels.h"
#include "xnnpack/config.h"
#include "xnnpack/microfnptr.h"
#include "xnnpack/microparams-init.h"
#include "xnnpack/pack.h"
#include "xnnpack/packw.h"

#if XNN_ARCH_WASMSIMD || XNN_ARCH_WASMRELAXEDSIMD
#define PACK xnn_x32_packw_gemm_goi_ukernel_x8__wasmsimd_u4
#else
#define PACK xnn_x32_packw_gemm_goi_ukernel_x8__scalar_float_u4
#endif

_Static_assert(sizeof(struct resnet50_f32_clamp) <= sizeof(union xnn_f32_minmax_params), "read in XNNPACK's place");

const struct xnn_gemm_config* xnn_init_f32_gemm_config(void) {
  // Tiles of one row, as far as XNNPACK is concerned: see int8_config.c.
  static const struct xnn_gemm_config config = {
      .minmax.gemm = {[0] = {.function = {(xnn_gemm_ukernel_fn)resnet50_f32_gemm}}},
      .minmax.igemm = {[0] = {.function = {(xnn_igemm_ukernel_fn)resnet50_f32_igemm}}},
      .init.f32 = xnn_init_f32_minmax_scalar_params,
      .pack_gemm_gio = (xnn_packw_gemm_gio_ukernel_fn)xnn_pack_f32_gemm_gio_w,
      .pack_gemm_goi = (xnn_packw_gemm_goi_ukernel_fn)PACK,
      .mr = 1,
      .nr = 8,
  };
  return &config;
}

// For fewer outputs than columns XNNPACK has a narrow tile; heads that small are not worth one.
const struct xnn_gemm_config* xnn_init_f32_gemm_nr2_config(void) { return xnn_init_f32_gemm_config(); }
