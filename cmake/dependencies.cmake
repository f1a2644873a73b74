# Where the pinned sources of other projects come from, by name, version and checksum. Nothing of theirs is in this
# repository. Debian's source packages are used where apt-get is there (cmake/fetch-debian-sources.sh), the upstream
# repositories at the same commits by FetchContent elsewhere.
#
# Sets RESNET50_DEP_<name> (a source folder) for xnnpack, pthreadpool, fxdiv, fp16, stb, yyjson and zlib.

include(FetchContent)

# Shared by all flavours' build folders, so that each archive is fetched and unpacked once.
set(RESNET50_DEPS_DIR "${CMAKE_CURRENT_SOURCE_DIR}/build/deps" CACHE PATH "where dependencies' sources are unpacked")
option(RESNET50_DEPS_FROM_DEBIAN "take dependencies from Debian's source packages" ON)
find_program(RESNET50_APT_GET apt-get)

# name | Debian source package=version | sha256 of its orig tarball | upstream repository | commit
set(RESNET50_DEPENDENCIES
  "xnnpack|xnnpack=0.0~git20241108.4ea82e5-2|90bde2caef0f880f627bab0dc805a86c4b8070cd98e3243db3046ab3f3be1a99|https://github.com/google/XNNPACK.git|4ea82e595b36106653175dcb04b2aa532660d0d8"
  "pthreadpool|pthreadpool=0.0~git20240616.560c60d-1|4cc3cbd933b28131d2a34edc54f76af9fb41bc490af5eae1a5bd3cd07ea90708|https://github.com/Maratyszcza/pthreadpool.git|560c60d342a76076f0557a3946924c6478470044"
  "fxdiv|fxdiv=0.0~git20200417.b408327-4|7953482badaf4cb34026c3487c257b8e4ab2df061c019bd6fabbbc12ad52c44b|https://github.com/Maratyszcza/FXdiv.git|b408327ac2a15ec3e43352421954f5b1967701d1"
  "fp16|fp16=0.0~git20200514.4dfe081-5|7d7782b37b74136e0e12593a2a93ccbe7db831f4374cc408e44623d9b708b54e|https://github.com/Maratyszcza/FP16.git|4dfe081cf6bcd15db339cf2680b9281b8451eeb3"
  "stb|libstb=0.0~git20241109.5c20573+ds-1|a3a5820445a7dd063516bb542a5cd54ced8efc9c5a30bfbaae1bab6dec2c1a74|https://github.com/nothings/stb.git|5c205738c191bcb0abc65c4febfa9bd25ff35234"
  "yyjson|yyjson=0.10.0+ds-1|ae6fde69a193e10afab426ef13f113d6903446405f9db9ee98bfb572bd6c961a|https://github.com/ibireme/yyjson.git|0.10.0"
  "zlib|zlib=1:1.3.dfsg+really1.3.1-1|60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb|https://github.com/madler/zlib.git|51b7f2abdade71cd9bb0e7a373ef2610ec6f9daf")

function(resnet50_fetch row)
  string(REPLACE "|" ";" fields "${row}")
  list(GET fields 0 name)
  list(GET fields 1 package)
  list(GET fields 2 sha256)
  list(GET fields 3 repository)
  list(GET fields 4 commit)
  set(source_dir "${RESNET50_DEPS_DIR}/${name}")
  if(RESNET50_APT_GET AND RESNET50_DEPS_FROM_DEBIAN)
    # The stamp holds the checksum: another pin unpacks anew.
    set(stamp "${source_dir}/.unpacked")
    set(have "")
    if(EXISTS "${stamp}")
      file(READ "${stamp}" have)
    endif()
    if(NOT have STREQUAL sha256)
      message(STATUS "Fetching ${package} from Debian's source packages")
      execute_process(
        COMMAND bash "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/fetch-debian-sources.sh" "${package}" "${sha256}" "${source_dir}"
        RESULT_VARIABLE failed)
      if(failed)
        message(FATAL_ERROR "Could not get ${package}: connect to Debian's archive, or configure with "
                            "-DRESNET50_DEPS_FROM_DEBIAN=OFF to fetch commit ${commit} of ${repository} instead")
      endif()
      file(WRITE "${stamp}" "${sha256}")
    endif()
  else()
    FetchContent_Declare(resnet50_${name} GIT_REPOSITORY ${repository} GIT_TAG ${commit} SOURCE_DIR "${source_dir}")
    FetchContent_GetProperties(resnet50_${name})
    if(NOT resnet50_${name}_POPULATED)
      message(STATUS "Fetching ${repository} at ${commit}")
      FetchContent_Populate(resnet50_${name})
    endif()
  endif()
  set(RESNET50_DEP_${name} "${source_dir}" PARENT_SCOPE)
endfunction()

foreach(row IN LISTS RESNET50_DEPENDENCIES)
  resnet50_fetch("${row}")
endforeach()
