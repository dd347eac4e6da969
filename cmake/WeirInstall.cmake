# The install tree, and find_package(weir) for those who embed.
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY WEIR_LIBRARIES)
install(TARGETS ${libraries} EXPORT weirTargets COMPONENT devel)
install(EXPORT weirTargets NAMESPACE weir:: COMPONENT devel
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
configure_package_config_file(cmake/weirConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/weirConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/weirConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/weirConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/weirConfigVersion.cmake
              cmake/WeirDependencies.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/weir COMPONENT devel)
