# find_package(postern) brings the targets postern::client and postern::replica, static libraries;
# who links the one has nothing of the other.
include(CMakeFindDependencyMacro)
find_dependency(PkgConfig)
find_dependency(Threads)
pkg_check_modules(postern_parts REQUIRED IMPORTED_TARGET libzmq libsodium libcrypto)

if(NOT TARGET postern::client)
  find_library(postern_client_library postern-client REQUIRED
               HINTS ${CMAKE_CURRENT_LIST_DIR}/../..)
  find_library(postern_schema_library postern-schema REQUIRED
               HINTS ${CMAKE_CURRENT_LIST_DIR}/../..)
  find_path(postern_client_headers client.h REQUIRED PATH_SUFFIXES postern
            HINTS ${CMAKE_CURRENT_LIST_DIR}/../../../include
                  ${CMAKE_CURRENT_LIST_DIR}/../../../../include)
  mark_as_advanced(postern_client_library postern_schema_library postern_client_headers)
  add_library(postern::client STATIC IMPORTED)
  set_target_properties(postern::client PROPERTIES
    IMPORTED_LOCATION ${postern_client_library}
    INTERFACE_INCLUDE_DIRECTORIES ${postern_client_headers}
    INTERFACE_COMPILE_FEATURES cxx_std_23
    INTERFACE_LINK_LIBRARIES "${postern_schema_library};PkgConfig::postern_parts")
endif()

if(NOT TARGET postern::replica)
  foreach(part replica view domain)
    find_library(postern_${part}_library postern-${part} REQUIRED
                 HINTS ${CMAKE_CURRENT_LIST_DIR}/../..)
    mark_as_advanced(postern_${part}_library)
  endforeach()
  add_library(postern::replica STATIC IMPORTED)
  set_target_properties(postern::replica PROPERTIES
    IMPORTED_LOCATION ${postern_replica_library}
    INTERFACE_COMPILE_FEATURES cxx_std_23
    INTERFACE_LINK_LIBRARIES
      "${postern_view_library};${postern_domain_library};postern::client;Threads::Threads")
endif()
