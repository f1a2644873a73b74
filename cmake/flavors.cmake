# The flavors of the core, and for which sets of compiler flags each source is compiled.
#   native           portable scalar kernels, for tests, sanitizers and fuzzers
#   simd             wasm SIMD, one thread (Safari, pages without cross-origin isolation)
#   simd-threads     wasm SIMD, pthreads
#   relaxed          + relaxed SIMD, one thread
#   relaxed-threads  + relaxed SIMD, pthreads
# Relaxed SIMD is the kernels' business: all other code is compiled once for relaxed and plain SIMD alike, so a wasm build
# has every room twice (with threads and without) and the kernels four times.
option(RESNET50_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer, instrumented for libFuzzer (native, clang)" OFF)
option(RESNET50_SANITIZE_THREADS "ThreadSanitizer (native only), in place of the others" OFF)
option(RESNET50_SANITIZE_MEMORY "MemorySanitizer (native, clang), for the decoder alone" OFF)
option(RESNET50_COVERAGE "count which lines of our own code run (native, gcc)" OFF)

if(EMSCRIPTEN)
  set(RESNET50_WASM ON)
  set(RESNET50_FLAVORS simd simd-threads relaxed relaxed-threads)
  set(RESNET50_ROOM_VARIANTS simd simd-threads)
else()
  set(RESNET50_WASM OFF)
  set(RESNET50_FLAVORS native)
  set(RESNET50_ROOM_VARIANTS native)
  find_package(Threads REQUIRED)
endif()

# The variant in which a flavor's rooms are compiled: relaxed-threads -> simd-threads.
function(resnet50_room_variant flavor variable)
  string(REPLACE relaxed simd room_variant ${flavor})
  set(${variable} ${room_variant} PARENT_SCOPE)
endfunction()

# flags.FLAVOR: what a flavor's sources are compiled and its modules linked with.
foreach(flavor IN LISTS RESNET50_FLAVORS)
  add_library(flags.${flavor} INTERFACE)
  if(RESNET50_WASM)
    target_compile_options(flags.${flavor} INTERFACE -msimd128)
    target_link_options(flags.${flavor} INTERFACE -msimd128)
  else()
    target_link_libraries(flags.${flavor} INTERFACE Threads::Threads)
  endif()
  if(flavor MATCHES "^relaxed")
    target_compile_options(flags.${flavor} INTERFACE -mrelaxed-simd)
    target_link_options(flags.${flavor} INTERFACE -mrelaxed-simd)
  endif()
  if(flavor MATCHES "-threads$")
    target_compile_options(flags.${flavor} INTERFACE -pthread ${RESNET50_EMSCRIPTEN_PTHREAD_FLAGS})
    target_link_options(flags.${flavor} INTERFACE -pthread)
  endif()
endforeach()

# A static library per variant, NAME.VARIANT, of the same sources.
function(resnet50_library name variants)
  foreach(variant IN LISTS variants)
    add_library(${name}.${variant} STATIC EXCLUDE_FROM_ALL ${ARGN})
    target_link_libraries(${name}.${variant} PRIVATE flags.${variant})
  endforeach()
endfunction()

if(RESNET50_SANITIZE)
  if(RESNET50_WASM OR NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "RESNET50_SANITIZE needs clang: -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++")
  endif()
  # Tests and fuzzers use the same objects: libFuzzer's counters cost the tests little.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1
    -fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=address,undefined)
  add_compile_definitions(RESNET50_CHECKS)
endif()
if(RESNET50_SANITIZE_MEMORY)
  # Memory that others write counts as never written: strings are compiled here, not taken from the system's library, and
  # only programs that link nothing else of C++ can be run.
  add_compile_options(-fsanitize=memory -fsanitize-memory-track-origins -fno-omit-frame-pointer -g1)
  add_compile_definitions(RESNET50_CHECKS _GLIBCXX_EXTERN_TEMPLATE=0)
  add_link_options(-fsanitize=memory)
endif()
if(RESNET50_SANITIZE_THREADS)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=thread)
endif()

# Every f32 multiplication and addition rounds by itself, so that all flavors compute the same bits.
add_compile_options(-ffp-contract=off -ffunction-sections -fdata-sections)
add_link_options($<$<NOT:$<BOOL:${RESNET50_WASM}>>:-Wl,--gc-sections>)
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions;-fno-rtti>")

# For our own targets only: other people's code is not ours to make warning-free.
set(RESNET50_WARNINGS -Wall -Wextra -Wconversion -Wshadow -Wno-sign-conversion -Werror)
if(RESNET50_COVERAGE)
  list(APPEND RESNET50_WARNINGS --coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

# ccache, if it is installed, keeps objects beyond this folder; scripts/lib.mjs makes paths relative for it.
find_program(RESNET50_CCACHE ccache)
if(RESNET50_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${RESNET50_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RESNET50_CCACHE})
endif()
