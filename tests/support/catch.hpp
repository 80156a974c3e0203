#pragma once

// Catch2 2 (Debian 12) and 3 (Debian 13) under one include. Never put co_await into an assertion: GCC runs it
// twice (Catch2 issue 2591).

#ifdef SEALSTREAM_CATCH2_V2
#include <catch2/catch.hpp>
#else
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#endif
