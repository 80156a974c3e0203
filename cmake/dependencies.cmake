# Everything that comes from outside, in one place.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS headers json url)
find_package(yaml-cpp REQUIRED)
find_package(ZLIB REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(libre2 REQUIRED re2)
pkg_check_modules(libnats REQUIRED IMPORTED_TARGET libnats)
# Without its -pthread, which would make precompiled headers useless.
add_library(re2_imported INTERFACE)
target_include_directories(re2_imported SYSTEM INTERFACE ${libre2_INCLUDE_DIRS})
target_link_libraries(re2_imported INTERFACE ${libre2_LINK_LIBRARIES} Threads::Threads)
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)

find_path(BLAKE3_INCLUDE blake3.h HINTS ${SEALSTREAM_DEPS}/include REQUIRED)
find_library(BLAKE3_LIBRARY NAMES blake3
             HINTS ${SEALSTREAM_DEPS}/lib/${CMAKE_LIBRARY_ARCHITECTURE} ${SEALSTREAM_DEPS}/lib REQUIRED)
add_library(blake3_imported SHARED IMPORTED)
set_target_properties(blake3_imported PROPERTIES
    IMPORTED_LOCATION ${BLAKE3_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${BLAKE3_INCLUDE})

# Catch2 2 (Debian 12) and 3 (Debian 13) differ in header and target names.
find_package(Catch2 REQUIRED)
add_library(sealstream_catch INTERFACE)
if(Catch2_VERSION VERSION_LESS 3)
    find_library(CATCH2_MAIN_LIBRARY Catch2WithMain)
    target_link_libraries(sealstream_catch INTERFACE Catch2::Catch2)
    target_compile_definitions(sealstream_catch INTERFACE SEALSTREAM_CATCH2_V2)
    set(SEALSTREAM_CATCH_NONE_FAILS --warn NoTests) # a filter that fits no test; Catch2 3 fails by itself
else()
    target_link_libraries(sealstream_catch INTERFACE Catch2::Catch2)
endif()

# An exception inside an assertion ends its test case, instead of every assertion having a handler.
target_compile_definitions(sealstream_catch INTERFACE CATCH_CONFIG_FAST_COMPILE)

message(STATUS "boost ${Boost_VERSION}, openssl ${OPENSSL_VERSION}, libpq ${libpq_VERSION}, "
               "nats.c ${libnats_VERSION}, Catch2 ${Catch2_VERSION}, BLAKE3 ${BLAKE3_LIBRARY}")

# Their macros change inline code, so every target sees them.
target_link_libraries(sealstream_options INTERFACE Boost::headers Boost::json Boost::url Threads::Threads)
