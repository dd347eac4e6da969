# weir_library, weir_executable, weir_proto_library and weir_test: every
# target of the project is made by one of these.

# Warnings, and what is common to everything that we compile.
add_library(weir_options INTERFACE)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(weir_options INTERFACE
    -Wall -Wextra -Werror -Wnon-virtual-dtor -Woverloaded-virtual
    -Wno-missing-field-initializers
    # GoogleTest's own macros shadow the `info` of a table's name lambda.
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:WEIR_IS_TEST>>>:-Wshadow>
    # A program that is linked statically drops what it does not use.
    $<$<CONFIG:Release>:-ffunction-sections -fdata-sections>
    # Code is position independent for one header that all can share; that no
    # library replaces a function of ours lets calls be inlined nevertheless.
    $<$<CONFIG:Release>:-fno-semantic-interposition>
    # GCC 12 raises false alarms about inlined std::string when it optimises
    # (its bugs 105329, 105651), and other compilers will find others: who
    # builds a release is not to be stopped by them.
    $<$<CONFIG:Release>:-Wno-error -Wno-restrict -Wno-stringop-overflow
      -Wno-stringop-overread -Wno-array-bounds>
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Wno-unused-private-field>)
endif()

# One precompiled header for all libraries and programs, one for all tests.
add_library(weir_pch OBJECT ${CMAKE_CURRENT_LIST_DIR}/pch.cc)
target_link_libraries(weir_pch PRIVATE weir_options absl::status absl::statusor
  absl::strings absl::time absl::flat_hash_map absl::flat_hash_set)
target_precompile_headers(weir_pch PRIVATE ${CMAKE_CURRENT_LIST_DIR}/pch.h)
target_compile_options(weir_pch PRIVATE -fpch-preprocess)

function(weir_use_pch target)
  target_precompile_headers(${target} REUSE_FROM weir_pch)
  target_compile_options(${target} PRIVATE -fpch-preprocess -fPIC)
endfunction()

# weir_library(name SRCS ... [PUBLIC_DEPS ...] [PRIVATE_DEPS ...] [NO_PCH])
#
# Makes the static library weir_<name>, its alias weir::<name> and its install
# rule. Public headers are in include/. PUBLIC_DEPS are those that public
# headers name.
function(weir_library name)
  cmake_parse_arguments(arg "NO_PCH" "" "SRCS;PUBLIC_DEPS;PRIVATE_DEPS"
                        ${ARGN})
  set(target weir_${name})
  add_library(${target} STATIC ${arg_SRCS})
  add_library(weir::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target}
    PUBLIC ${arg_PUBLIC_DEPS}
    PRIVATE ${arg_PRIVATE_DEPS} $<BUILD_INTERFACE:weir_options>)
  if(NOT arg_NO_PCH)
    weir_use_pch(${target})
  endif()
  set_property(GLOBAL APPEND PROPERTY WEIR_LIBRARIES ${target})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
    install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
            COMPONENT devel)
  endif()
endfunction()

# weir_executable(name SRCS ... DEPS ...): a program, installed to bin/.
function(weir_executable name)
  cmake_parse_arguments(arg "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} weir_options)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  weir_use_pch(${name})
  install(TARGETS ${name} COMPONENT runtime)
endfunction()

# weir_find_archives(out NAMES...)
#
# The static archives lib<name>.a, and of a name that ends in "_" all that begin
# so; nothing when one is not installed.
function(weir_find_archives out)
  set(found "")
  foreach(name ${ARGN})
    # Of Abseil's many, one that is always there tells where they are.
    string(REGEX REPLACE "_$" "_strings" file ${name})
    find_library(WEIR_ARCHIVE_${name} NAMES lib${file}.a)
    mark_as_advanced(WEIR_ARCHIVE_${name})
    set(archives ${WEIR_ARCHIVE_${name}})
    if(NOT archives)
      message(STATUS "No static lib${name}: linking dynamically")
      set(${out} "" PARENT_SCOPE)
      return()
    endif()
    if(name MATCHES "_$")
      get_filename_component(folder ${archives} DIRECTORY)
      file(GLOB archives ${folder}/lib${name}*.a)
    endif()
    list(APPEND found ${archives})
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# weir_link_in_order(target file)
#
# Lets LLD link the program, where it is installed, with the functions that the
# file names first; scripts/front-order makes such a file.
function(weir_link_in_order target file)
  find_program(WEIR_ORDERING_LLD NAMES ld.lld ld.lld-14)
  mark_as_advanced(WEIR_ORDERING_LLD)
  if(NOT WEIR_ORDERING_LLD)
    return()
  endif()
  # Compilers look for it under its plain name.
  set(folder ${CMAKE_BINARY_DIR}/lld)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${WEIR_ORDERING_LLD} ${folder}/ld.lld SYMBOLIC)
  target_link_options(${target} PRIVATE -B${folder} -fuse-ld=lld
    -Wl,--symbol-ordering-file=${file} -Wl,--no-warn-symbol-ordering)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${file})
endfunction()

# weir_proto_library(name PROTOS ... [GRPC] [DEPS ...] [NO_INSTALL])
#
# Generates C++ from .proto files into the build tree. Paths are relative to
# the folder of the call, which is also the import root, beside the import
# roots of those DEPS that are proto libraries. Installs headers and .proto
# files.
function(weir_proto_library name)
  cmake_parse_arguments(arg "GRPC;NO_INSTALL" "" "PROTOS;DEPS" ${ARGN})
  set(target weir_${name})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  # What may be imported, and where it is: our own files and our deps'.
  list(TRANSFORM arg_PROTOS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/
       OUTPUT_VARIABLE sources)
  set(roots ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(dep ${arg_DEPS})
    string(REGEX REPLACE "^weir::" "weir_" dep ${dep})
    get_property(dep_sources GLOBAL PROPERTY ${dep}_PROTO_SOURCES)
    get_property(dep_roots GLOBAL PROPERTY ${dep}_PROTO_ROOTS)
    list(APPEND sources ${dep_sources})
    list(APPEND roots ${dep_roots})
  endforeach()
  list(REMOVE_DUPLICATES roots)
  set_property(GLOBAL PROPERTY ${target}_PROTO_SOURCES ${sources})
  set_property(GLOBAL PROPERTY ${target}_PROTO_ROOTS ${roots})
  list(TRANSFORM roots PREPEND -I OUTPUT_VARIABLE includes)

  set(generated)
  foreach(proto ${arg_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(outputs ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    set(plugin)
    if(arg_GRPC)
      list(APPEND outputs ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
      set(plugin --grpc_out=${out}
          --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc ${includes} --cpp_out=${out} ${plugin} ${proto}
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
      DEPENDS ${sources}
      COMMENT "Generating C++ from ${proto}" VERBATIM)
    list(APPEND generated ${outputs})
  endforeach()
  add_library(${target} STATIC ${generated})
  add_library(weir::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} PUBLIC cxx_std_20)
  # System headers, as no warning in generated code is ours to mend.
  target_include_directories(${target} SYSTEM
    PUBLIC $<BUILD_INTERFACE:${out}>
           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf ${arg_DEPS})
  if(arg_GRPC)
    target_link_libraries(${target} PUBLIC gRPC::grpc++)
  endif()
  if(arg_NO_INSTALL)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY WEIR_LIBRARIES ${target})
  foreach(proto ${arg_PROTOS})
    get_filename_component(folder ${proto} DIRECTORY)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(files ${out}/${stem}.pb.h ${CMAKE_CURRENT_SOURCE_DIR}/${proto})
    if(arg_GRPC)
      list(APPEND files ${out}/${stem}.grpc.pb.h)
    endif()
    install(FILES ${files} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder}
            COMPONENT devel)
  endforeach()
endfunction()

# weir_test(name SRCS ... DEPS ... [DATA dir]): one GoogleTest program, each
# case a ctest of its own. Tests find their data by WEIR_TESTDATA.
function(weir_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SRCS;DEPS" ${ARGN})
  set(target ${name}_test)
  add_executable(${target} ${arg_SRCS})
  target_link_libraries(${target} PRIVATE ${arg_DEPS} weir_options
    GTest::gmock_main)
  target_compile_definitions(${target} PRIVATE
    WEIR_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_precompile_headers(${target} REUSE_FROM weir_test_pch)
  target_compile_options(${target} PRIVATE -fpch-preprocess -fPIC)
  set_target_properties(${target} PROPERTIES WEIR_IS_TEST ON)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(WEIR_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
  endif()
  add_test(NAME ${name} COMMAND ${target})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  if(arg_LABEL)
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}")
  endif()
endfunction()
