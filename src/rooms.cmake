# Each folder here is a room, and each room a library: mqtt_logger_ROOM. What a room may include are its own headers, and
# those in include/ of the rooms that it USES, and of what these use: scripts/check-includes reads it here.

# Each platform file exists twice, x_posix.cpp and x_windows.cpp; only one of them is compiled. The same for what differs
# between processors, as far as GCC and Clang can say it; the other is for all of them.
if(WIN32)
  set(other_platforms "_posix\\.cpp$")
else()
  set(other_platforms "_windows\\.cpp$")
endif()
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND CMAKE_SIZEOF_VOID_P EQUAL 8 AND NOT MSVC)
  string(APPEND other_platforms "|_none\\.cpp$")
else()
  string(APPEND other_platforms "|_x86_64\\.cpp$")
endif()

# The sources that have the same UNITY_GROUP are one file. Private names must differ within it.
function(compile_by_group target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # To GCC a group's private types are a header's. No -Wshadow either: ci, where each file is alone, warns of all.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

function(compile_by_room target)
  if(MQTT_LOGGER_UNITY)
    compile_by_group(${target})
    get_target_property(sources ${target} SOURCES)
    foreach(source ${sources})
      cmake_path(GET source PARENT_PATH room)
      cmake_path(GET room FILENAME room)
      if(room)
        set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${room})
      endif()
    endforeach()
  endif()
endfunction()

set(rooms)
function(add_room room)  # [USES room…] [LINKS target…], which its headers do not show
  cmake_parse_arguments(PARSE_ARGV 1 its "" "" "USES;LINKS")
  file(GLOB sources CONFIGURE_DEPENDS src/${room}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "${other_platforms}")
  add_library(mqtt_logger_${room} STATIC ${sources})
  list(TRANSFORM its_USES PREPEND mqtt_logger_)
  target_link_libraries(mqtt_logger_${room} PUBLIC mqtt_logger_flags ${its_USES} PRIVATE ${its_LINKS})
  compile_by_room(mqtt_logger_${room})
  if(MQTT_LOGGER_PRECOMPILE)
    if(${paho} IN_LIST its_LINKS)
      target_precompile_headers(mqtt_logger_${room} PRIVATE ${common_headers} <mqtt/async_client.h>)
    elseif(room STREQUAL "base")
      target_precompile_headers(mqtt_logger_base PRIVATE ${common_headers})
    else()
      target_precompile_headers(mqtt_logger_${room} REUSE_FROM mqtt_logger_base)
    endif()
  endif()
  set(rooms ${rooms} mqtt_logger_${room} PARENT_SCOPE)
endfunction()

# What everything speaks of: messages, times, errors.
add_room(base)
target_link_libraries(mqtt_logger_base PUBLIC fmt::fmt Threads::Threads)
set_source_files_properties(src/base/version.cpp PROPERTIES COMPILE_DEFINITIONS MQTT_LOGGER_VERSION="${PROJECT_VERSION}")
# The operating system, behind functions that are the same everywhere.
add_room(platform USES base LINKS ${CMAKE_DL_LIBS})
if(WIN32)
  target_link_libraries(mqtt_logger_platform PRIVATE synchronization shell32 ws2_32 iphlpapi)
endif()
add_room(log USES platform)
# A message as a record, and back.
add_room(format USES base LINKS nlohmann_json::nlohmann_json)
add_room(options USES format log LINKS CLI11::CLI11)
# The durable queue between the client library and the writer.
add_room(journal USES options)
# From a broker to the exports. Before Paho C++ 1.3 its version constants have other names unless asked for.
add_room(connection USES options LINKS ${paho} OpenSSL::SSL Boost::headers nlohmann_json::nlohmann_json)
add_room(publish USES connection LINKS ${paho} nlohmann_json::nlohmann_json)
add_room(mqtt USES journal publish LINKS ${paho} nlohmann_json::nlohmann_json)
foreach(room connection publish mqtt)
  target_compile_definitions(mqtt_logger_${room} PRIVATE PAHO_MQTTPP_VERSIONS)
endforeach()
# Asio's and Beast's headers are worth more than all the others of the room: apart, they compile beside them.
set_source_files_properties(src/connection/websocket_bridge.cpp src/connection/broker_dialler.cpp
                            PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
# The crash tests put another in its place, which they could not within an object of a whole room.
set_source_files_properties(src/platform/crash_point.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
if(MQTT_LOGGER_SANITIZE MATCHES "address")  # optimised, Clang takes a minute more for the one of them
  set_source_files_properties(src/connection/websocket_bridge.cpp PROPERTIES COMPILE_OPTIONS -O0)
endif()
if(WIN32)
  target_link_libraries(mqtt_logger_connection PRIVATE ws2_32 mswsock)
endif()
add_room(exports USES journal LINKS ZLIB::ZLIB)
add_room(housekeeping USES exports LINKS ZLIB::ZLIB)
# Reading what was logged, and what is done with it.
add_room(recording USES options LINKS nlohmann_json::nlohmann_json ZLIB::ZLIB)
add_room(verify USES recording LINKS nlohmann_json::nlohmann_json)
add_room(replay USES recording publish LINKS nlohmann_json::nlohmann_json)
# The process among others: locks, signals, status, service managers.
add_room(operation USES options LINKS nlohmann_json::nlohmann_json)
