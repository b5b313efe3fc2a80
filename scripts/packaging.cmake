# What `cmake --install` and CPack put where: program, manual page, completions, service, settings.

install(TARGETS mqtt-logger)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(NOT CMAKE_CROSSCOMPILING)
  set(documents_folder ${CMAKE_CURRENT_BINARY_DIR}/documents)
  set(documents ${documents_folder}/mqtt-logger.1 ${documents_folder}/mqtt-logger.bash ${documents_folder}/_mqtt-logger
                ${documents_folder}/mqtt-logger.fish)
  file(MAKE_DIRECTORY ${documents_folder})
  add_executable(write-documents src/documents/write_documents.cpp)
  target_link_libraries(write-documents PRIVATE mqtt_logger_core)
  add_custom_command(OUTPUT ${documents} COMMAND write-documents ${documents_folder} ${PROJECT_VERSION}
                     DEPENDS write-documents VERBATIM)
  add_custom_target(documents ALL DEPENDS ${documents})
endif()

if(UNIX AND NOT CMAKE_CROSSCOMPILING)
  install(FILES ${documents_folder}/mqtt-logger.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${documents_folder}/mqtt-logger.bash RENAME mqtt-logger
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${documents_folder}/_mqtt-logger DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${documents_folder}/mqtt-logger.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

  install(FILES scripts/mqtt-logger.toml DESTINATION /etc/mqtt-logger)
  # The unit names the program where this installation has it, which is known only when it is made.
  install(CODE "set(unit_template \"${CMAKE_CURRENT_SOURCE_DIR}/scripts/mqtt-logger.service\")")
  install(CODE [[
    file(READ "${unit_template}" unit)
    string(REPLACE "/usr/bin/" "${CMAKE_INSTALL_PREFIX}/bin/" unit "${unit}")
    file(WRITE "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/mqtt-logger.service" "${unit}")
  ]])
endif()

set(CPACK_PACKAGE_NAME mqtt-logger)
set(CPACK_PACKAGE_VENDOR "mqtt-logger")
set(CPACK_PACKAGE_CONTACT "mqtt-logger maintainers <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR TGZ)
if(UNIX)
  list(APPEND CPACK_GENERATOR DEB)
  # By DESTDIR, because the settings belong into /etc, and so that the unit is made for the package's own places.
  set(CPACK_SET_DESTDIR ON)
  set(CPACK_INSTALL_PREFIX /usr)
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION net)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SUGGESTS mosquitto)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/scripts/debian/conffiles
                                         ${CMAKE_CURRENT_SOURCE_DIR}/scripts/debian/prerm
                                         ${CMAKE_CURRENT_SOURCE_DIR}/scripts/debian/postinst)
endif()
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
include(CPack)
