#pragma once

// Result<T>: a value or an Error. Expected failures travel as values; exceptions never leave an
// adapter.
//
// Reading a Result that holds an error stops the process (core/base/check.cpp); `.value()` does not
// compile, because it would throw.

#include "core/base/error.hpp"

#include <boost/system/result.hpp>

namespace sealstream {

template <class T>
using Result = boost::system::result<T, Error>;

// Boost calls this hook from .value(); deleted, so that every unchecked access is a compile error.
[[noreturn]] void throw_exception_from_error(const Error&, const boost::source_location&) = delete;

} // namespace sealstream

#define SEAL_CONCAT_INNER(a, b) a##b
#define SEAL_CONCAT(a, b) SEAL_CONCAT_INNER(a, b)

// SEAL_TRY(name, expression): declares `name` with the value, or returns the error. Two statements,
// not an expression: GCC miscompiles statement expressions in coroutines (PR 115851).
#define SEAL_TRY(variable, expression)                                                             \
    auto SEAL_CONCAT(variable, _result) = (expression);                                            \
    if (!SEAL_CONCAT(variable, _result)) {                                                         \
        return std::move(SEAL_CONCAT(variable, _result)).error();                                  \
    }                                                                                              \
    auto variable = *std::move(SEAL_CONCAT(variable, _result))

// The same inside a coroutine; `expression` may be `co_await call(named, operands)`.
#define SEAL_CO_TRY(variable, expression)                                                          \
    auto SEAL_CONCAT(variable, _result) = expression;                                              \
    if (!SEAL_CONCAT(variable, _result)) {                                                         \
        co_return std::move(SEAL_CONCAT(variable, _result)).error();                               \
    }                                                                                              \
    auto variable = *std::move(SEAL_CONCAT(variable, _result))

// For calls whose success has no value.
#define SEAL_TRY_VOID(expression)                                                                  \
    if (auto outcome_of_try = (expression); !outcome_of_try) {                                     \
        return std::move(outcome_of_try).error();                                                  \
    }
#define SEAL_CO_TRY_VOID(expression)                                                               \
    if (auto outcome_of_try = expression; !outcome_of_try) {                                       \
        co_return std::move(outcome_of_try).error();                                               \
    }
