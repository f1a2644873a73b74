# Targets for the dependencies: only what ResNet-50 uses of each is compiled, without their own build systems
# (XNNPACK's does not know Emscripten, and builds every kernel for every network).

# --- pthreadpool -------------------------------------------------------------------------------------------------
set(ptp "${RESNET50_DEP_pthreadpool}")
if(RESNET50_THREADS)
  add_library(pthreadpool STATIC ${ptp}/src/portable-api.c ${ptp}/src/memory.c ${ptp}/src/pthreads.c)
  # Condition variables, not futexes: Emscripten has no futex system call.
  target_compile_definitions(pthreadpool PRIVATE PTHREADPOOL_USE_CPUINFO=0 PTHREADPOOL_USE_FUTEX=0
    PTHREADPOOL_USE_CONDVAR=1 PTHREADPOOL_USE_GCD=0 PTHREADPOOL_USE_EVENT=0)
else()
  add_library(pthreadpool STATIC ${ptp}/src/shim.c)
endif()
target_include_directories(pthreadpool SYSTEM PUBLIC ${ptp}/include PRIVATE ${ptp}/src ${RESNET50_DEP_fxdiv}/include)
target_compile_options(pthreadpool PRIVATE -w)

# --- XNNPACK -----------------------------------------------------------------------------------------------------
set(xnn "${RESNET50_DEP_xnnpack}")

# Its lists of microkernels that its configuration tables name (PROD_*), cut down to the families that our operators use.
set(RESNET50_XNN_FAMILIES
  qd8-f32-qc8w-gemm qd8-f32-qc8w-igemm # convolution, fully connected
  f32-maxpool s8-maxpool f32-vbinary/gen/f32-vaddc? qs8-vadd qs8-vaddc f32-vclamp # pooling, residual addition, its ReLU
  f32-rsum f32-rdsum qs8-rsum qs8-rdsum qs8-vcvt f32-qs8-vcvt s32-f32-vcvt # global average pooling
  x32-packw x8-packw qs8-packw xx-fill xx-pad)
string(REPLACE ";" "|" families "${RESNET50_XNN_FAMILIES}")
set(lists scalar)
if(RESNET50_WASM)
  list(APPEND lists wasm wasmsimd)
  if(RESNET50_FLAVOUR MATCHES "^relaxed")
    list(APPEND lists wasmrelaxedsimd)
  endif()
endif()
set(kernels)
foreach(list IN LISTS lists)
  include(${xnn}/cmake/gen/${list}_microkernels.cmake)
  string(TOUPPER ${list} upper)
  list(APPEND kernels ${PROD_${upper}_MICROKERNEL_SRCS})
endforeach()
list(FILTER kernels INCLUDE REGEX "^src/(${families})[-/]")
# These include <arm_neon.h> by way of SIMDe; src/kernels/xnnpack_configs.c names the scalar ones instead.
list(FILTER kernels EXCLUDE REGEX "f32-qs8-vcvt-wasmsimd")
# Faster on V8 than those of XNNPACK's own choice; see src/kernels/f32_config.c.
if(RESNET50_FLAVOUR MATCHES "^relaxed")
  set(f32_kernels 1x8-minmax-wasmrelaxedsimd-fma-loadsplat 6x8-minmax-wasmrelaxedsimd-fma-loadsplat)
elseif(RESNET50_WASM)
  set(f32_kernels 1x8-minmax-wasmsimd-x86-loadsplat 5x8-minmax-wasmsimd-x86-loadsplat)
else()
  set(f32_kernels 1x4-minmax-scalar 4x4-minmax-scalar)
endif()
list(FILTER kernels EXCLUDE REGEX "^src/f32-i?gemm/")
foreach(kernel IN LISTS f32_kernels)
  list(APPEND kernels src/f32-gemm/gen/f32-gemm-${kernel}.c src/f32-igemm/gen/f32-igemm-${kernel}.c)
endforeach()
list(TRANSFORM kernels PREPEND "${xnn}/")

set(core
  src/allocator.c src/cache.c src/datatype.c src/indirection.c src/init.c src/log.c src/memory.c
  src/microkernel-utils.c src/microparams-init.c src/mutex.c src/normalization.c src/operator-delete.c
  src/operator-run.c src/operator-utils.c src/params.c src/reference/packing.cc
  src/operators/binary-elementwise-nd.c src/operators/convolution-nhwc.c src/operators/fully-connected-nc.c
  src/operators/max-pooling-nhwc.c src/operators/reduce-nd.c src/operators/unary-elementwise-nc.c
  src/configs/gemm-config.c src/configs/hardware-config.c
  src/configs/maxpool-config.c 
  src/configs/xx-fill-config.c src/configs/xx-pad-config.c
  src/enums/allocation-type.c src/enums/datatype-strings.c src/enums/microkernel-type.c src/enums/operator-type.c)
list(TRANSFORM core PREPEND "${xnn}/")
if(RESNET50_WASM)
  # What runs once a load is compiled for size.
  set_source_files_properties(${core} PROPERTIES COMPILE_OPTIONS -Os)
endif()

add_library(xnnpack STATIC ${core} ${kernels} 
  ${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/xnnpack_configs.c
  ${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/f32_config.c
  ${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/int8_config.c ${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/int8_kernels.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/int8_packing.cc)
# Our choices take the place of XNNPACK's, which are left out: its functions get names that nothing calls.
set_source_files_properties(${xnn}/src/configs/gemm-config.c PROPERTIES
  COMPILE_DEFINITIONS "xnn_init_qs8_qc8w_gemm_config=xnn_unused_qs8_qc8w_gemm_config;xnn_init_f32_gemm_config=xnn_unused_f32_gemm_config;xnn_init_f32_gemm_nr2_config=xnn_unused_f32_gemm_nr2_config")
target_include_directories(xnnpack PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/src)
target_include_directories(xnnpack SYSTEM PUBLIC ${xnn}/include PRIVATE ${xnn}/src
  ${RESNET50_DEP_fxdiv}/include ${RESNET50_DEP_fp16}/include)
target_link_libraries(xnnpack PUBLIC pthreadpool)
target_compile_options(xnnpack PRIVATE -w "SHELL:-include math.h")
if(RESNET50_FUZZ)
  # Counters of coverage would keep its unused functions, whose callees are not compiled, and it calls its
  # packing functions through a common type on purpose; the other sanitizers stay.
  target_compile_options(xnnpack PRIVATE -fno-sanitize=fuzzer-no-link,function)
endif()
if(NOT RESNET50_WASM)
  # Natively only the portable kernels: the core is tested there, not raced, and they run under every sanitizer.
  target_compile_options(xnnpack PRIVATE "SHELL:-include ${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/xnnpack_portable.h")
  target_compile_definitions(xnnpack PRIVATE _GNU_SOURCE)
endif()
foreach(off AVX256SKX AVX256VNNI AVX256VNNIGFNI AVX512AMX AVX512F AVX512FP16 AVX512SKX AVX512VBMI AVX512VNNI AVX512VNNIGFNI
    AVXVNNI AVXVNNIINT8 ARM_BF16 ARM_DOTPROD ARM_FP16_SCALAR ARM_FP16_VECTOR ARM_I8MM ARM_SME ARM_SME2 ASSEMBLY CPUINFO
    DWCONV_MULTIPASS HVX JIT KLEIDIAI RISCV_FP16_VECTOR RISCV_VECTOR SPARSE VSX WASM_REVECTORIZE)
  target_compile_definitions(xnnpack PRIVATE XNN_ENABLE_${off}=0)
endforeach()
target_compile_definitions(xnnpack PRIVATE XNN_ENABLE_MEMOPT=1 XNN_ENABLE_GEMM_M_SPECIALIZATION=1 XNN_LOG_LEVEL=0)

# --- stb_image, yyjson, zlib with minizip ------------------------------------------------------------------------
add_library(stb INTERFACE)
target_include_directories(stb SYSTEM INTERFACE ${RESNET50_DEP_stb})

add_library(yyjson STATIC ${RESNET50_DEP_yyjson}/src/yyjson.c)
target_include_directories(yyjson SYSTEM PUBLIC ${RESNET50_DEP_yyjson}/src)
target_compile_definitions(yyjson PUBLIC YYJSON_DISABLE_WRITER=1 YYJSON_DISABLE_UTILS=1 YYJSON_DISABLE_NON_STANDARD=1
  YYJSON_DISABLE_FAST_FP_CONV=1
  yyjson_inline=inline)  # not forced: a third of the code
target_compile_options(yyjson PRIVATE -w -Oz)

set(z "${RESNET50_DEP_zlib}")
add_library(minizip STATIC EXCLUDE_FROM_ALL ${z}/adler32.c ${z}/crc32.c ${z}/deflate.c ${z}/inffast.c ${z}/inflate.c
  ${z}/inftrees.c ${z}/trees.c ${z}/zutil.c ${z}/contrib/minizip/unzip.c ${z}/contrib/minizip/ioapi.c)
target_include_directories(minizip SYSTEM PUBLIC ${z} ${z}/contrib/minizip)
target_compile_definitions(minizip PUBLIC NOCRYPT NOUNCRYPT PRIVATE USE_FILE32API HAVE_UNISTD_H)
target_compile_options(minizip PRIVATE -w)
