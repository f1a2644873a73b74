# Which sources of XNNPACK a flavor could need: its lists of microkernels that its configuration tables name (PROD_*), cut
# down to the families that our operators use, and the rest of the library behind those operators. Compiled in full only
# to find out which of them a linker keeps (`npm run xnnpack-sources`).
set(RESNET50_XNN_FAMILIES
  qd8-f32-qc8w-gemm qd8-f32-qc8w-igemm # convolution, fully connected
  f32-maxpool s8-maxpool f32-vbinary/gen/f32-vaddc? f32-vclamp # pooling, residual addition, its ReLU
  f32-rsum f32-rdsum qs8-rsum qs8-rdsum qs8-vcvt f32-qs8-vcvt s32-f32-vcvt # global average pooling
  x32-packw x8-packw qs8-packw xx-fill xx-pad)
set(RESNET50_XNN_LIBRARY
  src/allocator.c src/cache.c src/datatype.c src/indirection.c src/init.c src/log.c src/memory.c
  src/microkernel-utils.c src/microparams-init.c src/mutex.c src/normalization.c src/operator-delete.c
  src/operator-run.c src/operator-utils.c src/params.c src/reference/packing.cc
  src/operators/binary-elementwise-nd.c src/operators/convolution-nhwc.c src/operators/fully-connected-nc.c
  src/operators/max-pooling-nhwc.c src/operators/reduce-nd.c src/operators/unary-elementwise-nc.c
  src/configs/gemm-config.c src/configs/hardware-config.c src/configs/maxpool-config.c
  src/configs/xx-fill-config.c src/configs/xx-pad-config.c
  src/enums/allocation-type.c src/enums/datatype-strings.c src/enums/microkernel-type.c src/enums/operator-type.c)

# Sets `variable` to the candidates of a flavor, relative to XNNPACK's folder.
function(resnet50_xnnpack_candidates flavor variable)
  set(lists scalar)
  if(NOT flavor STREQUAL native)
    list(APPEND lists wasm wasmsimd)
  endif()
  if(flavor MATCHES "^relaxed")
    list(APPEND lists wasmrelaxedsimd)
  endif()
  set(kernels)
  foreach(list IN LISTS lists)
    include(${RESNET50_DEP_xnnpack}/cmake/gen/${list}_microkernels.cmake)
    string(TOUPPER ${list} upper)
    list(APPEND kernels ${PROD_${upper}_MICROKERNEL_SRCS})
  endforeach()
  list(JOIN RESNET50_XNN_FAMILIES "|" families)
  list(FILTER kernels INCLUDE REGEX "^src/(${families})[-/]")
  # These include <arm_neon.h> by way of SIMDe; src/kernels/xnnpack_configs.c names the scalar ones instead.
  list(FILTER kernels EXCLUDE REGEX "f32-qs8-vcvt-wasmsimd")
  set(${variable} ${RESNET50_XNN_LIBRARY} ${kernels} PARENT_SCOPE)
endfunction()
