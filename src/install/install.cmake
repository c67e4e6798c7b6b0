# what `cmake --install` puts under the prefix: commands, the libraries, headers, a CMake package
# and pkg-config files
include(CMakePackageConfigHelpers)

set_target_properties(fredholm PROPERTIES EXPORT_NAME fredholm)
set_target_properties(fredholm_f64 PROPERTIES EXPORT_NAME fredholm_f64)
install(TARGETS fredholm fredholm_f64 EXPORT FredholmTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT FredholmTargets NAMESPACE Fredholm:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Fredholm)

install(TARGETS fredholm_recycle EXPORT FredholmRecycleTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT FredholmRecycleTargets NAMESPACE Fredholm:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Fredholm)

set(headers ${CMAKE_INSTALL_INCLUDEDIR}/fredholm)
install(FILES src/fredholm.h ${CMAKE_BINARY_DIR}/generated/fredholm_version.h DESTINATION ${headers})
foreach(part base grid comm tensor program model train)
  install(DIRECTORY src/${part} DESTINATION ${headers}
    FILES_MATCHING PATTERN "*.h" PATTERN "*_impl.h" EXCLUDE)
endforeach()
install(DIRECTORY operators DESTINATION ${headers}
  FILES_MATCHING PATTERN "*.h" PATTERN "*_impl.h" EXCLUDE)
install(FILES io/bundle.h io/dataset.h io/writer.h DESTINATION ${headers}/io)
install(FILES datagen/skr/recycle.h datagen/skr/gcrodr.h datagen/skr/deflated.h DESTINATION ${headers}/datagen/skr)

configure_package_config_file(src/install/FredholmConfig.cmake.in
  ${CMAKE_BINARY_DIR}/generated/FredholmConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Fredholm)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/FredholmConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/FredholmConfig.cmake
              ${CMAKE_BINARY_DIR}/generated/FredholmConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Fredholm)

# a static library names its dependencies for pkg-config; HDF5's come as a list of files
# and the prefix is found from where the file lies, so that the tree can be moved
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
string(JOIN " " pc_hdf5 ${HDF5_C_LIBRARIES})
foreach(precision fredholm fredholm_f64)
  set(pc_name ${precision})
  set(pc_cflags "")
  if(precision STREQUAL fredholm_f64)
    set(pc_cflags "-DFH_DOUBLE")
  endif()
  configure_file(src/install/fredholm.pc.in ${CMAKE_BINARY_DIR}/generated/${precision}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/generated/${precision}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
string(JOIN " " pc_blas ${OPENBLAS_LINK_LIBRARIES})
configure_file(src/install/fredholm_recycle.pc.in ${CMAKE_BINARY_DIR}/generated/fredholm_recycle.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/fredholm_recycle.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
