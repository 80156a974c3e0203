#pragma once

// Catch2 2 (Debian 12) and 3 (Debian 13) under one include. Never put co_await into an assertion:
// GCC runs it twice (Catch2 issue 2591).

#ifdef SEALSTREAM_CATCH2_V2
#include <catch2/catch.hpp>
#else
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace Catch {

inline Matchers::StringContainsMatcher Contains(const std::string& text) // its name in Catch2 2
{
    return Matchers::ContainsSubstring(text);
}

} // namespace Catch
#endif

#include "core/base/result.hpp"

#include <string>

// How a failed assertion shows our types. Catch would stream a Result, and not every value can be.
namespace Catch {

template <>
struct StringMaker<sealstream::Errc> {
    static std::string convert(sealstream::Errc code)
    {
        return std::string{sealstream::name(code)};
    }
};

template <class T>
struct StringMaker<boost::system::result<T, sealstream::Error>> {
    static std::string convert(const boost::system::result<T, sealstream::Error>& result)
    {
        return result ? "a value" : sealstream::describe(result.error());
    }
};

} // namespace Catch
