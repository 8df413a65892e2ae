# What is installed, in three components: server, tools, dev. packaging/debian makes a package of
# each; `cmake --install BUILD --component NAME` does it by hand.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
if(CMAKE_LIBRARY_ARCHITECTURE)
  # Debian's place, also in a build folder that was made for another prefix.
  set(CMAKE_INSTALL_LIBDIR lib/${CMAKE_LIBRARY_ARCHITECTURE})
  set(CMAKE_INSTALL_FULL_LIBDIR ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR})
endif()

# ---- made while building: man pages and completions, by the programs themselves
set(manual ${CMAKE_BINARY_DIR}/manual)
file(MAKE_DIRECTORY ${manual})
set(pages "")
function(print_text program file)
  add_custom_command(
    OUTPUT ${manual}/${file}
    COMMAND ${program} ${ARGN} >${manual}/${file}
    DEPENDS ${program}
    COMMENT "Writing ${file}")
  list(APPEND pages ${manual}/${file})
  set(pages ${pages} PARENT_SCOPE)
endfunction()
print_text(posternd posternd.8 --man)
print_text(postern_cli postern.1 --man)
print_text(postern_replay postern-replay.1 --man)
foreach(shell bash zsh fish)
  print_text(postern_cli postern.${shell} --completion ${shell})
  print_text(postern_replay postern-replay.${shell} --completion ${shell})
endforeach()
# The settings: the packaged file is the commented one with the door for the group opened, and its
# man page is made of its comments.
set(settings ${CMAKE_CURRENT_LIST_DIR}/postern.toml)
add_custom_command(
  OUTPUT ${manual}/postern.toml ${manual}/postern.toml.5
  COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_LIST_DIR}/settings_page.py ${settings}
          ${PROJECT_VERSION} ${manual}
  DEPENDS ${settings} ${CMAKE_CURRENT_LIST_DIR}/settings_page.py
  COMMENT "Writing postern.toml")
add_custom_target(manual ALL DEPENDS ${pages} ${manual}/postern.toml.5)

# ---- server
install(TARGETS posternd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT server)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/postern.service
        ${CMAKE_CURRENT_LIST_DIR}/system-postern.slice
        DESTINATION /lib/systemd/system COMPONENT server)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/sysusers.conf DESTINATION lib/sysusers.d
        RENAME postern.conf COMPONENT server)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/tmpfiles.conf DESTINATION lib/tmpfiles.d
        RENAME postern.conf COMPONENT server)
install(FILES ${manual}/postern.toml DESTINATION /etc/postern
        COMPONENT server)
install(FILES ${manual}/posternd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT server)
install(FILES ${manual}/postern.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT server)

# ---- tools
install(TARGETS postern_cli postern_replay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
        COMPONENT tools)
install(FILES ${manual}/postern.1 ${manual}/postern-replay.1
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
foreach(program postern postern-replay)
  install(FILES ${manual}/${program}.bash
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program}
          COMPONENT tools)
  install(FILES ${manual}/${program}.zsh
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _${program}
          COMPONENT tools)
  install(FILES ${manual}/${program}.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tools)
endforeach()

# ---- dev
set_target_properties(client PROPERTIES OUTPUT_NAME postern-client)
set_target_properties(schema PROPERTIES OUTPUT_NAME postern-schema)
# Also for programs that make a shared library of them; what is precompiled is not.
foreach(library client schema)
  target_compile_options(${library} PRIVATE -fPIC)
  set_target_properties(${library} PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
endforeach()
# The replica brings the daemon's rules along, compiled as they are for the daemon: for programs.
foreach(library replica view domain)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME postern-${library})
endforeach()
install(TARGETS client schema replica view domain
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
# installed_text(RESULT FILE): a text in which headers are named as they lie when installed.
function(installed_text result file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  string(REPLACE "#include \"tools/client/" "#include \"" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()
installed_text(replica_header ${PROJECT_SOURCE_DIR}/tools/client/replica.h)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/installed/replica.h CONTENT "${replica_header}")
install(FILES ${PROJECT_SOURCE_DIR}/tools/client/client.h ${CMAKE_BINARY_DIR}/installed/replica.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/postern COMPONENT dev)
set(contract common command event query history)
list(TRANSFORM contract APPEND _generated.h)
list(TRANSFORM contract PREPEND ${CMAKE_BINARY_DIR}/schema/generated/)
install(FILES ${contract} ${PROJECT_SOURCE_DIR}/schema/verify_list.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/postern COMPONENT dev)
file(GLOB schema_files ${PROJECT_SOURCE_DIR}/schema/*.fbs)
install(FILES ${schema_files} DESTINATION ${CMAKE_INSTALL_DATADIR}/postern/schema COMPONENT dev)
# Both are found from where they lie, so that the prefix may be another than that of the build.
file(RELATIVE_PATH headers ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
     ${CMAKE_INSTALL_FULL_INCLUDEDIR})
foreach(library client replica)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/postern-${library}.pc.in
                 ${CMAKE_BINARY_DIR}/postern-${library}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/postern-${library}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()
write_basic_package_version_file(${CMAKE_BINARY_DIR}/postern-config-version.cmake
                                 VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/postern-config.cmake
        ${CMAKE_BINARY_DIR}/postern-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/postern COMPONENT dev)
# The replica's example is the one of the client's README.
installed_text(readme ${PROJECT_SOURCE_DIR}/tools/client/README.md)
string(REGEX MATCH "```cpp\n([^`]*#include \"replica.h\"[^`]*)```" found "${readme}")
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/installed/shop.cpp CONTENT "${CMAKE_MATCH_1}")
install(FILES ${CMAKE_CURRENT_LIST_DIR}/example/CMakeLists.txt
        ${CMAKE_CURRENT_LIST_DIR}/example/may.cpp ${CMAKE_BINARY_DIR}/installed/shop.cpp
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libpostern-dev/examples COMPONENT dev)
