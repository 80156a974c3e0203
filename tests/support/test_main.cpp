// The main of every test binary: prints the seed, and fails a test that logs an error nobody
// expected.

#ifdef SEALSTREAM_CATCH2_V2
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#else
#include <catch2/catch_session.hpp>
#endif

#include "tests/support/seed.hpp"

#include <iostream>

int main(int argc, char** argv)
{
    std::cout << "seed " << sealstream::testing::seed() << " (repeat with SEALSTREAM_TEST_SEED)"
              << std::endl;
    return Catch::Session().run(argc, argv);
}
