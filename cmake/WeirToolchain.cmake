# The language, the warnings and the tools that make builds fast. None of it
# reaches a project that only links to ours.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
include(GNUInstallDirs)

# ccache, set so that a clone in another folder finds what this one compiled:
# paths under the checkout are hashed as relative ones.
find_program(WEIR_CCACHE ccache)
if(WEIR_CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(launcher ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=true
      CCACHE_MAXSIZE=8G
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
      ${WEIR_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# The fastest linker that is there.
if(PROJECT_IS_TOP_LEVEL)
  find_program(WEIR_MOLD mold)
  find_program(WEIR_LLD NAMES ld.lld ld.lld-14)
  if(WEIR_MOLD)
    add_link_options(-fuse-ld=mold)
  elseif(WEIR_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()

# Instrumentation, chosen by preset: "", "address,undefined", "thread".
set(WEIR_SANITIZE "" CACHE STRING "Value of -fsanitize= for everything here")
if(WEIR_SANITIZE)
  # GCC sees less of what its own instrumentation has taken apart.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
  if(WEIR_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Fences in Boost.Asio's headers, and texts that GCC misreads once they are
    # instrumented.
    add_compile_options(-Wno-tsan -Wno-array-bounds)
    # Protobuf's maps have other members where it sees the sanitizer, and the
    # packaged library has not seen it.
    add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  endif()
endif()
