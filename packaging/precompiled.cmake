# One precompiled header for all targets: the standard library and what the schema generates.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/precompiled.cpp CONTENT "" @ONLY)
# Compiled only where a target takes it.
add_library(precompiled STATIC EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled/precompiled.cpp)
target_link_libraries(precompiled PRIVATE schema)
target_precompile_headers(precompiled PRIVATE
  <algorithm> <array> <chrono> <cstdint> <deque> <expected> <fstream> <functional> <map>
  <memory> <mutex> <optional> <ranges> <set> <span> <sstream> <string> <string_view> <thread>
  <unordered_map> <utility> <variant> <vector>
  <backup_generated.h> <command_generated.h> <event_generated.h> <history_generated.h>
  <personal_generated.h> <query_generated.h> <codes.h>)

# use_precompiled(FOLDER): every target made in it and below.
function(use_precompiled folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    get_target_property(alone ${target} DISABLE_PRECOMPILE_HEADERS)
    if(type MATCHES "^(STATIC_LIBRARY|EXECUTABLE)$" AND NOT target STREQUAL "precompiled"
       AND NOT alone)
      target_precompile_headers(${target} REUSE_FROM precompiled)
    endif()
  endforeach()
  get_property(subfolders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(subfolder ${subfolders})
    use_precompiled(${subfolder})
  endforeach()
endfunction()
