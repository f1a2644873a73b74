// Which microkernels XNNPACK's f32 convolutions and fully connected layer use here, in place of its own table
// (src/configs/gemm-config.c). That one holds, for wasm, kernels of 4 rows for x86 and of 5 or 6 for Arm, each with
// three kinds of clamping; the widest tile that V8's 15 vector registers hold is the faster one on both, and one kind
// of clamping does. Knows XNNPACK's internal headers, nothing of the network.
#include "xnnpack/config.h"
#include "xnnpack/gemm.h"
#include "xnnpack/igemm.h"
#include "xnnpack/microfnptr.h"
#include "xnnpack/microparams-init.h"
#include "xnnpack/pack.h"
#include "xnnpack/packw.h"

#if XNN_ARCH_WASMRELAXEDSIMD
// 12 accumulators, 2 weight vectors, 1 activation.
enum { kRows = 6, kColumns = 8 };
#define KERNEL(kind, rows) xnn_f32_##kind##_minmax_ukernel_##rows##x8__wasmrelaxedsimd_fma_loadsplat
#define MANY_ROWS(kind) KERNEL(kind, 6)
#define PACK xnn_x32_packw_gemm_goi_ukernel_x8__wasmsimd_u4
#elif XNN_ARCH_WASMSIMD
// Without fused multiply-add, products need a register too.
enum { kRows = 5, kColumns = 8 };
#define KERNEL(kind, rows) xnn_f32_##kind##_minmax_ukernel_##rows##x8__wasmsimd_x86_loadsplat
#define MANY_ROWS(kind) KERNEL(kind, 5)
#define PACK xnn_x32_packw_gemm_goi_ukernel_x8__wasmsimd_u4
#else
enum { kRows = 4, kColumns = 4 };
#define KERNEL(kind, rows) xnn_f32_##kind##_minmax_ukernel_##rows##x4__scalar
#define MANY_ROWS(kind) KERNEL(kind, 4)
#define PACK xnn_x32_packw_gemm_goi_ukernel_x4__scalar_float_u4
#endif

const struct xnn_gemm_config* xnn_init_f32_gemm_config(void) {
#define HOLDER(kind, kernel)                       \
  {                                                \
    .function = {(xnn_##kind##_ukernel_fn)kernel } \
  }
  static const struct xnn_gemm_config config = {
      // XNNPACK's tables hold the kernel for n rows at n - 1.
      .minmax.gemm = {[0] = HOLDER(gemm, KERNEL(gemm, 1)), [kRows - 1] = HOLDER(gemm, MANY_ROWS(gemm))},
      .minmax.igemm = {[0] = HOLDER(igemm, KERNEL(igemm, 1)), [kRows - 1] = HOLDER(igemm, MANY_ROWS(igemm))},
      .init.f32 = xnn_init_f32_minmax_scalar_params,
      .pack_gemm_gio = (xnn_packw_gemm_gio_ukernel_fn)xnn_pack_f32_gemm_gio_w,
      .pack_gemm_goi = (xnn_packw_gemm_goi_ukernel_fn)PACK,
      .mr = kRows,
      .nr = kColumns,
  };
#undef HOLDER
  return &config;
}

// For fewer outputs than columns XNNPACK has a narrow tile; heads that small are not worth one.
const struct xnn_gemm_config* xnn_init_f32_gemm_nr2_config(void) { return xnn_init_f32_gemm_config(); }
