# What `cmake --install` and CPack put where: program, manual page, completions, service, settings.

install(TARGETS mqtt-logger)
# The manual stands beside the README; the README's links to it follow.
file(GLOB manual_pages CONFIGURE_DEPENDS src/manual/*.md src/manual/*.svg)
install(FILES ${manual_pages} DESTINATION ${CMAKE_INSTALL_DOCDIR}/manual)
install(CODE "set(readme \"${CMAKE_CURRENT_SOURCE_DIR}/README.md\")\nset(readme_copy \"${CMAKE_CURRENT_BINARY_DIR}/README.md\")")
install(CODE [[
  file(READ "${readme}" text)
  string(REPLACE "](src/manual/" "](manual/" text "${text}")
  file(REMOVE "${readme_copy}")  # it may be of another user, who has installed before
  file(WRITE "${readme_copy}" "${text}")
]])
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(NOT CMAKE_CROSSCOMPILING)
  set(documents_folder ${CMAKE_CURRENT_BINARY_DIR}/documents)
  set(documents ${documents_folder}/mqtt-logger.1 ${documents_folder}/mqtt-logger.bash ${documents_folder}/_mqtt-logger
                ${documents_folder}/mqtt-logger.fish)
  file(MAKE_DIRECTORY ${documents_folder})
  add_executable(write-documents src/manual/write_documents.cpp)
  target_link_libraries(write-documents PRIVATE mqtt_logger_options)
  # The day of this version, and not of the build, so that the same sources give the same page.
  set(months Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)
  file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/scripts/debian/changelog signature REGEX "^ -- " LIMIT_COUNT 1)
  string(REGEX MATCH "([0-9][0-9]) ([A-Z][a-z][a-z]) ([0-9]+)" release_day "${signature}")
  list(FIND months ${CMAKE_MATCH_2} month)
  math(EXPR month "${month} + 1")
  add_custom_command(OUTPUT ${documents} COMMAND write-documents ${documents_folder} ${PROJECT_VERSION}
                             ${CMAKE_MATCH_3}-${month}-${CMAKE_MATCH_1}
                     DEPENDS write-documents VERBATIM)
  add_custom_target(documents ALL DEPENDS ${documents})
endif()

if(UNIX AND NOT CMAKE_CROSSCOMPILING)
  # Compressed as Debian wants them; without the time, so that the same sources give the same package.
  find_program(GZIP_PROGRAM gzip REQUIRED)
  foreach(name mqtt-logger.1 changelog)
    set(plain ${documents_folder}/${name})
    if(name STREQUAL "changelog")
      set(plain ${CMAKE_CURRENT_SOURCE_DIR}/scripts/debian/changelog)
    endif()
    set(compressed ${documents_folder}/${name}.gz)
    add_custom_command(OUTPUT ${compressed} COMMAND ${GZIP_PROGRAM} -9nc ${plain} > ${compressed} DEPENDS ${plain})
    list(APPEND compressed_documents ${compressed})
  endforeach()
  add_custom_target(compressed-documents ALL DEPENDS ${compressed_documents})

  install(FILES ${documents_folder}/mqtt-logger.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${documents_folder}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
  install(FILES LICENSE RENAME copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
  install(FILES ${documents_folder}/mqtt-logger.bash RENAME mqtt-logger
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${documents_folder}/mqtt-logger.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  # What depends on where this installation goes, which is known only when it is made.
  install(CODE "set(scripts \"${CMAKE_CURRENT_SOURCE_DIR}/scripts\")\nset(documents \"${documents_folder}\")")
  install(CODE [[
    set(root "$ENV{DESTDIR}")
    file(READ "${scripts}/mqtt-logger.service" unit)
    string(REPLACE "/usr/bin/" "${CMAKE_INSTALL_PREFIX}/bin/" unit "${unit}")
    file(WRITE "${root}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/mqtt-logger.service" "${unit}")
    if(NOT EXISTS "${root}/etc/mqtt-logger/mqtt-logger.toml")  # it may have been edited
      file(INSTALL "${scripts}/mqtt-logger.toml" DESTINATION /etc/mqtt-logger)
    endif()
    set(zsh_folder site-functions)  # this is where zsh looks below /usr/local
    if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
      set(zsh_folder vendor-completions)
      file(INSTALL "${scripts}/debian/lintian-overrides" DESTINATION /usr/share/lintian/overrides RENAME mqtt-logger)
    endif()
    file(INSTALL "${documents}/_mqtt-logger" DESTINATION "${CMAKE_INSTALL_PREFIX}/share/zsh/${zsh_folder}")
  ]])
else()
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

set(CPACK_PACKAGE_NAME mqtt-logger)
set(CPACK_PACKAGE_VENDOR "mqtt-logger")
# Who passes the package on to others names himself: cpack -D CPACK_PACKAGE_CONTACT="Name <address>"
set(CPACK_PACKAGE_CONTACT "mqtt-logger maintainers <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"It subscribes to topic filters at an MQTT broker and appends every message to
a CSV and a JSON file, for weeks, without a message missing: what is
acknowledged stands in a journal before, so that a crash or a kill loses
nothing. It comes with a systemd service, a simulation of sensors, a check of
recordings and their playback.")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR TGZ)
if(WIN32)
  set(CPACK_GENERATOR ZIP)
endif()
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
  foreach(file conffiles postinst prerm postrm)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/scripts/debian/${file})
  endforeach()
endif()
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
include(CPack)
