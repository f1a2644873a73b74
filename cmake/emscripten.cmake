# Toolchain file for wasm: Emscripten's own clang compiles, called directly; emcc, a Python program that takes half a
# second per call before it does anything, only links.
#   cmake -S . -B build/wasm -G Ninja --toolchain cmake/emscripten.cmake     with emcc on the PATH
# `npm run build` does this and installs Emscripten first if there is none.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(EMSCRIPTEN TRUE)
# CMake's own checks of the compiler cannot link: that takes emcc.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(RESNET50_EMSCRIPTEN_VARIABLES RESNET50_EMXX RESNET50_LLVM_BIN RESNET50_EMSCRIPTEN_FLAGS RESNET50_EMSCRIPTEN_PTHREAD_FLAGS)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ${RESNET50_EMSCRIPTEN_VARIABLES})

# The output of one of Emscripten's tools, without the end of the line.
function(resnet50_ask_emscripten variable)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "'${command}' failed: put emcc 4.0 or newer on the PATH, or run scripts/install-toolchain.sh")
  endif()
  set(${variable} "${output}" CACHE INTERNAL "from Emscripten")
endfunction()

if(NOT RESNET50_EMSCRIPTEN_FLAGS)
  find_program(RESNET50_EMCC emcc)
  if(NOT RESNET50_EMCC)
    message(FATAL_ERROR "there is no emcc on the PATH: run scripts/install-toolchain.sh, or install emsdk 4.0 or newer")
  endif()
  cmake_path(GET RESNET50_EMCC PARENT_PATH bin)
  find_program(RESNET50_EMXX em++ HINTS ${bin})
  find_program(RESNET50_EM_CONFIG em-config HINTS ${bin})
  # Compiling anything makes Emscripten install its headers, which clang needs when it is called directly.
  file(WRITE ${CMAKE_BINARY_DIR}/empty.c "")
  resnet50_ask_emscripten(RESNET50_EMPTY ${RESNET50_EMCC} -c ${CMAKE_BINARY_DIR}/empty.c -o ${CMAKE_BINARY_DIR}/empty.o)
  resnet50_ask_emscripten(RESNET50_LLVM_BIN ${RESNET50_EM_CONFIG} LLVM_ROOT)
  resnet50_ask_emscripten(RESNET50_EMSCRIPTEN_FLAGS ${RESNET50_EMCC} --cflags)
  resnet50_ask_emscripten(pthread_flags ${RESNET50_EMCC} --cflags -pthread)
  # What emcc adds for threads beyond -pthread itself, as a list.
  separate_arguments(plain NATIVE_COMMAND "${RESNET50_EMSCRIPTEN_FLAGS}")
  separate_arguments(threaded NATIVE_COMMAND "${pthread_flags}")
  list(REMOVE_ITEM threaded ${plain})
  set(RESNET50_EMSCRIPTEN_PTHREAD_FLAGS "${threaded}" CACHE INTERNAL "from Emscripten")
endif()

foreach(language C CXX)
  set(CMAKE_${language}_FLAGS_INIT "${RESNET50_EMSCRIPTEN_FLAGS}")
  set(CMAKE_${language}_LINK_EXECUTABLE
    "\"${RESNET50_EMXX}\" <CMAKE_CXX_LINK_FLAGS> <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
endforeach()
set(CMAKE_C_COMPILER "${RESNET50_LLVM_BIN}/clang")
set(CMAKE_CXX_COMPILER "${RESNET50_LLVM_BIN}/clang++")
set(CMAKE_AR "${RESNET50_LLVM_BIN}/llvm-ar")
set(CMAKE_RANLIB "${RESNET50_LLVM_BIN}/llvm-ranlib")
set(CMAKE_NM "${RESNET50_LLVM_BIN}/llvm-nm")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
