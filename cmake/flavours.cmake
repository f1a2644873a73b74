# The flavours of the core and the compiler flags that make each: what may differ between them and nothing else.
#   native           portable scalar kernels, for tests, sanitizers and fuzzers
#   simd             wasm SIMD, one thread (Safari, pages without cross-origin isolation)
#   simd-threads     wasm SIMD, pthreads
#   relaxed          + relaxed SIMD, one thread
#   relaxed-threads  + relaxed SIMD, pthreads
set(RESNET50_FLAVOUR native CACHE STRING "native, simd, simd-threads, relaxed or relaxed-threads")
set_property(CACHE RESNET50_FLAVOUR PROPERTY STRINGS native simd simd-threads relaxed relaxed-threads)
option(RESNET50_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer (native only)" OFF)
option(RESNET50_SANITIZE_THREADS "ThreadSanitizer (native only), in place of the others" OFF)
option(RESNET50_SAFE_HEAP "Emscripten's checks of every load and store (wasm flavours only), for the tests" OFF)
option(RESNET50_FUZZ "libFuzzer programs, with both sanitizers (native, clang)" OFF)
option(RESNET50_WASM_TESTS "build the GoogleTest suite for Node too (wasm flavours only)" OFF)

set(RESNET50_WASM OFF)
set(RESNET50_THREADS ON)
if(RESNET50_FLAVOUR MATCHES "^(simd|relaxed)(-threads)?$")
  if(NOT EMSCRIPTEN)
    message(FATAL_ERROR "RESNET50_FLAVOUR=${RESNET50_FLAVOUR} needs emcmake: run cmake/install-toolchain.sh, or put emcc 4.0 or newer on the PATH")
  endif()
  set(RESNET50_WASM ON)
  add_compile_options(-msimd128)
  if(RESNET50_FLAVOUR MATCHES "^relaxed")
    add_compile_options(-mrelaxed-simd)
  endif()
  if(RESNET50_FLAVOUR MATCHES "-threads$")
    add_compile_options(-pthread)
    add_link_options(-pthread)
  else()
    set(RESNET50_THREADS OFF)
  endif()
elseif(NOT RESNET50_FLAVOUR STREQUAL "native")
  message(FATAL_ERROR "unknown RESNET50_FLAVOUR ${RESNET50_FLAVOUR}")
else()
  find_package(Threads REQUIRED)
endif()

if(RESNET50_WASM_TESTS)
  add_compile_definitions(RESNET50_WASM_TESTS)
endif()

if(RESNET50_FUZZ)
  if(RESNET50_WASM OR NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "RESNET50_FUZZ needs the native flavour and clang: -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++")
  endif()
  set(RESNET50_SANITIZE ON)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(RESNET50_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=address,undefined)
endif()

if(RESNET50_SANITIZE_THREADS)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=thread)
endif()
if(RESNET50_SAFE_HEAP)
  add_link_options(-sSAFE_HEAP=1)
endif()

# Every f32 multiplication and addition rounds by itself, so that all flavours compute the same bits.
add_compile_options(-ffp-contract=off -ffunction-sections -fdata-sections)
add_link_options($<$<NOT:$<BOOL:${RESNET50_WASM}>>:-Wl,--gc-sections>)
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions;-fno-rtti>")

# For our own targets only: other people's code is not ours to make warning-free.
set(RESNET50_WARNINGS -Wall -Wextra -Wconversion -Wshadow -Wno-sign-conversion -Werror)
