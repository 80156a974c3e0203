# Every flag of the build. Nothing below the root touches flags, so that all targets agree: macros that
# change inline code must be the same in every file (One Definition Rule), and so must sanitizers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_FLAGS_DEV "-Og -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_SANITIZED "-O1 -g1 -fno-omit-frame-pointer")

find_program(SEALSTREAM_CCACHE ccache)
if(SEALSTREAM_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        ${SEALSTREAM_CCACHE})
endif()

add_library(sealstream_options INTERFACE)
target_compile_options(sealstream_options INTERFACE
    -iquote${CMAKE_SOURCE_DIR}
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion
    -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wswitch-enum -Winvalid-pch)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(sealstream_options INTERFACE
        "SHELL:--param ggc-min-heapsize=1000000"  # kB: compiling a file is over before collecting garbage pays
        -fpch-preprocess          # ccache needs it to understand precompiled headers
        -Wno-maybe-uninitialized  # invented by GCC for structured bindings of co_await
        -Wno-mismatched-new-delete  # GCC 12 -O2: false for the frames of coroutines
        -Wno-restrict             # GCC 12 invents it for std::string concatenation (PR 105651)
        -Wno-dangling-reference   # GCC 13+: false for references into arguments that outlive the call
        -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)  # GCC 12 -O2, std::vector
    if(CMAKE_UNITY_BUILD)
        # Of files compiled together GCC takes each for a header: its types may not be file-local, and
        # its names are hidden by locals of the next file.
        target_compile_options(sealstream_options INTERFACE -Wno-subobject-linkage -Wno-shadow -Wshadow=local)
    endif()
    target_link_options(sealstream_options INTERFACE -fuse-ld=lld)
endif()
target_compile_definitions(sealstream_options INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
    BOOST_ENABLE_ASSERT_HANDLER BOOST_ALLOW_DEPRECATED_HEADERS)

if(SEALSTREAM_SANITIZE)
    target_compile_options(sealstream_options INTERFACE -fsanitize=${SEALSTREAM_SANITIZE})
    target_link_options(sealstream_options INTERFACE -fsanitize=${SEALSTREAM_SANITIZE})
    if(SEALSTREAM_SANITIZE MATCHES "undefined")
        target_compile_options(sealstream_options INTERFACE -fno-sanitize-recover=undefined)
    endif()
    if(SEALSTREAM_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(sealstream_options INTERFACE -Wno-tsan)  # Asio's fences
    endif()
endif()
if(SEALSTREAM_FUZZ)
    target_compile_options(sealstream_options INTERFACE -fsanitize=fuzzer-no-link,address)
    target_link_options(sealstream_options INTERFACE -fsanitize=address)
endif()

# Two compiles and one link at a time suit the two cores that the project is built on.
set_property(GLOBAL PROPERTY JOB_POOLS compile=2 link=1)
set(CMAKE_JOB_POOL_COMPILE compile)
set(CMAKE_JOB_POOL_LINK link)
