# MinGW-w64 on Debian, for Windows x86-64. MQTT_LOGGER_WINDOWS_PREFIX (environment or cache) holds the libraries; see
# scripts/windows-prefix.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)  # -posix: the one with std::thread
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

if(DEFINED ENV{MQTT_LOGGER_WINDOWS_PREFIX})
  set(MQTT_LOGGER_WINDOWS_PREFIX "$ENV{MQTT_LOGGER_WINDOWS_PREFIX}" CACHE PATH "Libraries for Windows")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MQTT_LOGGER_WINDOWS_PREFIX)
set(CMAKE_FIND_ROOT_PATH "${MQTT_LOGGER_WINDOWS_PREFIX}" /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)  # static, so that the program needs the system's libraries only

# A real Paho C, if somebody has one: a prefix with lib/libpaho-mqtt3as.a, a static library. Its headers are not used, because
# Paho C++ was compiled with others and has their structures in its own.
foreach(name paho-mqtt3as-static paho-mqtt3as)
  if(EXISTS "$ENV{WIN_PREFIX}/lib/lib${name}.a")
    set(PAHO_MQTT_C_LIBRARIES "$ENV{WIN_PREFIX}/lib/lib${name}.a" CACHE FILEPATH "Paho C")
    break()
  endif()
endforeach()

# Without a time stamp the same sources give the same program.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -Wl,--no-insert-timestamp")
set(CMAKE_CROSSCOMPILING_EMULATOR wine)
