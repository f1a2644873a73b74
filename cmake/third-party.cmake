# Targets for the dependencies, in the variants that need them: only what ResNet-50 uses of each is compiled, without
# their own build systems (XNNPACK's does not know Emscripten, and builds every kernel for every network).

# --- pthreadpool -------------------------------------------------------------------------------------------------
# Its header only: src/threads has the functions.
set(ptp "${RESNET50_DEP_pthreadpool}")
add_library(pthreadpool_header INTERFACE)
target_include_directories(pthreadpool_header SYSTEM INTERFACE ${ptp}/include)

# --- XNNPACK -----------------------------------------------------------------------------------------------------
set(xnn "${RESNET50_DEP_xnnpack}")

# xnnpack_headers: its public interface, for the rooms that call it.
add_library(xnnpack_headers INTERFACE)
target_include_directories(xnnpack_headers SYSTEM INTERFACE ${xnn}/include)
target_link_libraries(xnnpack_headers INTERFACE pthreadpool_header)

# xnnpack_internals: its internal headers and switches, for its own sources and for src/kernels.
add_library(xnnpack_internals INTERFACE)
target_link_libraries(xnnpack_internals INTERFACE xnnpack_headers)
target_include_directories(xnnpack_internals SYSTEM INTERFACE ${xnn}/src ${RESNET50_DEP_fxdiv}/include
  ${RESNET50_DEP_fp16}/include)
target_compile_options(xnnpack_internals INTERFACE "SHELL:-include math.h")
if(NOT RESNET50_WASM)
  # Natively only the portable kernels: the core is tested there, not raced, and they run under every sanitizer.
  target_compile_options(xnnpack_internals INTERFACE
    "SHELL:-include ${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/xnnpack_portable.h")
  target_compile_definitions(xnnpack_internals INTERFACE _GNU_SOURCE)
endif()
foreach(off AVX256SKX AVX256VNNI AVX256VNNIGFNI AVX512AMX AVX512F AVX512FP16 AVX512SKX AVX512VBMI AVX512VNNI AVX512VNNIGFNI
    AVXVNNI AVXVNNIINT8 ARM_BF16 ARM_DOTPROD ARM_FP16_SCALAR ARM_FP16_VECTOR ARM_I8MM ARM_SME ARM_SME2 ASSEMBLY CPUINFO
    DWCONV_MULTIPASS HVX JIT KLEIDIAI RISCV_FP16_VECTOR RISCV_VECTOR SPARSE VSX WASM_REVECTORIZE)
  target_compile_definitions(xnnpack_internals INTERFACE XNN_ENABLE_${off}=0)
endforeach()
target_compile_definitions(xnnpack_internals INTERFACE XNN_ENABLE_MEMOPT=1 XNN_ENABLE_GEMM_M_SPECIALIZATION=1
  XNN_LOG_LEVEL=0)

# Which of its sources a flavor needs is what a linker found to reach a module: `npm run xnnpack-sources` writes the list,
# a row per source with its flavors, and tests/node/xnnpack-sources.test.mjs compares it with the linker's map.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/xnnpack-sources.txt)
option(RESNET50_XNNPACK_EVERYTHING "compile all candidates, to find out which of them are needed" OFF)
include(${CMAKE_CURRENT_LIST_DIR}/xnnpack-candidates.cmake)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/xnnpack-sources.txt rows REGEX "^src/")
foreach(flavor IN LISTS RESNET50_FLAVORS)
  set(sources)
  if(RESNET50_XNNPACK_EVERYTHING)
    resnet50_xnnpack_candidates(${flavor} sources)
  else()
    foreach(row IN LISTS rows)
      string(REGEX MATCHALL "[^ ]+" words "${row}")
      list(POP_FRONT words source)
      if(flavor IN_LIST words)
        list(APPEND sources ${source})
      endif()
    endforeach()
  endif()
  list(TRANSFORM sources PREPEND "${xnn}/")
  resnet50_library(xnnpack ${flavor} ${sources})
  target_link_libraries(xnnpack.${flavor} PUBLIC xnnpack_headers PRIVATE xnnpack_internals)
  target_compile_options(xnnpack.${flavor} PRIVATE -w)
  if(RESNET50_SANITIZE)
    # Counters of coverage would keep its unused functions, whose callees are not compiled, and it calls its
    # packing functions through a common type on purpose; the other sanitizers stay.
    target_compile_options(xnnpack.${flavor} PRIVATE -fno-sanitize=fuzzer-no-link,function)
  endif()
  if(RESNET50_WASM)
    # What runs once per load is compiled for size: everything but microkernels (src/f32-gemm/..., never two levels up).
    list(FILTER sources INCLUDE REGEX "${xnn}/src/([^/]+|(operators|configs|enums|reference)/[^/]+)$")
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS -Os)
  endif()
endforeach()
# Our choices take the place of XNNPACK's, which are left out: its functions get names that nothing calls.
set_source_files_properties(${xnn}/src/configs/gemm-config.c PROPERTIES
  COMPILE_DEFINITIONS "xnn_init_qs8_qc8w_gemm_config=xnn_unused_qs8_qc8w_gemm_config;xnn_init_f32_gemm_config=xnn_unused_f32_gemm_config;xnn_init_f32_gemm_nr2_config=xnn_unused_f32_gemm_nr2_config")

# --- stb_image, yyjson, zlib with minizip ------------------------------------------------------------------------
add_library(stb INTERFACE)
target_include_directories(stb SYSTEM INTERFACE ${RESNET50_DEP_stb})

resnet50_library(yyjson "${RESNET50_ROOM_VARIANTS}" ${RESNET50_DEP_yyjson}/src/yyjson.c)
set(z "${RESNET50_DEP_zlib}")
resnet50_library(minizip "${RESNET50_ROOM_VARIANTS}" ${z}/adler32.c ${z}/crc32.c ${z}/deflate.c ${z}/inffast.c
  ${z}/inflate.c ${z}/inftrees.c ${z}/trees.c ${z}/zutil.c ${z}/contrib/minizip/unzip.c ${z}/contrib/minizip/ioapi.c)
foreach(variant IN LISTS RESNET50_ROOM_VARIANTS)
  target_include_directories(yyjson.${variant} SYSTEM PUBLIC ${RESNET50_DEP_yyjson}/src)
  target_compile_definitions(yyjson.${variant} PUBLIC YYJSON_DISABLE_WRITER=1 YYJSON_DISABLE_UTILS=1
    YYJSON_DISABLE_NON_STANDARD=1 YYJSON_DISABLE_FAST_FP_CONV=1
    yyjson_inline=inline)  # not forced: a third of the code
  target_compile_options(yyjson.${variant} PRIVATE -w -Oz)
  target_include_directories(minizip.${variant} SYSTEM PUBLIC ${z} ${z}/contrib/minizip)
  target_compile_definitions(minizip.${variant} PUBLIC NOCRYPT NOUNCRYPT PRIVATE USE_FILE32API HAVE_UNISTD_H)
  target_compile_options(minizip.${variant} PRIVATE -w)
endforeach()
