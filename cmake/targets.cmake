# Two helpers, so that a folder's CMake file is one call.
#
#   sealstream_library(name SOURCES … DEPENDS … PRIVATE_DEPENDS … PCH core|asio)
#   sealstream_test(name SOURCES … DEPENDS … LABELS …)   registers one ctest per binary

set(pch_core <algorithm> <array> <charconv> <chrono> <cstdint> <functional> <map> <memory> <optional>
             <set> <span> <string> <string_view> <utility> <variant> <vector> <boost/system/result.hpp>)
set(pch_asio ${pch_core} <atomic> <deque> <filesystem> <fstream> <iostream> <mutex> <random> <sstream> <thread>
             <unordered_map> <unordered_set> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
             <boost/asio/io_context.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp>
             <boost/asio/as_tuple.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/thread_pool.hpp>
             <boost/json.hpp>)
set(pch_test ${pch_asio} "${CMAKE_SOURCE_DIR}/tests/support/catch.hpp")

# Precompiled headers are owned by three object libraries and reused by all targets: same flags, made once.
foreach(kind core asio test)
    file(WRITE ${CMAKE_BINARY_DIR}/pch_${kind}.cpp "")
    add_library(sealstream_pch_${kind} OBJECT ${CMAKE_BINARY_DIR}/pch_${kind}.cpp)
    target_link_libraries(sealstream_pch_${kind} PUBLIC sealstream_options)
    target_precompile_headers(sealstream_pch_${kind} PRIVATE ${pch_${kind}})
endforeach()
target_link_libraries(sealstream_pch_test PRIVATE sealstream_catch)

function(sealstream_use_pch name kind)
    if(kind)
        target_precompile_headers(${name} REUSE_FROM sealstream_pch_${kind})
    endif()
endfunction()

function(sealstream_library name)
    cmake_parse_arguments(arg "" "PCH" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC sealstream_options ${arg_DEPENDS}
                                  PRIVATE ${arg_PRIVATE_DEPENDS})
    sealstream_use_pch(${name} "${arg_PCH}")
endfunction()

function(sealstream_test name)
    cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE sealstream_options sealstream_test_support ${arg_DEPENDS})
    sealstream_use_pch(${name} test)
    sealstream_add_test(${name} COMMAND ${name} LABELS ${arg_LABELS} TIMEOUT ${arg_TIMEOUT})
endfunction()

# sealstream_add_test(name COMMAND … LABELS … TIMEOUT s)
function(sealstream_add_test name)
    cmake_parse_arguments(arg "" "TIMEOUT" "COMMAND;LABELS" ${ARGN})
    add_test(NAME ${name} COMMAND ${arg_COMMAND})
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    if(SEALSTREAM_SANITIZE)
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")  # instrumented code is that much slower
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT}
        SKIP_REGULAR_EXPRESSION "(^|\n)SKIPPED:"
        ENVIRONMENT "SEALSTREAM_SOURCE_DIR=${CMAKE_SOURCE_DIR};SEALSTREAM_BINARY=$<$<TARGET_EXISTS:sealstream>:$<TARGET_FILE:sealstream>>;LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/lsan.supp;TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/tsan.supp halt_on_error=1;UBSAN_OPTIONS=print_stacktrace=1")
endfunction()

# sealstream_ledger_test(name SCRIPT file.py ARGUMENTS … LEDGER … TIMEOUT s)   a Python test beside a whole ledger.
# LEDGER: options of integration/with_ledger, or NONE for a script that starts its own.
# Exit code 77 is a skip: of a peer (names that begin with peer_), or of the servers.
function(sealstream_ledger_test name)
    cmake_parse_arguments(arg "" "SCRIPT;TIMEOUT" "ARGUMENTS;LEDGER" ${ARGN})
    set(ledger $<TARGET_FILE:with_ledger> ${arg_LEDGER} --)
    if("${arg_LEDGER}" STREQUAL "NONE")
        set(ledger "")
    endif()
    add_test(NAME ${name} COMMAND ${ledger} ${Python3_EXECUTABLE} -B
             ${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT} ${arg_ARGUMENTS})
    if(SEALSTREAM_SANITIZE)
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
    endif()
    set_tests_properties(${name} PROPERTIES LABELS integration TIMEOUT ${arg_TIMEOUT}
        SKIP_RETURN_CODE 77
        ENVIRONMENT "SEALSTREAM_SOURCE_DIR=${CMAKE_SOURCE_DIR};SEALSTREAM_BINARY=$<TARGET_FILE:sealstream>;WITH_LEDGER=$<TARGET_FILE:with_ledger>")
endfunction()
